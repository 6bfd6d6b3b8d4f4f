/* SPDX-License-Identifier: GPL-2.0-only */
/* Who gets how much of the CPUs, and who waits how long: invariants I1, I2 and I3, by wd40's callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/unit/bpf/scheduler.h"

#include "bpf/deadline.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end)

static int end(void **state)
{
	stop();
	return 0;
}

/* So many CPUs that share a cache. The short slice is that of a full machine. */
static void begin(u32 cpus, bool short_slice)
{
	start((struct native_shape){ 1, 1, cpus });
	native_tune()->overutilized = short_slice;
}

static void begin_again(u32 cpus, bool short_slice)
{
	stop();
	begin(cpus, short_slice);
}

static u64 slice_ns(void)
{
	return native_tune()->overutilized ? native_config()->slice_overutil_ns
					   : native_config()->slice_underutil_ns;
}

static void assert_ran(const struct task_struct *p, double fair_ns, double tolerance)
{
	if (p->native.ran < fair_ns * (1 - tolerance) || p->native.ran > fair_ns * (1 + tolerance))
		fail_msg("weight %u ran %.3f s, fair is %.3f s", p->scx.weight, p->native.ran / 1e9,
			 fair_ns / 1e9);
}

/* All CPUs were busy, and each actor [first, end) got its share by weight of that. */
static void assert_fair(u32 first, u32 last, double total_ns, double tolerance)
{
	double weights = 0;

	for (u32 i = first; i < last; i++)
		weights += actors[i]->scx.weight;
	for (u32 i = first; i < last; i++)
		assert_ran(actors[i], total_ns * actors[i]->scx.weight / weights, tolerance);
}

static void assert_waits_below(u64 bound_ns)
{
	if (longest_wait_of_all() > bound_ns)
		fail_msg("waited %.3f s", longest_wait_of_all() / 1e9);
}

/* --- I2, fairness. ------------------------------------------------------------------------------ */

static void equal_hogs_get_equal_time(void **state)
{
	static const u32 cases[][2] = { { 1, 2 }, { 1, 3 }, { 1, 7 },  { 2, 3 },
					{ 4, 8 }, { 4, 9 }, { 8, 60 }, { 3, 4 } };

	begin(1, false);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int short_slice = 0; short_slice < 2; short_slice++) {
			begin_again(cases[i][0], short_slice);
			hogs(cases[i][1], 100);
			native_run(10 * SEC_NS);
			assert_fair(0, cases[i][1], 10e9 * cases[i][0], 0.02);
		}
}

/* Of two hogs on one CPU one runs and one waits, so the CPU itself must ask whether to go on. */
static void weights_are_honoured_by_two_on_one_cpu(void **state)
{
	static const u32 weights[] = { 50, 110, 200, 335, 1000 };

	begin(1, true);
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		begin_again(1, true);
		hog(100);
		hog(weights[i]);
		native_run(10 * SEC_NS);
		assert_fair(0, 2, 10e9, 0.05);
	}
}

static void weights_are_honoured_by_many(void **state)
{
	static const u32 cpus[] = { 1, 2, 4 };

	begin(1, true);
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		begin_again(cpus[i], true);
		for (u32 k = 0; k < 5; k++) {
			hog(100);
			hog(200);
			hog(300);
		}
		native_run(10 * SEC_NS);
		assert_fair(0, 15, 10e9 * cpus[i], 0.05);
	}
}

/* A kernel before v6.19 cannot tell the head of a queue; then the running task lets it go first. */
static void without_peeking_equal_hogs_are_equal(void **state)
{
	begin(2, true);
	native.cannot_peek = true;
	hogs(5, 100);
	native_run(10 * SEC_NS);
	assert_fair(0, 5, 20e9, 0.02);
}

static void a_new_weight_counts_at_once(void **state)
{
	begin(1, true);
	hogs(2, 100);
	native_run(5 * SEC_NS);
	native_set_weight(actors[0], 300);
	forget();
	native_run(10 * SEC_NS);
	assert_fair(0, 2, 10e9, 0.05);
}

/* The order was changed live and back: nothing of it is left. */
static void weights_are_honoured_after_a_trial_of_fifo(void **state)
{
	struct wd40_config config;

	begin(1, true);
	hog(100);
	hog(300);
	config = *native_config();
	config.order_changed = config.fifo_sched = true;
	native_publish(config);
	native_run(SEC_NS);
	config.fifo_sched = false;
	native_publish(config);
	forget();
	native_run(10 * SEC_NS);
	assert_fair(0, 2, 10e9, 0.05);
}

