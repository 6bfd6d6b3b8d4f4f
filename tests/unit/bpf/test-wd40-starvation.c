/* SPDX-License-Identifier: GPL-2.0-only */
/* I1: nobody waits for longer than the bound, by wd40's callbacks. */
#include "tests/unit/bpf/one-domain.h"

#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end)

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

/* The bound of bpf/guard.bpf.h for n tasks on so many CPUs. */
static u64 bound_ns(u32 n, u32 cpus)
{
	u64 seen = slice_ns() > WD40_RESCUE_INTERVAL_NS ? slice_ns() : WD40_RESCUE_INTERVAL_NS;

	return WD40_RESCUE_AFTER_NS + 2 * seen + (n / cpus + 1) * slice_ns();
}

/* The lightest beside heavy ones: its share is nearly nothing, yet it runs before the watchdog looks. */
static void the_lightest_waits_no_longer_than_the_bound(void **state)
{
	begin(1, false);
	for (int short_slice = 0; short_slice < 2; short_slice++) {
		begin_again(1, short_slice);
		hog(1);
		hogs(5, 8668); /* nice 19 and nice -20 */
		native_run(60 * SEC_NS);
		assert_waits_below(bound_ns(nr_actors, 1));
		/* 20 ms each 5 to 7 s */
		assert_in_range(actors[0]->native.ran, 160 * MSEC, 300 * MSEC);
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
		assert_waits_below(bound_ns(nr_actors, 1));
	}
}

/* What the lightest ran counts as little as it is, once it is heavy: it does not wait for its old lead. */
static void a_heavier_weight_counts_at_once(void **state)
{
	begin(1, false);
	for (int short_slice = 0; short_slice < 2; short_slice++) {
		begin_again(1, short_slice);
		hog(1);
		hogs(4, 100);
		while (!actors[0]->native.ran || native.cpus[0].running == actors[0])
			native_run(slice_ns());
		native_set_weight(actors[0], WD40_MAX_WEIGHT);
		forget();
		native_run(10 * SEC_NS);
		assert_ran(actors[0], 10e9 * 10000 / 10400, 0.02);
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
	assert_waits_below(bound_ns(nr_actors, 1));
}

/* Those that were helped last are the last of the queue: there is more to look at than them. */
static void many_light_ones_are_all_brought_forward(void **state)
{
	begin(1, true);
	hogs(90, 1);
	hogs(3, 8668);
	native_run(60 * SEC_NS);
	assert_waits_below(bound_ns(93, 1));
	assert_true(native_counter(WD40_CTR_RESCUED) >= 6 * 90);
}

/* More than the guard can give long slices to, and than it used to look at. */
static void a_thousand_light_ones_keep_to_the_bound(void **state)
{
	static const u32 cpus[] = { 1, 4 };

	begin(1, true);
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
		begin_again(cpus[i], true);
		hogs(1000, 1);
		hogs(2 * cpus[i], 8668);
		native_run(20 * SEC_NS);
		assert_waits_below(bound_ns(nr_actors, cpus[i]));
	}
}

/* Lighter ones that have just come are behind the overdue one in the queue. */
static void those_behind_the_overdue_do_not_hide_it(void **state)
{
	begin(1, true);
	hog(15);
	hogs(3, 8668);
	for (u32 i = 0; i < 400; i++)
		sleeper(1, MSEC / 10, 3 * SEC_NS + i * MSEC);
	native_run(20 * SEC_NS);
	assert_waits_below(bound_ns(nr_actors, 1));
}

/* No CPU looks into a queue more often than its slice ends. */
static void the_bound_holds_for_the_longest_slice(void **state)
{
	begin(2, false);
	native_config()->slice_underutil_ns = SEC_NS;
	hog(1);
	hogs(5, 8668);
	native_run(60 * SEC_NS);
	assert_waits_below(bound_ns(nr_actors, 2));
}

/* Each domain has its guard; no CPU of another one helps, since each has work of its own. */
static void every_domain_is_guarded(void **state)
{
	start((struct native_shape){ 2, 2, 2 });
	native_set_overutilized(true);
	for (u32 d = 0; d < 4; d++) {
		for (u32 i = 0; i < 6; i++) {
			struct task_struct *p = actor(i ? 8668 : 1);

			native_allow_only(p, 2 * d, 2);
			p->native.cpu = (s32)(2 * d);
			act(p);
		}
	}
	native_run(40 * SEC_NS);
	assert_waits_below(bound_ns(6, 2));
	for (u32 d = 0; d < 4; d++)
		assert_true(shared.domains[d].max_wait_ns >= 5 * SEC_NS);
}

/* The overdue one may run on one CPU only, and those that may run anywhere come to that as well. */
static void the_overdue_waits_for_its_own_cpu(void **state)
{
	begin(4, false);
	pinned_hog(1, 3);
	hogs(12, 8668);
	native_run(40 * SEC_NS);
	assert_waits_below(bound_ns(nr_actors, 1));
}

/* One that has never run since counts as well. */
static void a_wait_under_way_is_published(void **state)
{
	begin(1, true);
	hogs(2, WD40_MAX_WEIGHT);
	hog(1);
	native_run(4 * SEC_NS);
	assert_in_range(shared.domains[0].max_wait_ns, 2 * SEC_NS, 4 * SEC_NS);
}

/* All CPUs of a domain go while tasks wait there: the others come for these, though they are idle. */
static void who_is_left_in_a_dead_domain_is_fetched(void **state)
{
	start((struct native_shape){ 1, 2, 2 });
	hogs(8, 100);
	native_run(SEC_NS);
	native_set_online(0, false);
	native_set_online(1, false);
	forget();
	native_run(10 * SEC_NS);
	assert_waits_below(turn_ns(2));
	assert_fair(0, 8, 20e9, 0.05);
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
	pinned_hog(1, 1);
	hogs(8, 1000);
	native_run(10 * SEC_NS);
	assert_waits_below(6 * slice_ns());
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_22_late_hogs_do_not_starve_early_ones),
		TEST(a_late_hog_does_not_starve_a_sleeper),
		TEST(new_tasks_do_not_starve_old_ones),
		TEST(the_lightest_waits_no_longer_than_the_bound),
		TEST(heavy_tasks_that_come_later_change_nothing),
		TEST(a_heavier_weight_counts_at_once),
		TEST(the_lightest_bound_to_a_cpu_waits_no_longer),
		TEST(many_light_ones_are_all_brought_forward),
		TEST(a_thousand_light_ones_keep_to_the_bound),
		TEST(those_behind_the_overdue_do_not_hide_it),
		TEST(the_bound_holds_for_the_longest_slice),
		TEST(every_domain_is_guarded),
		TEST(the_overdue_waits_for_its_own_cpu),
		TEST(a_wait_under_way_is_published),
		TEST(who_is_left_in_a_dead_domain_is_fetched),
		TEST(the_rescued_owe_nothing),
		TEST(nobody_is_brought_forward_without_need),
		TEST(fifo_waits_are_one_turn),
		TEST(the_longest_wait_is_published),
		TEST(brief_tasks_go_before_hogs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
