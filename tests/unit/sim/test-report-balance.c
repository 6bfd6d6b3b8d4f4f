/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/report-balance.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

static struct balance b;

/* D0 has two CPUs, D1 one, and D2 none. */
static int begin(void **state)
{
	if (balance_init(&b, 3, 0) < 0)
		return -1;
	balance_add_capacity(&b, 0, 2048);
	balance_add_capacity(&b, 1, 1024);
	return 0;
}

static int end(void **state)
{
	balance_done(&b);
	return 0;
}

static void close_windows(u32 nr)
{
	balance_close(&b, b.window.end_ns + (nr - 1) * BALANCE_WINDOW_NS,
		      &(struct balance_sums){ 0 });
}

static void assert_percent(double value, long percent)
{
	assert_int_equal(lround(100 * value), percent);
}

/* 400 on two CPUs and 200 on one are loads of 2 each. */
static void equal_loads_per_capacity_have_no_error(void **state)
{
	balance_add(&b, 0, 400, 0, 0);
	balance_add(&b, 1, 200, 0, 0);
	close_windows(1);
	assert_percent(b.points[0].loads[0], 200);
	assert_percent(b.points[0].loads[1], 200);
	assert_percent(b.points[0].error_max, 0);
}

/* 200 + 400 on three CPUs: 2 on the average; D0 has 1 of it, D1 4. */
static void errors_are_relative_to_the_machine(void **state)
{
	balance_add(&b, 0, 200, 0, 0);
	balance_add(&b, 1, 400, 0, 0);
	close_windows(1);
	assert_percent(b.points[0].error_mean, 75);
	assert_percent(b.points[0].error_max, 100);
}

/* A quarter of a window of 400 is 100. */
static void loads_are_averages_of_the_window(void **state)
{
	balance_add(&b, 1, 400, 0, BALANCE_WINDOW_NS / 4);
	balance_add(&b, 1, -400, 0, BALANCE_WINDOW_NS / 2);
	close_windows(2);
	assert_percent(b.points[0].loads[1], 100);
	assert_percent(b.points[1].loads[1], 0);
	assert_int_equal(b.points[0].nr_errors, 1);
	assert_int_equal(b.points[1].nr_errors, 0);
}

static void waits_and_idle_time_belong_to_their_window(void **state)
{
	balance_add_wait(&b, 10);
	balance_add_wait(&b, 30);
	balance_close(&b, BALANCE_WINDOW_NS, &(struct balance_sums){ 1000, 90, 100 });
	balance_add_wait(&b, 7);
	balance_close(&b, 2 * BALANCE_WINDOW_NS, &(struct balance_sums){ 1500, 150, 200 });
	assert_int_equal(b.points[0].nr_waits, 2);
	assert_int_equal(b.points[0].wait_sum_ns, 40);
	assert_int_equal(b.points[0].wait_max_ns, 30);
	assert_int_equal(b.points[0].sums.idle_queued_ns, 1000);
	assert_int_equal(b.points[1].nr_waits, 1);
	assert_int_equal(b.points[1].sums.idle_queued_ns, 500);
	assert_percent(b.points[0].sums.work_ns, 9000);
	assert_percent(b.points[1].sums.work_ns, 6000);
	assert_percent(balance_throughput(&b, 0), 75);
	assert_percent(balance_throughput(&b, 1), 60);
	assert_true(balance_throughput(&b, 2) < 0); /* nothing was due */
}

/* Three times as many windows as points: four windows a point, all told the same by their sums. */
static void a_long_run_keeps_its_sums_in_few_points(void **state)
{
	double mean, max, load = 0;
	u64 waits = 0;

	for (u32 i = 0; i < 3 * BALANCE_POINTS; i++) {
		balance_add(&b, 1, i % 2 ? -200 : 200, 0, i * BALANCE_WINDOW_NS);
		balance_add_wait(&b, i);
		close_windows(1);
	}
	assert_int_equal(b.windows_per_point, 4);
	assert_int_equal(b.nr_points, 3 * BALANCE_POINTS / 4);
	for (u32 i = 0; i < b.nr_points; i++) {
		waits += b.points[i].nr_waits;
		load += b.points[i].loads[1];
	}
	assert_int_equal(waits, 3 * BALANCE_POINTS);
	assert_percent(load / b.nr_points, 100);
	balance_errors(&b, 0, &mean, &max);
	assert_percent(mean, 150); /* D0 has nothing, D1 three times its part */
	assert_percent(max, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_loads_per_capacity_have_no_error),
		TEST(errors_are_relative_to_the_machine),
		TEST(loads_are_averages_of_the_window),
		TEST(waits_and_idle_time_belong_to_their_window),
		TEST(a_long_run_keeps_its_sums_in_few_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
