/* SPDX-License-Identifier: GPL-2.0-only */
/* Text to value and back. */
#include "config/tunables.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/macro.h"

static struct tunable_value parse(enum tunable_id id, const char *text)
{
	struct tunable_value value = { 0 };
	char why[TUNABLE_WHY_MAX] = "";

	if (tunable_parse(id, text, &value, why) < 0)
		fail_msg("%s = \"%s\" %s", tunables[id].key, text, why);
	return value;
}

/* Refused with that error and reason, and the output untouched. */
static void refused(enum tunable_id id, const char *text, int err, const char *reason)
{
	struct tunable_value value = { .usec = 4711 };
	char why[TUNABLE_WHY_MAX] = "";
	int r = tunable_parse(id, text, &value, why);

	if (r != err || strcmp(why, reason) != 0)
		fail_msg("\"%s\": got %d \"%s\", want %d \"%s\"", text, r, why, err, reason);
	assert_int_equal(value.usec, 4711);
}

static void test_seconds(void **state)
{
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "2").usec, 2000000);
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "2.0").usec, 2000000);
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "0.1").usec, 100000);
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "60").usec, 60000000);
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "00.100000").usec, 100000);
	assert_int_equal(parse(TUNABLE_TUNE_INTERVAL, "0.01").usec, 10000);
	assert_int_equal(parse(TUNABLE_LOAD_HALF_LIFE, "1.234567").usec, 1234567);
	assert_int_equal(parse(TUNABLE_LOAD_HALF_LIFE, "0.29").usec, 290000);
}

/* Whatever the row's unit is. */
static void test_durations(void **state)
{
	assert_int_equal(parse(TUNABLE_SLICE_OVERUTIL, "4ms").usec, 4000);
	assert_int_equal(parse(TUNABLE_SLICE_OVERUTIL, "4 ms").usec, 4000);
	assert_int_equal(parse(TUNABLE_SLICE_OVERUTIL, "0.5s").usec, 500000);
	assert_int_equal(parse(TUNABLE_SLICE_OVERUTIL, "100us").usec, 100);
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "250ms").usec, 250000);
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "1min").usec, 60000000);
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, "1s 500ms").usec, 1500000);
}

