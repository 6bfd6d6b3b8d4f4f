/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/report-histogram.h"

static struct histogram h;

static int empty(void **state)
{
	memset(&h, 0, sizeof(h));
	return 0;
}

static void an_empty_one_has_zeros(void **state)
{
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_int_equal(histogram_mean(&h), 0);
}

static void small_values_are_exact(void **state)
{
	for (u64 i = 1; i <= 50; i++)
		histogram_add(&h, i);
	assert_int_equal(histogram_percentile(&h, 0), 1);
	assert_int_equal(histogram_percentile(&h, 50), 25);
	assert_int_equal(histogram_percentile(&h, 90), 45);
	assert_int_equal(histogram_percentile(&h, 99), 50);
	assert_int_equal(histogram_percentile(&h, 100), 50);
	assert_int_equal(histogram_mean(&h), 25);
}

/* A percentile is never too low, and too high by at most one part in HISTOGRAM_STEPS. */
static void large_values_are_near(void **state)
{
	for (u64 i = 1; i <= 1000; i++)
		histogram_add(&h, i * 1000003);
	for (u32 p = 10; p <= 90; p += 10) {
		u64 exact = p * 10 * 1000003ull, found = histogram_percentile(&h, p);

		assert_in_range(found, exact, exact + exact / HISTOGRAM_STEPS);
	}
	assert_int_equal(histogram_percentile(&h, 100), 1000 * 1000003ull);
}

static void any_value_has_a_bucket(void **state)
{
	for (u32 shift = 0; shift < 64; shift++) {
		memset(&h, 0, sizeof(h));
		histogram_add(&h, 1ull << shift);
		histogram_add(&h, ~0ull);
		assert_in_range(histogram_percentile(&h, 50), 1ull << shift,
				(1ull << shift) + (1ull << shift) / HISTOGRAM_STEPS);
		assert_true(histogram_percentile(&h, 100) == ~0ull);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_one_has_zeros, empty),
		cmocka_unit_test_setup(small_values_are_exact, empty),
		cmocka_unit_test_setup(large_values_are_near, empty),
		cmocka_unit_test_setup(any_value_has_a_bucket, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
