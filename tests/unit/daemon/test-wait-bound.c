/* SPDX-License-Identifier: GPL-2.0-only */
/* The bound on waits, against sums made by hand from the formula in bpf/guard.bpf.h. */
#include "daemon/wait-bound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS 1000000ull

static const struct wd40_config usual = { .slice_underutil_ns = 20 * MS, .slice_overutil_ns = MS };

static void test_nobody_else(void **state)
{
	assert_int_equal(wait_bound_usec(&usual, 0, 4), 5000000 + 2 * 1000000 + 20000);
}

static void test_grows_by_a_slice_with_each_task_a_cpu(void **state)
{
	assert_int_equal(wait_bound_usec(&usual, 39, 4), 7000000 + 10 * 20000);
	assert_int_equal(wait_bound_usec(&usual, 40, 4), 7000000 + 11 * 20000);
}

static void test_slices_longer_than_the_interval(void **state)
{
	const struct wd40_config c = { .slice_underutil_ns = MS, .slice_overutil_ns = 1500 * MS };

	assert_int_equal(wait_bound_usec(&c, 1, 1), 5000000 + 2 * 1500000 + 2 * 1500000);
}

static void test_first_in_first_out_is_a_turn(void **state)
{
	struct wd40_config c = usual;

	c.fifo_sched = 1;
	assert_int_equal(wait_bound_usec(&c, 10, 2), 6 * 20000);
}

static void test_no_cpu_no_bound(void **state)
{
	assert_true(wait_bound_usec(&usual, 1, 0) == UINT64_MAX);
}

static void test_the_largest_machine_fits(void **state)
{
	const struct wd40_config c = { .slice_underutil_ns = 1000 * MS };

	assert_int_equal(wait_bound_usec(&c, UINT32_MAX - 1, 1), 7000000 + 4294967295ull * 1000000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_else),
		cmocka_unit_test(test_grows_by_a_slice_with_each_task_a_cpu),
		cmocka_unit_test(test_slices_longer_than_the_interval),
		cmocka_unit_test(test_first_in_first_out_is_a_turn),
		cmocka_unit_test(test_no_cpu_no_bound),
		cmocka_unit_test(test_the_largest_machine_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