/* Whatever a task on one CPU does alone, those that share another one do it by their weights. */
static void a_lonely_task_does_not_disturb_others(void **state)
{
	static const u32 weights[] = { 1, 100, WD40_MAX_WEIGHT };

	begin(2, true);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(weights); i++) {
		struct task_struct *lonely;

		begin_again(2, i % 2);
		pinned_hog(100, 1);
		pinned_hog(300, 1);
		lonely = actor(weights[i / 2]);
		native_allow_only(lonely, 0, 1);
		lonely->native.run = 9 * MSEC;
		lonely->native.sleep = MSEC;
		act(lonely);
		native_run(20 * SEC_NS);
		assert_fair(0, 2, 20e9, 0.05);
	}
}

/* --- I1, no starvation. ------------------------------------------------------------------------- */

/* Each competitor goes first for its credit and two slices at most: so long is a turn of all. */
static u64 turn_ns(u32 cpus)
{
	return (nr_actors / cpus + 1) * 3 * slice_ns();
}

/* N hogs run for a minute, then N more begin. */
static void fault_22_late_hogs_do_not_starve_early_ones(void **state)
{
	static const u32 cases[][2] = {
		{ 1, 1 }, { 1, 4 }, { 4, 4 }, { 4, 2 }, { 2, 8 }, { 4, 40 }
	};

	begin(1, false);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		u32 cpus = cases[i / 2][0], n = cases[i / 2][1];

		begin_again(cpus, i % 2);
		hogs(n, 100);
		native_run(60 * SEC_NS);
		forget();
		hogs(n, 100);
		native_run(20 * SEC_NS);
		assert_waits_below(turn_ns(cpus));
		assert_fair(0, 2 * n, 20e9 * (2 * n < cpus ? 2 * n : cpus), 0.02);
	}
}

/* Nor one that had its CPU for a minute by short runs: it found it idle at each wakeup. */
static void a_late_hog_does_not_starve_a_sleeper(void **state)
{
	begin(1, true);
	sleeper(100, MSEC / 2, MSEC / 10);
	native_run(60 * SEC_NS);
	forget();
	hog(100);
	native_run(10 * SEC_NS);
	assert_waits_below(turn_ns(1));
}

/* A chain: one task lives and dies, then the next is born. */
static void run_chains(u32 n, u64 life_ns, u64 duration_ns)
{
	struct task_struct *links[8] = { NULL };

	for (u64 over = native.now_ns + duration_ns; native.now_ns < over; native_run(life_ns / 8))
		for (u32 i = 0; i < n; i++) {
			if (links[i] && links[i]->scx.flags & TASK_QUEUED)
				continue;
			if (links[i]) {
				native_leave(links[i]);
				native_task_free(links[i]);
			}
			links[i] = native_task_new();
			links[i]->native.run = life_ns;
			act(links[i]);
		}
	for (u32 i = 0; i < n; i++) {
		native_leave(links[i]);
		native_task_free(links[i]);
	}
}

/* A compiler run: as many short lives as there is time for. */
static void new_tasks_do_not_starve_old_ones(void **state)
{
	begin(1, false);
	for (int short_slice = 0; short_slice < 2; short_slice++) {
		begin_again(1, short_slice);
		hogs(2, 100);
		native_run(SEC_NS);
		forget();
		run_chains(3, 2 * MSEC, 10 * SEC_NS);
		assert_ran(actors[0], 2e9, 0.05);
		assert_ran(actors[1], 2e9, 0.05);
		/* five share the CPU, and a hog is two slices ahead of the time of all at most */
		assert_waits_below(5 * 3 * slice_ns());
	}
}

#define RESCUED_BY_NS (WD40_RESCUE_AFTER_NS + WD40_RESCUE_INTERVAL_NS)

/* The lightest beside heavy ones: its share is nearly nothing, yet it runs before the watchdog looks. */
static void the_lightest_waits_no_longer_than_the_bound(void **state)
{
	begin(1, false);
	for (int short_slice = 0; short_slice < 2; short_slice++) {
		begin_again(1, short_slice);
		hog(1);
		hogs(5, 8668); /* nice 19 and nice -20 */
		native_run(60 * SEC_NS);
		assert_waits_below(RESCUED_BY_NS + turn_ns(1));
		assert_in_range(actors[0]->native.ran, 200 * MSEC, 300 * MSEC); /* 20 ms each 5 s */
		assert_fair(1, 6, 60e9 - actors[0]->native.ran, 0.05);
	}
}

