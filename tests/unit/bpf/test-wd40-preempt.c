/* SPDX-License-Identifier: GPL-2.0-only */
/* I8: whom an event wakes gets a CPU at once; who computes keeps it else. By wd40's callbacks. */
#include "tests/unit/bpf/one-domain.h"

#include "bpf/preempt.bpf.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end)

#define TICK_NS (4 * MSEC)

/* One CPU, whose hog has just begun a long slice, and ticks if they are wanted. */
static struct task_struct *begin_with_hog(bool ticks)
{
	begin(1, false);
	native_config()->wakeup_preemption = true;
	native.tick_ns = ticks ? TICK_NS : 0;
	hog(100);
	native_run(SEC_NS);
	return actors[0];
}

/* A task that sleeps, has the whole credit of who did, and wakes up when somebody wakes it. */
static struct task_struct *asleep(u64 run_ns)
{
	struct task_struct *p = actor(100);

	p->native.run = run_ns;
	act(p);
	native_run(SEC_NS + MSEC); /* the hog's slice goes on for long */
	assert_false(p->scx.flags & TASK_QUEUED);
	p->native.ran = p->native.longest_wait = 0;
	return p;
}

static void wake_by_interrupt(struct task_struct *p)
{
	native.current = native.cpus[0].running;
	native.in_interrupt = true;
	native_wake(p, 0);
	native.in_interrupt = false;
}

static void wake_by(struct task_struct *waker, struct task_struct *p)
{
	assert_ptr_equal(native.cpus[0].running, waker);
	native.current = waker;
	native_wake(p, 0);
}

static void assert_runs(const struct task_struct *p)
{
	assert_ptr_equal(native.cpus[0].running, p);
}

static void whom_a_timer_wakes_does_not_wait(void **state)
{
	struct task_struct *light;

	begin_with_hog(false);
	light = sleeper(100, 50000, 2300000);
	native_run(SEC_NS);
	light->native.longest_wait = 0;
	native_run(SEC_NS);
	assert_in_range(light->native.nr_wakes, 800, 900);
	assert_int_equal(light->native.longest_wait, 0);
	assert_true(native_counter(WD40_CTR_PREEMPTED) > 300);
}

/* It takes no more than before: of two that could run for ever each has half. */
static void who_is_prompt_gets_no_more_than_its_share(void **state)
{
	struct task_struct *busy;

	begin_with_hog(true);
	busy = sleeper(100, 9 * MSEC, MSEC);
	native_run(SEC_NS);
	forget();
	native_run(10 * SEC_NS);
	assert_ran(actors[0], 5e9, 0.05);
	assert_ran(busy, 5e9, 0.05);
}

static void whom_a_task_wakes_takes_nobodys_cpu(void **state)
{
	struct task_struct *hog = begin_with_hog(false), *light = asleep(50000);

	wake_by(hog, light);
	native_run(2 * MSEC);
	assert_runs(hog);
	assert_int_equal(light->native.ran, 0);
}

/* The runner was prompt when the second came, and is a hog now. */
static void at_the_tick_who_came_too_early_goes_first(void **state)
{
	struct task_struct *busy, *light;

	begin_with_hog(true);
	busy = asleep(10 * MSEC);
	light = asleep(50000);
	wake_by_interrupt(busy);
	native_run(0);
	wake_by_interrupt(light);
	native_run(MSEC);
	assert_runs(busy);
	assert_int_equal(light->native.ran, 0);
	native_run(TICK_NS);
	assert_int_equal(light->native.ran, 50000);
}

/* Else each message would cost a switch, at a tick at the latest. */
static void at_the_tick_whom_a_task_woke_waits_on(void **state)
{
	struct task_struct *hog = begin_with_hog(true), *light = asleep(50000);

	hog->scx.slice = 20 * MSEC;
	wake_by(hog, light);
	native_run(2 * TICK_NS);
	assert_runs(hog);
	assert_int_equal(light->native.ran, 0);
}

