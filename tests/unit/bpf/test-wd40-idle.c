/* SPDX-License-Identifier: GPL-2.0-only */
/* I3: no CPU is idle beside a task that it may run, by wd40's callbacks. */
#include <string.h>

#include "tests/unit/bpf/one-domain.h"

#include "bpf/domain.bpf.h"

#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end)

static u64 busy_ns(void)
{
	u64 busy = 0;

	for (u32 cpu = 0; cpu < shared.nr_cpu_ids; cpu++)
		busy += shared.cpus[cpu].busy_ns;
	return busy;
}

static void no_cpu_is_idle_while_a_task_waits(void **state)
{
	begin(4, true);
	hogs(4, 100);
	native_run(10 * SEC_NS);
	assert_fair(0, 4, 40e9, 0.001);
	assert_int_equal(longest_wait_of_all(), 0);
}

/* All hogs begin on the CPUs of one domain; the others of the node come and take from it. */
static void idle_domains_help_a_full_one(void **state)
{
	start((struct native_shape){ 1, 3, 2 });
	native_tune()->any_kick_greedy = true;
	native_tune()->kick_greedy[0] = 0x3f;
	hogs(6, 100);
	native_run(10 * SEC_NS);
	for (u32 i = 0; i < 6; i++) {
		assert_int_equal(context(actors[i])->domain, 0);
		assert_ran(actors[i], 10e9, 0.01);
	}
	assert_true(native_counter(WD40_CTR_KICK_GREEDY) >= 4);
	assert_true(native_counter(WD40_CTR_STEAL_NODE) >= 4);
}

static struct task_struct *late;
static u32 looks_to_go;

/* Another CPU wakes a task while this one looks for work. */
static void a_task_wakes_up_meanwhile(const char *kfunc)
{
	bool dispatching = native.dispatching;
	s32 cpu = native.cpu;

	if (strcmp(kfunc, "scx_bpf_dsq_nr_queued") != 0 || --looks_to_go)
		return;
	native.on_call = NULL;
	native.dispatching = false;
	native.cpu = late->native.cpu;
	native_wake(late, 0);
	native.cpu = cpu;
	native.dispatching = dispatching;
}

/*
 * Three domains of a CPU; the second is without work. late is asleep in the one that is
 * looked into first.
 */
static struct task_struct *two_busy_one_idle(void)
{
	struct task_struct *p;

	start((struct native_shape){ 1, 3, 1 });
	native_tune()->any_kick_greedy = true;
	native_tune()->kick_greedy[0] = 7;
	hog(100);
	late = actor(100);
	late->native.cpu = (s32)shared.domains[1].victims[0];
	if (native_join(late))
		native_die("refused");
	p = sleeper(100, MSEC, 0);
	hog(100);
	native_run(10 * MSEC);
	if (native.cpus[1].running)
		native_die("CPU 1 is busy");
	return p;
}

/*
 * A CPU looks into the queues of other domains, finds them empty, and goes idle. Whenever a task is
 * queued to one of them meanwhile, by somebody who does not see the CPU idle yet, it is not left there.
 */
static void who_is_queued_before_a_cpu_is_idle_is_not_missed(void **state)
{
	for (u32 look = 1; look < 8; look++) {
		struct task_struct *p = two_busy_one_idle();

		assert_false(p->scx.flags & TASK_QUEUED);
		native_wake(p, 0);
		native_run(MSEC / 2);
		looks_to_go = look;
		native.on_call = a_task_wakes_up_meanwhile;
		native_run(3 * MSEC);
		if (native.on_call) {
			native.on_call = NULL;
			assert_true(look > 3);
			return;
		}
		assert_in_range(longest_wait(late), 0, MSEC / 2);
		stop();
	}
}

static struct task_struct *quitter;

static void a_cpu_runs_dry_meanwhile(const char *kfunc)
{
	struct task_struct *current = native.current;
	s32 cpu = native.cpu;

	if (strcmp(kfunc, NATIVE_VERDICT) != 0)
		return;
	native.on_call = NULL;
	quitter->native.step = (struct native_step){ NATIVE_BLOCK, 0 };
	quitter->native.step_due = false;
	native_schedule(quitter->native.cpu);
	native.cpu = cpu;
	native.current = current;
}

/*
 * Enqueue has found no idle CPU, and the kernel has not queued the task yet. It may be of another domain than
 * the CPU that wakes it: the domain has but the CPU that is idle, and nobody else will look.
 */
