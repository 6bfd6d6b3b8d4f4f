/* SPDX-License-Identifier: GPL-2.0-only */
/* The table itself: complete, free of double names, with defaults that hold. */
#include "config/tunables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* Names, defaults and ranges are promises to users: the design's table, once more. */
static void test_rows_are_as_designed(void **state)
{
	static const struct {
		const char *key;
		char letter;
		const char *bus_name, *signature, *default_text, *range;
		bool live;
	} rows[] = {
		{ "slice-us-underutil", 'u', "SliceUnderutilUSec", "t", "20000",
		  "100 to 1000000 us", true },
		{ "slice-us-overutil", 'o', "SliceOverutilUSec", "t", "1000", "100 to 1000000 us",
		  true },
		{ "interval", 'i', "BalanceIntervalUSec", "t", "2", "0.1 to 60 s", true },
		{ "tune-interval", 'I', "TuneIntervalUSec", "t", "0.1", "0.01 to 10 s", true },
		{ "load-half-life", 'l', "LoadHalfLifeUSec", "t", "1", "0.01 to 60 s", true },
		{ "greedy-threshold", 'g', "GreedyThreshold", "u", "1", "0 to 1024", true },
		{ "greedy-threshold-x-numa", 0, "GreedyThresholdXNuma", "u", "0", "0 to 1024",
		  true },
		{ "load-balance", 0, "LoadBalance", "b", "yes", "yes or no", true },
		{ "kthreads-local", 'k', "KthreadsLocal", "b", "no", "yes or no", true },
		{ "balanced-kworkers", 'b', "BalancedKworkers", "b", "no", "yes or no", true },
		{ "fifo-sched", 'f', "FifoSched", "b", "no", "yes or no", true },
		{ "wakeup-preemption", 0, "WakeupPreemption", "b", "no", "yes or no", true },
		{ "direct-greedy-under", 'D', "DirectGreedyUnderPercent", "d", "90", "0 to 100 %",
		  true },
		{ "kick-greedy-under", 'K', "KickGreedyUnderPercent", "d", "100", "0 to 100 %",
		  true },
		{ "direct-greedy-numa", 'r', "DirectGreedyNuma", "b", "no", "yes or no", true },
		{ "mempolicy-affinity", 0, "MempolicyAffinity", "b", "no", "yes or no", true },
		{ "perf", 0, "PerfLevel", "u", "0", "0 to 1024", true },
		{ "cache-level", 'c', "CacheLevel", "u", "3", "1 to 4", false },
		{ "cpumasks", 'C', "Cpumasks", "as", "", "disjoint sets of CPUs like 0-3,8;0xf0",
		  false },
		{ "partial", 'p', "Partial", "b", "no", "yes or no", false },
		{ "exit-dump-len", 0, "ExitDumpLen", "u", "0", "0 to 1048576", false },
	};

	_Static_assert(ARRAY_SIZE(rows) == NR_TUNABLES, "a row here for each in config/tunables.c");
	for (int id = 0; id < NR_TUNABLES; id++) {
		const struct tunable *t = &tunables[id];
		_cleanup_(freep) char *range = tunable_range_text(id);

		assert_string_equal(t->key, rows[id].key);
		assert_int_equal(t->letter, rows[id].letter);
		assert_string_equal(t->bus_name, rows[id].bus_name);
		assert_string_equal(tunable_signature(t->type), rows[id].signature);
		assert_string_equal(t->default_text, rows[id].default_text);
		assert_string_equal(range, rows[id].range);
		assert_int_equal(t->applied == APPLIED_LIVE, rows[id].live);
	}
}

static void test_names_are_unique_and_found(void **state)
{
	for (int id = 0; id < NR_TUNABLES; id++) {
		assert_int_equal(tunable_by_key(tunables[id].key), id);
		assert_int_equal(tunable_by_bus_name(tunables[id].bus_name), id);
		if (tunables[id].letter)
			assert_int_equal(tunable_by_letter(tunables[id].letter), id);
	}
}

static void test_unknown_names_are_not_found(void **state)
{
	assert_int_equal(tunable_by_key("slice"), -ENOENT);
	assert_int_equal(tunable_by_key("Interval"), -ENOENT);
	assert_int_equal(tunable_by_key(""), -ENOENT);
	assert_int_equal(tunable_by_letter('z'), -ENOENT);
	assert_int_equal(tunable_by_letter('\0'), -ENOENT);
	assert_int_equal(tunable_by_bus_name("interval"), -ENOENT);
}

static void test_nearest_key(void **state)
{
	char long_text[200];

	assert_string_equal(tunable_nearest_key("intervall"), "interval");
	assert_string_equal(tunable_nearest_key("slice_us_overutil"), "slice-us-overutil");
	assert_string_equal(tunable_nearest_key("greedy-treshold"), "greedy-threshold");
	assert_string_equal(tunable_nearest_key("greedy_threshold_x_numa"),
			    "greedy-threshold-x-numa");
	assert_string_equal(tunable_nearest_key("perf"), "perf");
	assert_null(tunable_nearest_key("colour"));
	assert_null(tunable_nearest_key("x"));
	assert_null(tunable_nearest_key(""));
	memset(long_text, 'a', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	assert_null(tunable_nearest_key(long_text));
}

/* It goes into tables of 100 columns. */
static void test_help_is_one_short_line(void **state)
{
	for (int id = 0; id < NR_TUNABLES; id++) {
		assert_in_range(strlen(tunables[id].help), 10, 60);
		assert_null(strchr(tunables[id].help, '\n'));
	}
}

static void test_unit_symbols(void **state)
{
	assert_string_equal(tunable_unit_symbol(UNIT_NONE), "");
	assert_string_equal(tunable_unit_symbol(UNIT_USEC), "us");
	assert_string_equal(tunable_unit_symbol(UNIT_SEC), "s");
	assert_string_equal(tunable_unit_symbol(UNIT_PERCENT), "%");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_as_designed),
		cmocka_unit_test(test_names_are_unique_and_found),
		cmocka_unit_test(test_unknown_names_are_not_found),
		cmocka_unit_test(test_nearest_key),
		cmocka_unit_test(test_help_is_one_short_line),
		cmocka_unit_test(test_unit_symbols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