static void equal_hogs_keep_their_slices(void **state)
{
	struct task_struct *first = begin_with_hog(true);
	u64 runs = 0;

	hog(100);
	for (int i = 0; i < 1000; i++) {
		struct task_struct *was = native.cpus[0].running;

		native_run(MSEC);
		runs += native.cpus[0].running != was;
	}
	assert_in_range(runs, 40, 55); /* slices of 20 ms */
	assert_true(first->native.ran);
}

static void an_event_is_handed_on(void **state)
{
	struct task_struct *hog = begin_with_hog(false), *first = asleep(500000),
			   *second = asleep(50000);

	wake_by_interrupt(first);
	native_run(0);
	wake_by(first, second);
	native_run(0);
	assert_runs(first); /* which is prompt itself */
	native_run(600000);
	assert_int_equal(second->native.ran, 50000);
	assert_runs(hog);
}

/* Of what a task does long after the event nobody is to be told at once. */
static void an_event_is_forgotten(void **state)
{
	struct task_struct *waker, *light;

	begin_with_hog(false);
	waker = asleep(10 * MSEC);
	light = asleep(50000);
	wake_by_interrupt(waker);
	native_run(PREEMPT_CHAIN_NS);
	wake_by(waker, light);
	native_run(MSEC);
	assert_runs(waker);
}

/* Else one event would make all messages from then on prompt. */
static void an_event_is_handed_on_for_so_long_in_all(void **state)
{
	struct task_struct *chain[6];

	begin_with_hog(false);
	for (int i = 0; i < 6; i++)
		chain[i] = asleep(300000);
	wake_by_interrupt(chain[0]);
	for (int i = 1; i < 6; i++) {
		native_run(200000);
		wake_by(chain[i - 1], chain[i]);
		assert_int_equal(context(chain[i])->prompt,
				 (PREEMPT_CHAIN_NS - i * 200000) / PREEMPT_UNIT_NS);
		native_run(100000);
	}
}

/* Many events at once, each of which wakes somebody for very short, are no reason to switch for ever. */
static void a_storm_is_cut_short(void **state)
{
	struct task_struct *light[2 * PREEMPT_BURST], *hog = begin_with_hog(false);

	for (int i = 0; i < 2 * PREEMPT_BURST; i++)
		light[i] = asleep(1000);
	for (int i = 0; i < 2 * PREEMPT_BURST; i++) {
		assert_runs(hog);
		wake_by_interrupt(light[i]);
		native_run(1000);
	}
	assert_int_equal(native_counter(WD40_CTR_PREEMPTED), PREEMPT_BURST);
	native_run(41 * MSEC); /* whoever was queued has its turn */
	wake_by_interrupt(light[0]);
	native_run(1000);
	assert_int_equal(native_counter(WD40_CTR_PREEMPTED), PREEMPT_BURST + 1);
}

/* Who has had its share comes in its turn, whatever wakes it. */
static void who_is_not_owed_waits(void **state)
{
	struct task_struct *hog = begin_with_hog(false), *busy = asleep(50000);

	context(busy)->vtime = shared.domains[0].min_vtime;
	wake_by_interrupt(busy);
	native_run(MSEC);
	assert_runs(hog);
}

static void an_idle_priority_is_not_prompt(void **state)
{
	struct task_struct *hog = begin_with_hog(false), *batch = asleep(50000);

	batch->policy = SCHED_BATCH;
	wake_by_interrupt(batch);
	native_run(MSEC);
	assert_runs(hog);
}

static void who_does_not_want_it_does_not_get_it(void **state)
{
	struct task_struct *hog = begin_with_hog(true), *light = asleep(50000);
	struct wd40_config config = *native_config();

	config.wakeup_preemption = false;
	native_publish(config);
	hog->scx.slice = 20 * MSEC;
	wake_by_interrupt(light);
	native_run(2 * TICK_NS);
	assert_runs(hog);
	assert_int_equal(light->native.ran, 0);
}