static void who_is_queued_while_a_cpu_becomes_idle_is_not_missed(void **state)
{
	for (u32 domains = 1; domains <= 2; domains++) {
		start((struct native_shape){ 1, domains, 2 / domains });
		quitter = hog(100);
		late = actor(100);
		assert_int_equal(native_join(late), 0);
		pinned_hog(100, 1);
		native_run(MSEC);
		late->native.cpu = 1;
		native.cpu = 1;
		native.on_call = a_cpu_runs_dry_meanwhile;
		native_wake(late, 0);
		native_run(SEC_NS);
		assert_null(native.on_call);
		assert_int_equal(longest_wait(late), 0);
		stop();
	}
	start((struct native_shape){ 1, 1, 1 });
}

/* The same when the CPU was idle, has been kicked for a task that another one took, and finds nothing. */
static void who_is_queued_before_a_cpu_is_idle_again_is_not_missed(void **state)
{
	for (u32 look = 1; look < 8; look++) {
		two_busy_one_idle();
		native_set_idle(1, false); /* claimed */
		looks_to_go = look;
		native.on_call = a_task_wakes_up_meanwhile;
		scx_bpf_kick_cpu(1, KICK_IDLE);
		native_run(3 * MSEC);
		if (native.on_call) {
			native.on_call = NULL;
			assert_true(look > 3);
			return;
		}
		assert_int_equal(longest_wait(late), 0);
		stop();
	}
}

/* Who goes first is of the other domain, too, and may not run on the second idle CPU. */
static void who_lost_its_helper_to_a_neighbour_gets_another(void **state)
{
	struct task_struct *bound, *far;

	start((struct native_shape){ 1, 2, 2 });
	native_tune()->any_kick_greedy = true;
	native_tune()->kick_greedy[0] = 0xc;
	pinned_hog(100, 0);
	pinned_hog(100, 1);
	bound = actor(1000);
	native_allow_only(bound, 0, 3);
	native_join(bound);
	far = actor(100);
	native_join(far);
	native_run(MSEC);
	native_wake(far, 0);
	assert_false(native_is_idle(2));
	native_wake(bound, 0);
	native_run(MSEC);
	assert_int_equal(longest_wait(far), 0);
	assert_int_equal(longest_wait(bound), 0);
}

/* Or one that must not migrate for now: the kernel puts it into its CPU's own queue, and asks nobody. */
static void who_lost_its_helper_to_the_kernel_gets_another(void **state)
{
	struct task_struct *stuck, *far;

	start((struct native_shape){ 1, 2, 2 });
	stuck = actor(100);
	stuck->native.cpu = 2;
	stuck->native.run = MSEC / 4;
	act(stuck);
	native_run(MSEC / 8);
	native_migrate_disable(stuck);
	pinned_hog(100, 0);
	pinned_hog(100, 1);
	far = actor(100);
	native_join(far);
	native_run(MSEC);
	native_tune()->any_kick_greedy = true;
	native_tune()->kick_greedy[0] = 0xc;
	native_wake(far, 0);
	assert_false(native_is_idle(2));
	native_wake(stuck, 0);
	native_run(MSEC);
	assert_int_equal(stuck->native.cpu, 2);
	assert_int_equal(longest_wait(far), 0);
}

/* Looking twice is enough: an idle CPU rests. */
static void an_idle_cpu_rests(void **state)
{
	u32 kicks;

	two_busy_one_idle();
	native_set_idle(1, false);
	scx_bpf_kick_cpu(1, KICK_IDLE);
	native_run(MSEC);
	kicks = native.nr_kicks;
	native_run(10 * MSEC);
	assert_int_equal(native.nr_kicks, kicks);
}

static void busy_time_is_the_time_that_tasks_ran(void **state)
{
	u64 ran = 0;

	begin(3, false);
	for (u32 i = 0; i < 5; i++)
		sleeper(100, 3 * MSEC, (3 + i) * MSEC);
	native_run(10 * SEC_NS);
	for (u32 i = 0; i < 5; i++)
		ran += actors[i]->native.ran;
	assert_in_range(busy_ns(), ran - 3 * 3 * MSEC, ran);
}

/* running and stopping come from another CPU then; both CPUs' busy times went wrong. */
static void busy_time_stays_right_when_another_cpu_changes_a_weight(void **state)
{
	u64 busy;

	begin(2, false);
	pinned_hog(100, 1);
	native_run(SEC_NS);
	native.cpu = 0;
	native_set_weight(actors[0], 200);
	native_run(SEC_NS);
	busy = shared.cpus[1].busy_ns + native.now_ns - shared.cpus[1].running_since;
	assert_in_range(busy, 1999 * MSEC, 2 * SEC_NS);
	assert_int_equal(shared.cpus[0].running_since, 0);
	assert_in_range(shared.cpus[0].busy_ns, 0, MSEC);
}