static void test_bad_durations(void **state)
{
	static const char *const bad[] = { "4MS", "4 m s", "ms",    "4ms5", "4ns",
					   "1e3", "0x10",  "-4ms",  "4ms;", "4\xc2\xb5s",
					   "nan", "inf",   "4,5ms", "1.ms", "abc" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refused(TUNABLE_SLICE_OVERUTIL, bad[i], -EINVAL,
			"is neither a number nor a time like 4ms");
	refused(TUNABLE_SLICE_OVERUTIL, "2s", -ERANGE, "is out of range");
	refused(TUNABLE_SLICE_OVERUTIL, "99us", -ERANGE, "is out of range");
	refused(TUNABLE_SLICE_OVERUTIL, "99999999999999999999d", -ERANGE, "is out of range");
	refused(TUNABLE_PERF, "4ms", -EINVAL, "is not a number");
	refused(TUNABLE_DIRECT_GREEDY_UNDER, "4ms", -EINVAL, "is not a number");
}

static void test_whole_numbers(void **state)
{
	assert_int_equal(parse(TUNABLE_SLICE_OVERUTIL, "100").usec, 100);
	assert_int_equal(parse(TUNABLE_SLICE_OVERUTIL, "1000000").usec, 1000000);
	assert_int_equal(parse(TUNABLE_GREEDY_THRESHOLD, "0").u, 0);
	assert_int_equal(parse(TUNABLE_GREEDY_THRESHOLD, "010").u, 10);
	assert_int_equal(parse(TUNABLE_EXIT_DUMP_LEN, "1048576").u, 1048576);
}

static void test_percents(void **state)
{
	assert_true(parse(TUNABLE_DIRECT_GREEDY_UNDER, "33.3").percent == 33.3);
	assert_true(parse(TUNABLE_DIRECT_GREEDY_UNDER, "0").percent == 0);
	assert_true(parse(TUNABLE_DIRECT_GREEDY_UNDER, "100.000").percent == 100);
}

static void test_booleans(void **state)
{
	static const char *const yes[] = { "yes", "true", "on", "1", "YES", "True" };
	static const char *const no[] = { "no", "false", "off", "0", "No", "OFF" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(parse(TUNABLE_PARTIAL, yes[i]).b);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(parse(TUNABLE_LOAD_BALANCE, no[i]).b);
}

static void test_bad_booleans(void **state)
{
	static const char *const bad[] = { "",   "2", "y",    "maybe", "yess",
					   "01", "-", " yes", "yes ",  "nan" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refused(TUNABLE_PARTIAL, bad[i], -EINVAL, "is neither yes nor no");
}

static void test_not_numbers(void **state)
{
	static const char *const bad[] = {
		"nan", "NaN", "inf", "-inf", "infinity", "abc",      "1e3", "0x10",
		"+5",  " 5",  "5 ",  "5x",   "1,5",      "1.",       ".5",  "1.2.3",
		"-",   "--1", ".",   "1_0",  "5\n",      "\xd9\xa1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		refused(TUNABLE_BALANCE_INTERVAL, bad[i], -EINVAL,
			strpbrk(bad[i], "abcdefghijklmnopqrstuvwxyzN")
				? "is neither a number nor a time like 4ms"
				: "is not a number");
		refused(TUNABLE_DIRECT_GREEDY_UNDER, bad[i], -EINVAL, "is not a number");
		refused(TUNABLE_PERF, bad[i], -EINVAL, "is not a number");
	}
	refused(TUNABLE_BALANCE_INTERVAL, "", -EINVAL, "is empty, not a number");
}

static void test_fractions_of_whole_numbers(void **state)
{
	refused(TUNABLE_PERF, "1.5", -EINVAL, "is not a whole number");
	refused(TUNABLE_SLICE_OVERUTIL, "1000.0", -EINVAL, "is not a whole number");
}

static void test_out_of_range(void **state)
{
	refused(TUNABLE_SLICE_UNDERUTIL, "99", -ERANGE, "is out of range");
	refused(TUNABLE_SLICE_UNDERUTIL, "1000001", -ERANGE, "is out of range");
	refused(TUNABLE_BALANCE_INTERVAL, "0.0999999", -ERANGE, "is out of range");
	refused(TUNABLE_BALANCE_INTERVAL, "60.000001", -ERANGE, "is out of range");
	refused(TUNABLE_BALANCE_INTERVAL, "-1", -ERANGE, "is out of range");
	refused(TUNABLE_PERF, "-0", -ERANGE, "is out of range");
	refused(TUNABLE_PERF, "1025", -ERANGE, "is out of range");
	refused(TUNABLE_CACHE_LEVEL, "0", -ERANGE, "is out of range");
	refused(TUNABLE_CACHE_LEVEL, "5", -ERANGE, "is out of range");
	refused(TUNABLE_DIRECT_GREEDY_UNDER, "100.1", -ERANGE, "is out of range");
}

/* Nothing wraps round, whatever the number of digits. */
static void test_overflow(void **state)
{
	char text[4000];

	refused(TUNABLE_PERF, "4294967297", -ERANGE, "is out of range");
	refused(TUNABLE_SLICE_UNDERUTIL, "18446744073709552616", -ERANGE, "is out of range");
	memset(text, '9', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	refused(TUNABLE_PERF, text, -ERANGE, "is out of range");
	refused(TUNABLE_BALANCE_INTERVAL, text, -ERANGE, "is out of range");
	text[1] = '.';
	refused(TUNABLE_BALANCE_INTERVAL, text, -ERANGE, "is out of range");
	memset(text + 2, '0', 60);
	text[62] = '\0';
	assert_int_equal(parse(TUNABLE_BALANCE_INTERVAL, text).usec, 9000000);
}

static void test_lists(void **state)
{
	struct tunable_value value = parse(TUNABLE_CPUMASKS, " 0xf ; 4-6,8");

	assert_string_equal(value.list, "0-3;4-6,8");
	tunable_value_done(TUNABLE_CPUMASKS, &value);
	value = parse(TUNABLE_CPUMASKS, "");
	assert_string_equal(value.list, "");
	tunable_value_done(TUNABLE_CPUMASKS, &value);
	refused(TUNABLE_CPUMASKS, "0-3;2", -EEXIST, "has CPU 2 in two sets");
}

static void formats(enum tunable_id id, const char *text, const char *expected)
{
	struct tunable_value value = parse(id, text);
	_cleanup_(freep) char *formatted = tunable_format(id, &value);

	assert_string_equal(formatted, expected);
	tunable_value_done(id, &value);
}

static void test_format(void **state)
{
	formats(TUNABLE_BALANCE_INTERVAL, "2.000", "2");
	formats(TUNABLE_BALANCE_INTERVAL, "0.1", "0.1");
	formats(TUNABLE_BALANCE_INTERVAL, "10.000001", "10.000001");
	formats(TUNABLE_TUNE_INTERVAL, "0.05", "0.05");
	formats(TUNABLE_SLICE_OVERUTIL, "1000", "1000");
	formats(TUNABLE_DIRECT_GREEDY_UNDER, "0", "0");
	formats(TUNABLE_DIRECT_GREEDY_UNDER, "33.30", "33.3");
	formats(TUNABLE_PARTIAL, "on", "yes");
	formats(TUNABLE_PARTIAL, "0", "no");
	formats(TUNABLE_CPUMASKS, "0-1;2", "0-1;2");
}

static void test_defaults_are_in_canonical_form(void **state)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		formats(id, tunables[id].default_text, tunables[id].default_text);
}

static void test_refused_values_can_be_shown(void **state)
{
	struct tunable_value value = { .percent = NAN };
	_cleanup_(freep) char *nan_text = tunable_format(TUNABLE_DIRECT_GREEDY_UNDER, &value);
	_cleanup_(freep) char *large = NULL;
	_cleanup_(freep) char *usec = NULL;

	assert_non_null(strstr(nan_text, "nan"));
	value.percent = -1e300;
	large = tunable_format(TUNABLE_DIRECT_GREEDY_UNDER, &value);
	assert_string_equal(large, "-1e+300");
	value.usec = UINT64_MAX;
	usec = tunable_format(TUNABLE_BALANCE_INTERVAL, &value);
	assert_string_equal(usec, "18446744073709.551615");
}

static int normalize(enum tunable_id id, struct tunable_value value)
{
	struct tunable_value ret = { 0 };
	char why[TUNABLE_WHY_MAX] = "";
	int r = tunable_normalize(id, &value, &ret, why);

	if (r == 0)
		assert_true(tunable_value_equal(id, &value, &ret));
	assert_int_equal(r < 0, why[0] != '\0');
	return r;
}

static void test_normalize_numbers(void **state)
{
	assert_int_equal(normalize(TUNABLE_PERF, (struct tunable_value){ .u = 1024 }), 0);
	assert_int_equal(normalize(TUNABLE_PERF, (struct tunable_value){ .u = 1025 }), -ERANGE);
	assert_int_equal(normalize(TUNABLE_PARTIAL, (struct tunable_value){ .b = true }), 0);
	assert_int_equal(
		normalize(TUNABLE_BALANCE_INTERVAL, (struct tunable_value){ .usec = 100000 }), 0);
	assert_int_equal(normalize(TUNABLE_BALANCE_INTERVAL,
				   (struct tunable_value){ .usec = 99999 }),
			 -ERANGE);
	assert_int_equal(normalize(TUNABLE_BALANCE_INTERVAL,
				   (struct tunable_value){ .usec = UINT64_MAX }),
			 -ERANGE);
}

static void test_normalize_percents(void **state)
{
	static const struct {
		double percent;
		int err;
	} cases[] = {
		{ 0, 0 },           { 100, 0 },       { 12.5, 0 },           { -1, -ERANGE },
		{ 100.1, -ERANGE }, { NAN, -EINVAL }, { INFINITY, -ERANGE }, { -INFINITY, -ERANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tunable_value value = { .percent = cases[i].percent };

		assert_int_equal(normalize(TUNABLE_KICK_GREEDY_UNDER, value), cases[i].err);
	}
}

static void test_normalize_lists(void **state)
{
	char text[] = "0x3;2";
	struct tunable_value value = { .list = text }, ret;
	char why[TUNABLE_WHY_MAX] = "";

	assert_int_equal(tunable_normalize(TUNABLE_CPUMASKS, &value, &ret, why), 0);
	assert_string_equal(ret.list, "0-1;2");
	tunable_value_done(TUNABLE_CPUMASKS, &ret);
	text[2] = 'g';
	assert_int_equal(tunable_normalize(TUNABLE_CPUMASKS, &value, &ret, why), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_bad_durations),
		cmocka_unit_test(test_whole_numbers),
		cmocka_unit_test(test_percents),
		cmocka_unit_test(test_booleans),
		cmocka_unit_test(test_bad_booleans),
		cmocka_unit_test(test_not_numbers),
		cmocka_unit_test(test_fractions_of_whole_numbers),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_defaults_are_in_canonical_form),
		cmocka_unit_test(test_refused_values_can_be_shown),
		cmocka_unit_test(test_normalize_numbers),
		cmocka_unit_test(test_normalize_percents),
		cmocka_unit_test(test_normalize_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
