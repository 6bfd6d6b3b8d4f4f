/* SPDX-License-Identifier: GPL-2.0-only */
/* The whole life of tasks, and what becomes of it when the world changes, by wd40's callbacks. */
#include <string.h>

#include "tests/unit/bpf/one-domain.h"

#include "bpf/attend.bpf.h"
#include "bpf/steal.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_with_four, end)

/* Two nodes of two domains of two CPUs. */
static int begin_with_four(void **state)
{
	start((struct native_shape){ 2, 2, 2, .tasks_max = 300 });
	return 0;
}

static void assert_nothing_left(void)
{
	assert_int_equal(shared.tasks.nr_used, 0);
	for (u32 d = 0; d < shared.nr_domains; d++) {
		assert_int_equal(shared.domains[d].nr_tasks, 0);
		assert_int_equal(shared.domains[d].load_rate, 0);
	}
}

static void assert_attached(void)
{
	assert_int_equal(native.ended, 0);
	assert_int_equal(native_counter(WD40_CTR_TASK_MISSING), 0);
}

/* --- Birth and death. --------------------------------------------------------------------------- */

/* I5: forks, wakeups, moves between CPUs and ends, a million times. */
static void a_million_lives_leave_nothing(void **state)
{
	struct task_struct *family[40] = { NULL };
	u32 chunks = 0;

	for (u32 life = 0; life < 1000000; life++) {
		struct task_struct **p = &family[life % 40];

		if (*p) {
			native_leave(*p);
			native_task_free(*p);
		}
		*p = native_task_new();
		native.current = family[(life + 7) % 40];
		if (native_join(*p))
			fail_msg("life %u is refused", life);
		if (life % 4 == 0)
			native_wake(*p, 0);
		if (life % 64 == 0)
			native_run(MSEC);
		if (life == 1000)
			chunks = shared.tasks.nr_chunks;
	}
	native.current = NULL;
	for (u32 i = 0; i < 40; i++) {
		native_leave(family[i]);
		native_task_free(family[i]);
	}
	assert_nothing_left();
	assert_int_equal(shared.tasks.nr_chunks, chunks);
	assert_attached();
}

/* A full arena refuses the next task, and that one only. */
static void a_full_slab_refuses_and_recovers(void **state)
{
	u32 room = shared.tasks.nr_chunks_max * shared.tasks.chunk_objects;
	struct task_struct *refused = native_task_new();

	for (u32 i = 0; i < room; i++)
		sleeper(100, MSEC, 20 * MSEC);
	native_run(50 * MSEC);
	assert_int_equal(native_join(refused), -ENOMEM);
	assert_int_equal(native_counter(WD40_CTR_TASK_ALLOC_FAILED), 1);
	assert_int_equal(shared.tasks.nr_used, room);
	native_leave(actors[3]);
	assert_int_equal(native_join(refused), 0);
	assert_null(native.exit_text[0] ? native.exit_text : NULL);
	native_run(50 * MSEC);
	native_leave(refused);
	native_task_free(refused);
	assert_attached();
}

/* Fault 31: the domain of the parent, by load per capacity. */
static void a_child_stays_near_its_parent(void **state)
{
	struct task_struct *parent = hog(100), *child = actor(100);

	native_run(MSEC);
	native.current = parent;
	native_join(child);
	native.current = NULL;
	assert_int_equal(context(child)->domain, context(parent)->domain);
}

static void a_child_of_a_crowd_leaves_it(void **state)
{
	struct task_struct *child = actor(100);

	for (u32 i = 0; i < 6; i++) {
		struct task_struct *p = actor(100);

		native_allow_only(p, 0, 2);
		act(p);
	}
	native_run(MSEC);
	native.current = actors[1];
	native_join(child);
	native.current = NULL;
	assert_int_equal(context(child)->domain, shared.domains[0].victims[0]);
}

/* --- Affinity and memory. ----------------------------------------------------------------------- */

/* Fault 30 */
static void an_affinity_that_allows_the_domain_keeps_it(void **state)
{
	struct task_struct *p = hog(100);

	native_run(MSEC);
	native_set_affinity(p, 1, 5);
	assert_int_equal(context(p)->domain, 0);
	native_set_affinity(p, 4, 4);
	assert_int_equal(context(p)->domain, shared.domains[0].victims[1]);
	native_set_affinity(p, 0, 8);
	assert_int_not_equal(context(p)->domain, 0);
	assert_true(context(p)->flags & WD40_TASK_ALL_CPUS);
}