/* They come after it was queued, so nothing could be foreseen; seen on a kernel: its watchdog barked. */
static void heavy_tasks_that_come_later_change_nothing(void **state)
{
	begin(1, false);
	for (int short_slice = 0; short_slice < 2; short_slice++) {
		begin_again(1, short_slice);
		hog(1);
		hog(100);
		native_run(10 * SEC_NS);
		hogs(3, 8668);
		native_set_weight(actors[1], 1);
		native_run(60 * SEC_NS);
		assert_waits_below(RESCUED_BY_NS + turn_ns(1));
	}
}

/* The same on one of four CPUs, to which all are bound. */
static void the_lightest_bound_to_a_cpu_waits_no_longer(void **state)
{
	begin(4, true);
	for (int i = 0; i < 5; i++)
		pinned_hog(8668, 2);
	pinned_hog(1, 2);
	hog(100);
	native_run(60 * SEC_NS);
	assert_waits_below(RESCUED_BY_NS + turn_ns(1));
}

/* Those that were helped last are the last of the queue: there is more to look at than them. */
static void many_light_ones_are_all_brought_forward(void **state)
{
	begin(1, true);
	hogs(90, 1);
	hogs(3, 8668);
	native_run(60 * SEC_NS);
	assert_waits_below(RESCUED_BY_NS + 90 * native_config()->slice_underutil_ns);
	assert_true(native_counter(WD40_CTR_RESCUED) >= 6 * 90);
}

/* What it was given beyond its weight is not held against it when the heavy ones are gone. */
static void the_rescued_owe_nothing(void **state)
{
	begin(1, false);
	hog(1);
	hogs(3, 8668);
	native_run(300 * SEC_NS);
	for (u32 i = 1; i < 4; i++)
		native_leave(actors[i]);
	hog(100);
	forget();
	native_run(60 * SEC_NS);
	assert_ran(actors[0], 60e9 / 101, 0.1);
}

static void nobody_is_brought_forward_without_need(void **state)
{
	begin(2, false);
	hogs(20, 100);
	hogs(3, 1000);
	native_run(30 * SEC_NS);
	assert_int_equal(native_counter(WD40_CTR_RESCUED), 0);
	assert_fair(0, 23, 60e9, 0.05);
}

static void fifo_waits_are_one_turn(void **state)
{
	begin(2, true);
	native_config()->fifo_sched = true;
	hog(1);
	hogs(9, 1000);
	native_run(10 * SEC_NS);
	assert_waits_below(5 * slice_ns());
}

static void the_longest_wait_is_published(void **state)
{
	begin(1, true);
	hogs(4, 100);
	native_run(SEC_NS);
	assert_int_equal(shared.domains[0].max_wait_ns, longest_wait_of_all());
	assert_true(shared.domains[0].max_wait_ns >= 3 * slice_ns());
}

/* A task that runs briefly goes before hogs: it waits for the slice under way only. */
static void brief_tasks_go_before_hogs(void **state)
{
	struct task_struct *brief;

	begin(1, false);
	hogs(6, 100);
	native_run(10 * SEC_NS);
	brief = sleeper(100, MSEC / 2, 50 * MSEC);
	native_run(SEC_NS);
	brief->native.longest_wait = 0;
	native_run(10 * SEC_NS);
	assert_in_range(brief->native.longest_wait, 0, slice_ns());
	assert_in_range(brief->native.nr_wakes, 11 * 14, 11 * 20);
}

/* --- I3, work conservation. --------------------------------------------------------------------- */

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_hogs_get_equal_time),
		TEST(weights_are_honoured_by_two_on_one_cpu),
		TEST(weights_are_honoured_by_many),
		TEST(without_peeking_equal_hogs_are_equal),
		TEST(a_new_weight_counts_at_once),
		TEST(weights_are_honoured_after_a_trial_of_fifo),
		TEST(a_lonely_task_does_not_disturb_others),
		TEST(fault_22_late_hogs_do_not_starve_early_ones),
		TEST(a_late_hog_does_not_starve_a_sleeper),
		TEST(new_tasks_do_not_starve_old_ones),
		TEST(the_lightest_waits_no_longer_than_the_bound),
		TEST(heavy_tasks_that_come_later_change_nothing),
		TEST(the_lightest_bound_to_a_cpu_waits_no_longer),
		TEST(many_light_ones_are_all_brought_forward),
		TEST(the_rescued_owe_nothing),
		TEST(nobody_is_brought_forward_without_need),
		TEST(fifo_waits_are_one_turn),
		TEST(the_longest_wait_is_published),
		TEST(brief_tasks_go_before_hogs),
		TEST(no_cpu_is_idle_while_a_task_waits),
		TEST(idle_domains_help_a_full_one),
		TEST(busy_time_is_the_time_that_tasks_ran),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
