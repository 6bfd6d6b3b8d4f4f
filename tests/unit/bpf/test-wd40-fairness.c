/* SPDX-License-Identifier: GPL-2.0-only */
/* I2: equal tasks get equal time and weights are honoured, by wd40's callbacks. */
#include "tests/unit/bpf/one-domain.h"

#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end)

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

/* Interrupts come while one of them runs, and are nobody's time. */
static void an_interrupt_is_not_charged(void **state)
{
	begin(1, false);
	hogs(2, 100);
	for (int i = 0; i < 300; i++) {
		native_run(33 * MSEC);
		if (native.cpus[0].running == actors[0])
			native_occupy(0, NATIVE_IRQ, 10 * MSEC);
	}
	native_run(SEC_NS);
	assert_fair(0, 2, actors[0]->native.ran + actors[1]->native.ran, 0.02);
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

/*
 * Who is first in the queue is bound to the other CPU, which is crowded: that is no reason for the task
 * that runs to give way to one that comes after it.
 */
static void weights_are_kept_beside_a_crowded_cpu(void **state)
{
	begin(2, true);
	for (int short_slice = 0; short_slice < 2; short_slice++) {
		begin_again(2, short_slice);
		pinned_hog(100, 0);
		pinned_hog(300, 0);
		for (int i = 0; i < 6; i++)
			pinned_hog(100, 1);
		native_run(20 * SEC_NS);
		assert_fair(0, 2, 20e9, 0.05);
		assert_fair(2, 8, 20e9, 0.05);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_hogs_get_equal_time),
		TEST(weights_are_honoured_by_two_on_one_cpu),
		TEST(weights_are_honoured_by_many),
		TEST(an_interrupt_is_not_charged),
		TEST(without_peeking_equal_hogs_are_equal),
		TEST(a_new_weight_counts_at_once),
		TEST(weights_are_honoured_after_a_trial_of_fifo),
		TEST(a_lonely_task_does_not_disturb_others),
		TEST(weights_are_kept_beside_a_crowded_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