/* It is switched away from a foreign CPU while it must not migrate; that is its home for no longer. */
static void who_must_not_migrate_for_now_keeps_its_home(void **state)
{
	struct task_struct *p = sleeper(100, MSEC, 9 * MSEC);
	struct wd40_move *m = &shared.moves[0];

	native_run(MSEC / 2);
	*m = (struct wd40_move){ .target = 1, .answer = WD40_MOVE_PENDING };
	context(p)->move = WD40_MOVE_WORD(context(p)->slot.generation, 0);
	native_run(10 * MSEC);
	assert_int_equal(context(p)->domain, 1);
	native_migrate_disable(p);
	native_run(10 * MSEC); /* switched away: pinned from here */
	assert_true(context(p)->flags & WD40_TASK_NO_MIGRATION);
	assert_false(context(p)->flags & WD40_TASK_ONE_CPU);
	assert_int_equal(context(p)->nr_allowed_domains, 4);
	assert_int_equal(context(p)->domain, 1);
	native_run(10 * MSEC);
	native_migrate_enable(p);
	assert_false(context(p)->flags & WD40_TASK_NO_MIGRATION);
	assert_int_equal(context(p)->domain, 1);
}

/* Fault 29: also for a task that always finds its CPU idle, so never reaches enqueue. */
static void memory_policies_choose_the_node(void **state)
{
	static const struct {
		u32 mode;
		u64 nodes;
		u32 node;
	} cases[] = {
		{ MPOL_BIND, 2, 1 },           { MPOL_PREFERRED, 1, 0 },
		{ MPOL_PREFERRED_MANY, 2, 1 }, { 3 /* interleave */, 1, 1 },
		{ MPOL_BIND, 1, 0 },           { 4 /* local */, 2, 0 },
		{ MPOL_PREFERRED_MANY, 3, 0 },
	};
	struct task_struct *p = sleeper(100, MSEC, 2 * MSEC);

	native_config()->mempolicy_affinity = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		native_set_mempolicy(p, cases[i].mode, cases[i].nodes);
		native_run(10 * MSEC);
		assert_int_equal(shared.domains[context(p)->domain].node, cases[i].node);
	}
}

/* --- The world. --------------------------------------------------------------------------------- */

static void kernel_threads_stay_local_if_so_wished(void **state)
{
	struct task_struct *kthread = actor(100);

	pinned_hog(100, 3);
	pinned_hog(100, 3);
	native_allow_only(kthread, 3, 1);
	kthread->native.cpu = 3;
	kthread->flags |= PF_KTHREAD;
	kthread->native.run = MSEC;
	kthread->native.sleep = 10 * MSEC;
	native_config()->kthreads_local = true;
	act(kthread);
	native_run(SEC_NS);
	assert_int_equal(context(kthread)->flags & WD40_TASK_KTHREAD, WD40_TASK_KTHREAD);
	assert_true(native_counter(WD40_CTR_KTHREAD_LOCAL) >= 20);
}

static void cpufreq_is_asked_once(void **state)
{
	struct wd40_config config = *native_config();

	for (s32 cpu = 0; cpu < 8; cpu++)
		pinned_hog(100, cpu); /* one that never leaves its CPU */
	native_run(100 * MSEC);
	config.perf_level = 512;
	native_publish(config);
	native_run(100 * MSEC);
	for (u32 cpu = 0; cpu < 8; cpu++) {
		assert_int_equal(native.cpus[cpu].perf, 512);
		assert_int_equal(native.cpus[cpu].nr_perf_set, 1);
	}
}

static struct wd40_config configs[2];

/* Another one is published now and then, but not so often that one in use would be overwritten. */
static void publish_the_other(const char *kfunc)
{
	static u32 calls;

	if (++calls % 3 == 0)
		native_publish(configs[native_config()->fifo_sched ? 0 : 1]);
}

/* I7: whoever is queued has order and slice of one configuration. */
static void a_callback_goes_by_one_configuration(void **state)
{
	begin_again(1, false);
	configs[0] = configs[1] = *native_config();
	configs[0].slice_underutil_ns = 2 * MSEC;
	configs[1].slice_underutil_ns = 3 * MSEC;
	configs[1].fifo_sched = true;
	configs[0].order_changed = configs[1].order_changed = true;
	native_publish(configs[0]);
	native.on_call = publish_the_other;
	hogs(20, 100);
	native.on_call = NULL;
	for (u32 i = 0; i < nr_actors; i++) {
		const struct native_dsq *q = actors[i]->native.dsq;

		if (q == native_dsq(QUEUE_DEADLINE(0)))
			assert_int_equal(actors[i]->scx.slice, 2 * MSEC);
		else if (q == native_dsq(QUEUE_FIFO(0)))
			assert_int_equal(actors[i]->scx.slice, 3 * MSEC);
	}
}

