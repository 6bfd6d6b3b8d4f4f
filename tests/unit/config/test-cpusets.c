/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU sets as text. */
#include "config/cpusets.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/macro.h"

static void test_good_sets(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "  ", "" },
		{ "0", "0" },
		{ "0-3", "0-3" },
		{ "8,0-3", "0-3,8" },
		{ "0,1,2,3,5", "0-3,5" },
		{ "0-3,2-5", "0-5" },
		{ "0-3,8;4-7", "0-3,8;4-7" },
		{ "7;0-6", "7;0-6" },
		{ " 0 ; 1\t", "0;1" },
		{ "8191", "8191" },
		{ "0-8191", "0-8191" },
		{ "0xff", "0-7" },
		{ "0XFf", "0-7" },
		{ "0x5", "0,2" },
		{ "0xf0;0xf", "4-7;0-3" },
		{ "0x1,00000000", "32" },
		{ "0xf,f", "0-3,32-35" },
		{ "0x100000000", "32" },
		{ "0x00000000,00000001", "0" },
		{ "010", "10" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *sets = NULL;
		char why[TUNABLE_WHY_MAX] = "";

		if (cpusets_normalize(cases[i][0], &sets, why) < 0)
			fail_msg("\"%s\" %s", cases[i][0], why);
		assert_string_equal(sets, cases[i][1]);
	}
}

static void refused(const char *text, int err, const char *reason)
{
	char why[TUNABLE_WHY_MAX] = "", *sets = (char *)"untouched";
	int r = cpusets_normalize(text, &sets, why);

	if (r != err || strcmp(why, reason) != 0)
		fail_msg("\"%s\": got %d \"%s\", want %d \"%s\"", text, r, why, err, reason);
	assert_string_equal(sets, "untouched");
}

static void test_bad_syntax(void **state)
{
	static const char *const bad[] = {
		"a",   "0-",   "-3",   "3-1",    "0,,1", "0,",    ",0",    "0 1",           "0x",
		"0xg", "0x,1", "0x1,", "0x1,,1", "f",    "1;2;x", "0-1-2", "0x1,123456789", "\xff",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refused(bad[i], -EINVAL, "has a set that is no CPU list and no mask");
}

static void test_empty_sets(void **state)
{
	static const char *const bad[] = { ";", "0-3;", ";0-3", "0;;1", "0; ;1", "0x0", "0;0x0" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refused(bad[i], -EINVAL, "has an empty set");
}

static void test_overlap_names_the_cpu(void **state)
{
	refused("0-3;2-5", -EEXIST, "has CPU 2 in two sets");
	refused("0-3;4-7;0x80", -EEXIST, "has CPU 7 in two sets");
	refused("8191;8191", -EEXIST, "has CPU 8191 in two sets");
}

static void test_ids_too_high(void **state)
{
	char mask[2 + CPUSETS_MAX_CPUS / 4 + 2] = "0x1";

	refused("8192", -ERANGE, "has a CPU id above 8191");
	refused("0-8192", -ERANGE, "has a CPU id above 8191");
	refused("99999999999999999999999", -ERANGE, "has a CPU id above 8191");
	memset(mask + 3, '0', CPUSETS_MAX_CPUS / 4);
	refused(mask, -ERANGE, "has a CPU id above 8191");
}

static void test_longest_mask(void **state)
{
	char mask[2 + 1 + CPUSETS_MAX_CPUS / 4 + 1] = "0x08";
	_cleanup_(freep) char *sets = NULL;
	char why[TUNABLE_WHY_MAX] = "";

	memset(mask + 4, '0', CPUSETS_MAX_CPUS / 4 - 1);
	assert_int_equal(cpusets_normalize(mask, &sets, why), 0);
	assert_string_equal(sets, "8191");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_sets),    cmocka_unit_test(test_bad_syntax),
		cmocka_unit_test(test_empty_sets),   cmocka_unit_test(test_overlap_names_the_cpu),
		cmocka_unit_test(test_ids_too_high), cmocka_unit_test(test_longest_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
