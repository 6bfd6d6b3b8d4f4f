/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/exit-codes.h"
#include "ctl/stats.h"

#define METADATA                                                                         \
	"{\"wait\": {\"scope\": \"machine\", \"type\": \"histogram\", \"unit\": \"ns\"," \
	" \"description\": \"waits\", \"bounds\": [1e6, 2e6, 4e6, 8e6]},"                \
	" \"moves\": {\"scope\": \"machine\", \"type\": \"counter\", \"unit\": \"\","    \
	" \"description\": \"moves\"}}"

/* That the tables of a snapshot and an earlier one (NULL: none) hold the text. */
static void assert_prints(const char *now, const char *before, const char *expected)
{
	_cleanup_(json_putp) json_object *metadata = json_tokener_parse(METADATA);
	_cleanup_(json_putp) json_object *statistics = json_tokener_parse(now);
	_cleanup_(json_putp) json_object *last = before ? json_tokener_parse(before) : NULL;
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(stats_print_tables(f, metadata, statistics, last, false), CTL_OK);
	fclose(f);
	if (!strstr(text, expected))
		fail_msg("no \"%s\" in: %s", expected, text);
}

static void test_without_an_earlier_one(void **state)
{
	assert_prints("{\"at_us\": 2e6, \"wait\": [0, [90, 0, 10, 0]]}", NULL, "p50 <1 p99 <4 ms");
	assert_prints("{\"at_us\": 2e6, \"moves\": 8}", NULL, "moves  8  ");
}

static void test_growth_of_a_counter(void **state)
{
	assert_prints("{\"at_us\": 4e6, \"moves\": 8}", "{\"at_us\": 2e6, \"moves\": 2}", "3/s");
}

static void test_buckets_that_do_not_grow_count_nothing(void **state)
{
	assert_prints("{\"at_us\": 2e6, \"wait\": [0, [1000, 0, 10, 0]]}",
		      "{\"at_us\": 1e6, \"wait\": [0, [1000, 0, 0, 0]]}", "p50 <4 p99 <4 ms");
	assert_prints("{\"at_us\": 2e6, \"wait\": [0, [1000, 0, 10, 0]]}",
		      "{\"at_us\": 1e6, \"wait\": [0, [1000, 0, 10, 0]]}", "wait  -  ");
}

static void test_a_histogram_that_began_anew_counts_all_of_it(void **state)
{
	assert_prints("{\"at_us\": 2e6, \"wait\": [0, [10, 0, 0, 2]]}",
		      "{\"at_us\": 1e6, \"wait\": [0, [9, 0, 10, 0]]}", "p50 <1 p99 <8 ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_an_earlier_one),
		cmocka_unit_test(test_growth_of_a_counter),
		cmocka_unit_test(test_buckets_that_do_not_grow_count_nothing),
		cmocka_unit_test(test_a_histogram_that_began_anew_counts_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