/* CPUs come and go under load: nobody is lost, nobody waits, and all have what there is. */
static void cpus_come_and_go_under_load(void **state)
{
	srandom(8);
	hogs(20, 100);
	for (u32 i = 0; i < 20; i++)
		sleeper(100, (1 + i) * MSEC / 4, 5 * MSEC);
	for (u32 i = 0; i < 300; i++) {
		s32 cpu = 1 + (s32)random() % 7;

		native_set_online(cpu, !shared.cpus[cpu].online);
		native_run((u64)random() % (30 * MSEC));
	}
	for (s32 cpu = 0; cpu < 8; cpu++)
		if (!shared.cpus[cpu].online)
			native_set_online(cpu, true);
	assert_int_equal(shared.nr_offline, 0);
	assert_int_equal(shared.nr_orphaned, 0);
	assert_waits_below(turn_ns(1));
	forget();
	native_run(2 * SEC_NS);
	for (u32 i = 0; i < nr_actors; i++)
		assert_true(actors[i]->native.ran > 0);
	assert_attached();
}

/* One CPU offline somewhere: tasks that may not use all the others spread over theirs as without. */
static void one_cpu_offline_does_not_stop_moves(void **state)
{
	struct task_struct *p = actor(100);
	struct wd40_move *m = &shared.moves[0];

	native_allow_only(p, 1, 7);
	act(p);
	native_set_online(7, false);
	native_run(30 * MSEC);
	*m = (struct wd40_move){ .target = 3, .answer = WD40_MOVE_PENDING };
	context(p)->move = WD40_MOVE_WORD(context(p)->slot.generation, 0);
	native_run(30 * MSEC);
	assert_int_equal(m->answer, WD40_MOVE_APPLIED);
	native_set_affinity(p, 1, 6); /* makes it be placed anew */
	native_run(30 * MSEC);
	assert_int_equal(context(p)->domain, 3);
}

/* --- CPUs that nobody tells of. ----------------------------------------------------------------- */

/* So long a hotplug takes where its grace period waits for unattended queues only. */
#define HOTPLUG_MAX_NS (SEC_NS / 2)

static void crowd_all_cpus(void)
{
	hogs(10, 100);
	native_grace_begin();
	native_run(100 * MSEC);
}

/* The domain of the thread that ends grace periods goes, its last CPU last: T1. */
static void the_last_cpu_of_the_grace_thread_goes(void **state)
{
	u32 home;

	crowd_all_cpus();
	home = context(native.grace)->domain;
	for (s32 cpu = 7; cpu >= 0; cpu--) {
		if (shared.cpus[cpu].domain != home)
			continue;
		native_set_online(cpu, false);
		native_run(HOTPLUG_MAX_NS);
		assert_null(native.hotplug);
		assert_false(shared.cpus[cpu].online);
	}
	assert_int_equal(shared.domains[home].nr_online, 0);
	assert_attached();
}

/* What the kernel does not ask it says itself, before the kernel does; and takes it back. */
static void a_cpu_that_leaves_says_so_at_once(void **state)
{
	crowd_all_cpus();
	native_set_online(5, false);
	assert_true(native.cpus[5].leaving);
	assert_false(shared.cpus[5].online);
	assert_int_equal(shared.domains[2].nr_online, 1);
	native_run(HOTPLUG_MAX_NS);
	assert_int_equal(shared.domains[2].nr_online, 1);
	assert_int_equal(shared.nr_offline, 1);
	native_set_online(5, true);
	native_run(HOTPLUG_MAX_NS);
	assert_int_equal(shared.nr_offline, 0);
	domain_cpu_online(2, false); /* a wrong guess */
	native_run(100 * MSEC);
	assert_true(shared.cpus[2].online);
	assert_int_equal(shared.nr_offline, 0);
}

/* Real-time tasks have all CPUs of a domain: the others, busy or idle, serve its queue. */
static void queues_that_nobody_attends_to_are_served(void **state)
{
	struct task_struct *home = actor(100), *other;

	native_config()->greedy_threshold = 0;
	for (s32 cpu = 2; cpu < 8; cpu++)
		pinned_hog(100, cpu);
	native_run(100 * MSEC);
	other = hog(100);
	native_run(MSEC);
	native_occupy(0, NATIVE_RT, 10 * SEC_NS);
	native_occupy(1, NATIVE_RT, 10 * SEC_NS);
	act(home);
	forget();
	native_run(SEC_NS);
	assert_true(home->native.ran + other->native.ran > SEC_NS / 20);
	assert_true(longest_wait(home) < 2 * (attend_limit_ns(native_config()) + 60 * MSEC) ||
		    longest_wait(other) < 2 * (attend_limit_ns(native_config()) + 60 * MSEC));
	for (u32 i = 1; i < 7; i++) /* who serves it keeps the half of the turns at least */
		assert_true(actors[i]->native.ran >= SEC_NS * 4 / 10);
}