static void with_fifo_sched_nobody_is_preempted(void **state)
{
	struct task_struct *hog = begin_with_hog(true), *light = asleep(50000);
	struct wd40_config config = *native_config();

	config.order_changed = config.fifo_sched = true;
	native_publish(config);
	wake_by_interrupt(light);
	native_run(2 * TICK_NS);
	assert_runs(hog);
}

/* It has waited for seconds, since it is light or unlucky, and is not made to wait again. */
static void who_was_rescued_is_left_alone(void **state)
{
	struct task_struct *hog = begin_with_hog(true), *light = asleep(50000);

	native.cpus[0].running->scx.slice = 0;
	context(hog)->queued_at = native.now_ns - WD40_RESCUE_AFTER_NS - MSEC;
	wd40_ops.running(hog);
	hog->scx.slice = 20 * MSEC;
	wake_by_interrupt(light);
	native_run(2 * TICK_NS);
	assert_runs(hog);
}

/* Else they would run last come, first served, and each would end a slice that nobody has. */
static void two_at_once_take_one_cpu_once(void **state)
{
	struct task_struct *first, *second;

	begin_with_hog(false);
	first = asleep(50000);
	second = asleep(50000);
	wake_by_interrupt(first);
	wake_by_interrupt(second);
	assert_int_equal(native_counter(WD40_CTR_PREEMPTED), 1);
	native_run(0);
	assert_runs(first);
}

/* One that was rescued, say, or whose successor was called back, computes on. */
static void who_got_another_slice_yields(void **state)
{
	struct task_struct *light;

	begin_with_hog(false);
	light = asleep(50000);
	shared.cpus[0].yields_at = WD40_YIELDS_NEVER;
	native_run(40 * MSEC);
	wake_by_interrupt(light);
	native_run(0);
	assert_runs(light);
}

/* So many CPUs with a hog each, and a task that sleeps and may run on those from first on. */
static struct task_struct *begin_with_hogs(u32 cpus, u32 first)
{
	struct task_struct *light;

	begin(cpus, false);
	native_config()->wakeup_preemption = true;
	hogs(cpus, 100);
	native_run(SEC_NS);
	light = actor(100);
	native_allow_only(light, first, cpus - first);
	light->native.run = 50000;
	light->native.cpu = (s32)first;
	act(light);
	native_run(SEC_NS + MSEC);
	assert_false(light->scx.flags & TASK_QUEUED);
	return light;
}

/* An event wakes it when no CPU yields, and then all do. */
static void wake_too_early(struct task_struct *p)
{
	for (u32 cpu = 0; cpu < native.nr_cpus; cpu++)
		shared.cpus[cpu].yields_at = WD40_YIELDS_NEVER;
	wake_by_interrupt(p);
	for (u32 cpu = 0; cpu < native.nr_cpus; cpu++)
		shared.cpus[cpu].yields_at = 0;
}

/* Does the CPU end its slice at its tick? */
static bool yields_at_tick(s32 cpu)
{
	struct task_struct *p = native.cpus[cpu].running;

	p->scx.slice = 20 * MSEC;
	wd40_ops.tick(p);
	return !p->scx.slice;
}

static void at_the_tick_one_cpu_yields_for_one_task(void **state)
{
	u32 nr = 0;

	wake_too_early(begin_with_hogs(4, 0));
	for (s32 cpu = 0; cpu < 4; cpu++)
		nr += yields_at_tick(cpu);
	assert_int_equal(nr, 1);
	native.now_ns += TICK_NS; /* that was in vain */
	assert_true(yields_at_tick(2));
}

static void at_the_tick_a_cpu_yields_for_who_may_run_there(void **state)
{
	wake_too_early(begin_with_hogs(4, 2));
	assert_false(yields_at_tick(0));
	assert_true(yields_at_tick(3));
}

