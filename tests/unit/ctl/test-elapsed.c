/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/elapsed.h"

#define SEC  UINT64_C(1000000)
#define HOUR (3600 * SEC)
#define YEAR (365 * 24 * HOUR)

/* It was at 10 s of the monotonic clock, one hour before now; the real-time clock then said so much. */
static uint64_t elapsed(uint64_t realtime_then, uint64_t slept)
{
	const struct clocks now = {
		.realtime_usec = 50 * YEAR,
		.monotonic_usec = 10 * SEC + HOUR,
		.boottime_usec = 10 * SEC + HOUR + slept,
	};

	return elapsed_usec(&now, realtime_then, 10 * SEC);
}

static void test_clocks_agree(void **state)
{
	assert_int_equal(elapsed(50 * YEAR - HOUR, 0), HOUR);
}

static void test_clock_was_set(void **state)
{
	assert_int_equal(elapsed(0, 0),
			 HOUR); /* a machine without a battery, then the network's time */
	assert_int_equal(elapsed(90 * YEAR, 0), HOUR); /* back from the future */
	assert_int_equal(elapsed(50 * YEAR, 0), HOUR);
	assert_int_equal(elapsed(50 * YEAR - HOUR - SEC, 0), HOUR);
}

static void test_machine_slept(void **state)
{
	assert_int_equal(elapsed(50 * YEAR - 9 * HOUR, 8 * HOUR), 9 * HOUR);
	assert_int_equal(elapsed(50 * YEAR - 5 * HOUR, 8 * HOUR), 5 * HOUR); /* half of it before */
	assert_int_equal(elapsed(50 * YEAR - HOUR, 8 * HOUR), HOUR);
	assert_int_equal(elapsed(0, 8 * HOUR), 9 * HOUR);
}

static void test_moment_to_come(void **state)
{
	const struct clocks now = { 1, 1, 1 };

	assert_int_equal(elapsed_usec(&now, UINT64_MAX, UINT64_MAX), 0);
}

static void test_now(void **state)
{
	struct clocks first = clocks_now(), second = clocks_now();

	assert_true(second.monotonic_usec >= first.monotonic_usec);
	assert_true(first.boottime_usec >= first.monotonic_usec);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clocks_agree),  cmocka_unit_test(test_clock_was_set),
		cmocka_unit_test(test_machine_slept), cmocka_unit_test(test_moment_to_come),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