/*
 * A CPU that the kernel has made inactive becomes idle with each task that it pushes away, and busy with the
 * next, and takes nobody from its queue.
 */
static void who_cannot_dispatch_attends_to_nothing(void **state)
{
	struct wd40_domain __arena *dom = &shared.domains[2];
	struct wd40_cpu __arena *c = &shared.cpus[5];

	native_run(SEC_NS);
	native.ops->update_idle(5, false);
	assert_false(attend_fails(dom, native_config(), native.now_ns));
	native_run(SEC_NS);
	for (u32 i = 0; i < 10; i++) {
		c->asked = true; /* a task was stopped that could go on */
		native.ops->update_idle(5, true);
		assert_true(attend_fails(dom, native_config(), native.now_ns));
		native.ops->update_idle(5, false);
		assert_true(attend_fails(dom, native_config(), native.now_ns));
	}
	assert_true(c->online);
}

/* It is idle, so whoever has a task for an idle CPU wakes it. */
static void wake_who_leaves(void *userdata)
{
	for (s32 cpu = 0; cpu < 8; cpu++)
		if (native.cpus[cpu].leaving)
			scx_bpf_kick_cpu(cpu, KICK_IDLE);
	native_at(native.now_ns + 8 * MSEC, wake_who_leaves, NULL);
}

/* Kernels ask a CPU whether it has work, though it may take nobody any more, for as long as a grace period lasts. */
static void who_may_take_nobody_attends_to_nothing(void **state)
{
	native.asks_leaving = true;
	crowd_all_cpus();
	for (u32 i = 0; i < nr_actors; i++)
		native_set_affinity(actors[i], i % 2 ? 1 : 6, i % 2 ? 7 : 2);
	native_run(100 * MSEC);
	for (u32 i = 0; i < nr_actors; i++)
		native_set_affinity(actors[i], 1, 7);
	native_set_online(7, false);
	native_run(HOTPLUG_MAX_NS);
	native_set_affinity(native.grace, 0, 1);
	native_occupy(0, NATIVE_RT, 10 * SEC_NS);
	native_set_online(6, false);
	wake_who_leaves(NULL);
	forget();
	native_run(SEC_NS);
	assert_true(native.cpus[6].leaving);
	assert_true(longest_wait_of_all() < SEC_NS / 2);
}

/* Nobody computes: who is queued there wakes an idle CPU, wherever that is. */
static void queues_that_nobody_attends_to_wake_somebody(void **state)
{
	struct task_struct *p;

	native_config()->greedy_threshold = 0;
	native_tune()->any_direct_greedy = native_tune()->any_kick_greedy = false;
	native_occupy(0, NATIVE_RT, 10 * SEC_NS);
	native_occupy(1, NATIVE_RT, 10 * SEC_NS);
	native_run(SEC_NS);
	p = hog(100);
	native_run(10 * MSEC);
	assert_int_equal(context(p)->domain, 0);
	assert_true(p->native.ran > MSEC);
}

/* Its only CPU at home goes, the domain stays: it is at home where it has another. */
static void a_task_leaves_where_its_last_cpu_has_gone(void **state)
{
	struct task_struct *p = actor(100);

	native_allow_only(p, 3, 1);
	native_allow(p, 6, 1);
	p->native.cpu = 3;
	act(p);
	native_run(MSEC);
	assert_int_equal(context(p)->domain, 1);
	native_set_online(3, false);
	native_run(MSEC);
	assert_int_equal(context(p)->domain, 3);
	assert_ptr_equal(native.cpus[6].running, p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_million_lives_leave_nothing),
		TEST(a_full_slab_refuses_and_recovers),
		TEST(a_child_stays_near_its_parent),
		TEST(a_child_of_a_crowd_leaves_it),
		TEST(an_affinity_that_allows_the_domain_keeps_it),
		TEST(who_must_not_migrate_for_now_keeps_its_home),
		TEST(memory_policies_choose_the_node),
		TEST(kernel_threads_stay_local_if_so_wished),
		TEST(cpufreq_is_asked_once),
		TEST(a_callback_goes_by_one_configuration),
		TEST(cpus_come_and_go_under_load),
		TEST(one_cpu_offline_does_not_stop_moves),
		TEST(a_task_leaves_where_its_last_cpu_has_gone),
		TEST(the_last_cpu_of_the_grace_thread_goes),
		TEST(a_cpu_that_leaves_says_so_at_once),
		TEST(queues_that_nobody_attends_to_are_served),
		TEST(who_cannot_dispatch_attends_to_nothing),
		TEST(who_may_take_nobody_attends_to_nothing),
		TEST(queues_that_nobody_attends_to_wake_somebody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