/* A task whose CPU is CPU 1 is woken on CPU 0, so long after the former's last tick. True: it takes the CPU. */
static bool is_preempted_after(u64 ticked_ns)
{
	struct task_struct *light = begin_with_hogs(2, 1);

	native.cpu = 0;
	shared.cpus[1].ticked_at = native.now_ns - ticked_ns;
	wake_by_interrupt(light);
	return native_counter(WD40_CTR_PREEMPTED);
}

/* A hypervisor that does not run it would not let the task run there. */
static void who_has_no_ticks_is_left_alone(void **state)
{
	assert_true(is_preempted_after(PREEMPT_TICKS_NS));
	stop();
	assert_false(is_preempted_after(PREEMPT_TICKS_NS + 1));
}

/* It is made on a CPU that is idle, by a task that was just woken by an event. */
static void a_new_task_is_not_prompt(void **state)
{
	struct task_struct *parent, *child;

	begin(2, false);
	native_config()->wakeup_preemption = true;
	parent = asleep(50000);
	wake_by_interrupt(parent);
	native_run(0);
	child = actor(100);
	native.cpu = parent->native.cpu;
	native.current = parent;
	assert_true(context(parent)->prompt);
	assert_int_equal(native_fork(parent, child), 0);
	assert_false(context(child)->prompt);
}

static void where_nobody_sees_who_is_first_nobody_is_passed(void **state)
{
	struct task_struct *hog = begin_with_hog(false), *waits = asleep(50000),
			   *light = asleep(60000);

	native.cannot_peek = true;
	wake_by(hog, waits);
	wake_by_interrupt(light);
	native_run(0);
	assert_runs(hog);
}

static void where_nobody_sees_who_is_first_nobody_need_wait_for_nobody(void **state)
{
	struct task_struct *light;

	begin_with_hog(false);
	light = asleep(50000);
	native.cannot_peek = true;
	wake_by_interrupt(light);
	native_run(0);
	assert_runs(light);
}

/* Who was queued first in, first out, goes before all that were queued by deadline since. */
static void who_is_left_of_fifo_is_not_passed(void **state)
{
	struct task_struct *hog = begin_with_hog(true), *waits = asleep(50000),
			   *light = asleep(50000);
	struct wd40_config config = *native_config();

	config.order_changed = config.fifo_sched = true;
	native_publish(config);
	wake_by(hog, waits);
	config.fifo_sched = false;
	native_publish(config);
	wake_by_interrupt(light);
	native_run(0);
	assert_runs(hog);
	assert_false(yields_at_tick(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whom_a_timer_wakes_does_not_wait),
		TEST(who_is_prompt_gets_no_more_than_its_share),
		TEST(whom_a_task_wakes_takes_nobodys_cpu),
		TEST(at_the_tick_who_came_too_early_goes_first),
		TEST(at_the_tick_whom_a_task_woke_waits_on),
		TEST(equal_hogs_keep_their_slices),
		TEST(an_event_is_handed_on),
		TEST(an_event_is_forgotten),
		TEST(an_event_is_handed_on_for_so_long_in_all),
		TEST(a_storm_is_cut_short),
		TEST(who_is_not_owed_waits),
		TEST(an_idle_priority_is_not_prompt),
		TEST(who_does_not_want_it_does_not_get_it),
		TEST(with_fifo_sched_nobody_is_preempted),
		TEST(who_was_rescued_is_left_alone),
		TEST(two_at_once_take_one_cpu_once),
		TEST(who_got_another_slice_yields),
		TEST(at_the_tick_one_cpu_yields_for_one_task),
		TEST(at_the_tick_a_cpu_yields_for_who_may_run_there),
		TEST(who_has_no_ticks_is_left_alone),
		TEST(a_new_task_is_not_prompt),
		TEST(where_nobody_sees_who_is_first_nobody_is_passed),
		TEST(where_nobody_sees_who_is_first_nobody_need_wait_for_nobody),
		TEST(who_is_left_of_fifo_is_not_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
