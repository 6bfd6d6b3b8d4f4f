/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/duration.h"
#include "util/macro.h"

static uint64_t parsed(const char *text)
{
	uint64_t usec = 0;

	assert_int_equal(duration_parse(text, &usec), 0);
	return usec;
}

static void test_units(void **state)
{
	assert_int_equal(parsed("60"), 60000000);
	assert_int_equal(parsed("5s"), 5000000);
	assert_int_equal(parsed("5 sec"), 5000000);
	assert_int_equal(parsed("500ms"), 500000);
	assert_int_equal(parsed("7us"), 7);
	assert_int_equal(parsed("2m"), 120000000);
	assert_int_equal(parsed("2min"), 120000000);
	assert_int_equal(parsed("1h"), 3600000000);
	assert_int_equal(parsed("1d"), 86400000000);
	assert_int_equal(parsed("0"), 0);
}

static void test_sums_and_fractions(void **state)
{
	assert_int_equal(parsed("2min 30s"), 150000000);
	assert_int_equal(parsed("1h5min"), 3900000000);
	assert_int_equal(parsed(" 1.5s "), 1500000);
	assert_int_equal(parsed("0.1"), 100000);
	assert_int_equal(parsed("0.0000019s"), 1);
	assert_int_equal(parsed("1.123456789s"), 1123456);
	assert_int_equal(parsed("2.5min"), 150000000);
}

static void test_no_durations(void **state)
{
	static const char *const texts[] = {
		"",    " ",   "s",    "soon", "5x", "-5s",     "+5s",   "1.",         ".5",
		"1.s", "5s!", "0x10", "1e3",  "5S", "1ms 500", "2 30s", "5\xc2\xb5s",
	};
	uint64_t usec;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(duration_parse(texts[i], &usec), -EINVAL);
}

static void test_too_long(void **state)
{
	uint64_t usec;

	assert_int_equal(parsed("18446744073709551615us"), UINT64_MAX);
	assert_int_equal(duration_parse("18446744073709551616us", &usec), -ERANGE);
	assert_int_equal(duration_parse("18446744073709551615s", &usec), -ERANGE);
	assert_int_equal(duration_parse("18446744073709551615us 1us", &usec), -ERANGE);
}

static void test_format(void **state)
{
	char text[DURATION_MAX];

	assert_string_equal(duration_format(0, text), "0us");
	assert_string_equal(duration_format(999, text), "999us");
	assert_string_equal(duration_format(300999, text), "300ms");
	assert_string_equal(duration_format(4200000, text), "4.2s");
	assert_string_equal(duration_format(5000000, text), "5s");
	assert_string_equal(duration_format(5099999, text), "5s");
	assert_string_equal(duration_format(59999999, text), "59.9s");
	assert_string_equal(duration_format(60000000, text), "1min");
	assert_string_equal(duration_format(61500000, text), "1min 1s");
	assert_string_equal(duration_format(3900000000, text), "1h 5min");
	assert_string_equal(duration_format(90000000000, text), "1d 1h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),        cmocka_unit_test(test_sums_and_fractions),
		cmocka_unit_test(test_no_durations), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