/* It may not kick, and the CPU that the kernel pushes the task to is busy. */
static void a_dying_cpu_hands_its_tasks_to_idle_ones(void **state)
{
	begin(4, false);
	pinned_hog(100, 0);
	hog(100);
	native_run(MSEC);
	assert_int_not_equal(actors[1]->native.cpu, 0);
	native_set_online(actors[1]->native.cpu, false);
	native_run(MSEC);
	assert_int_equal(longest_wait_of_all(), 0);
}

/* It was called to the queue, and goes before it comes. */
static void a_helper_that_dies_is_replaced(void **state)
{
	begin(4, false);
	hog(100);
	native_run(MSEC);
	assert_int_equal(actors[0]->native.cpu, 0);
	actors[0]->scx.slice = 0; /* used up: it goes to the queue of its domain */
	native_occupy(0, NATIVE_RT, SEC_NS);
	assert_int_equal(shared.cpus[1].called_to, 0);
	native_set_online(1, false);
	native_run(MSEC);
	assert_int_equal(longest_wait_of_all(), 0);
	assert_int_not_equal(actors[0]->native.cpu, 0);
}

static u32 nr_running(void)
{
	u32 nr = 0;

	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		nr += native.cpus[cpu].running != NULL;
	return nr;
}

/* From the first that is kicked on, each idle CPU that finds work calls the next. */
static void all_come_when_stealing_is_allowed(void **state)
{
	start((struct native_shape){ 1, 8, 2 });
	native_tune()->any_kick_greedy = true;
	native_tune()->kick_greedy[0] = 0xffff;
	native_config()->greedy_threshold = 0;
	hogs(16, 100);
	native_run(100 * MSEC);
	assert_int_equal(nr_running(), 2);
	native_config()->greedy_threshold = 1;
	native_run(native_config()->slice_underutil_ns);
	assert_int_equal(nr_running(), 16);
}

static struct task_struct *bound_hog(u32 weight, u32 first, u32 nr)
{
	struct task_struct *p = actor(weight);

	native_allow_only(p, first, nr);
	p->native.cpu = (s32)first;
	return act(p);
}

/* Nobody else is queued whom the idle CPU may take, and its own next turn comes when it is overdue. */
static void a_light_task_among_bound_ones_gets_its_helper_soon(void **state)
{
	struct task_struct *light;

	start((struct native_shape){ 1, 2, 2 });
	native_tune()->any_kick_greedy = true;
	native_tune()->kick_greedy[0] = 0xf;
	native_config()->greedy_threshold = 0;
	for (u32 i = 0; i < 4; i++)
		bound_hog(10000, 0, 2);
	light = bound_hog(1, 1, 2);
	native_run(500 * MSEC);
	assert_true(light->native.ran > 0 && light->native.dsq);
	native_config()->greedy_threshold = 1;
	native_run(WD40_RESCUE_INTERVAL_NS + native_config()->slice_underutil_ns);
	assert_ptr_equal(native.cpus[2].running, light);
}

/* Nobody was woken for who waits in a domain whose last CPU goes; there may be no other occasion. */
static void a_task_left_in_a_dead_domain_wakes_an_idle_cpu(void **state)
{
	struct task_struct *p;

	start((struct native_shape){ 1, 3, 1 });
	pinned_hog(100, 0);
	pinned_hog(100, 1);
	native_run(0);
	p = actor(100);
	p->native.cpu = 1;
	native.current = NULL;
	assert_int_equal(native_join(p), 0);
	domain_transfer(context(p), 0, load_now(native_config(), native.now_ns), SEC_NS);
	native_wake(p, 0);
	native_run(0);
	assert_non_null(p->native.dsq);
	assert_true(native.cpus[2].idle);
	native_set_online(0, false);
	native_run(0);
	assert_ptr_equal(native.cpus[2].running, p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_cpu_is_idle_while_a_task_waits),
		TEST(idle_domains_help_a_full_one),
		TEST(who_is_queued_before_a_cpu_is_idle_is_not_missed),
		TEST(who_is_queued_before_a_cpu_is_idle_again_is_not_missed),
		TEST(who_is_queued_while_a_cpu_becomes_idle_is_not_missed),
		TEST(who_lost_its_helper_to_a_neighbour_gets_another),
		TEST(who_lost_its_helper_to_the_kernel_gets_another),
		TEST(an_idle_cpu_rests),
		TEST(busy_time_is_the_time_that_tasks_ran),
		TEST(busy_time_stays_right_when_another_cpu_changes_a_weight),
		TEST(a_dying_cpu_hands_its_tasks_to_idle_ones),
		TEST(a_helper_that_dies_is_replaced),
		TEST(a_task_left_in_a_dead_domain_wakes_an_idle_cpu),
		TEST(all_come_when_stealing_is_allowed),
		TEST(a_light_task_among_bound_ones_gets_its_helper_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
