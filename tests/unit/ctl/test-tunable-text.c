/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/tunable-text.h"
#include "util/macro.h"

static void assert_text(const char *name, const char *json, const char *text, const char *file_json)
{
	_cleanup_(json_putp) json_object *value = json_tokener_parse(json);
	_cleanup_(json_putp) json_object *converted = tunable_json(name, value);
	_cleanup_(freep) char *found = tunable_text(name, value);

	assert_string_equal(found, text);
	assert_string_equal(json_object_to_json_string_ext(converted, JSON_C_TO_STRING_PLAIN),
			    file_json);
}

static void test_values_in_the_units_of_files(void **state)
{
	assert_text("SliceOverutilUSec", "5000", "5000", "5000");
	assert_text("BalanceIntervalUSec", "2000000", "2", "2");
	assert_text("tune-interval", "100000", "0.1", "0.1");
	assert_text("LoadBalance", "false", "no", "false");
	assert_text("GreedyThreshold", "7", "7", "7");
	assert_text("DirectGreedyUnderPercent", "33.5", "33.5", "33.5");
	assert_text("Cpumasks", "[\"0-3\",\"4-7\"]", "0-3;4-7", "[\"0-3\",\"4-7\"]");
	assert_text("Cpumasks", "[]", "", "[]");
}

static void test_what_a_newer_daemon_has(void **state)
{
	assert_text("Unheard", "12", "12", "12");
	assert_int_equal(tunable_by_name("Unheard"), -ENOENT);
}

static void test_names(void **state)
{
	for (int id = 0; id < NR_TUNABLES; id++) {
		assert_int_equal(tunable_by_name(tunables[id].key), id);
		assert_int_equal(tunable_by_name(tunables[id].bus_name), id);
	}
}

static void test_rows(void **state)
{
	_cleanup_(json_putp) json_object *all = json_tokener_parse(
		"{\"BalanceIntervalUSec\": {\"key\": \"interval\", \"type\": \"t\", \"unit\": \"us\","
		" \"min\": 100000, \"max\": 60000000},"
		" \"Unheard\": {\"key\": \"unheard\", \"type\": \"u\", \"unit\": \"m\"},"
		" \"Partial\": {\"key\": \"partial\", \"type\": \"b\", \"unit\": \"\"}}");
	static const struct {
		const char *name, *bus_name, *range, *unit;
	} cases[] = {
		{ "interval", "BalanceIntervalUSec", "0.1..60", "s" },
		{ "BalanceIntervalUSec", "BalanceIntervalUSec", "0.1..60", "s" },
		{ "unheard", "Unheard", "", "m" },
		{ "partial", "Partial", "yes|no", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *bus_name;
		json_object *row = tunable_row(all, cases[i].name, &bus_name);
		_cleanup_(freep) char *range = tunable_row_range(row);

		assert_string_equal(bus_name, cases[i].bus_name);
		assert_string_equal(range, cases[i].range);
		assert_string_equal(tunable_unit_of(row), cases[i].unit);
	}
	assert_null(tunable_row(all, "perf", NULL));
	assert_null(tunable_row(NULL, "perf", NULL));
	assert_string_equal(tunable_row_string(tunable_row(all, "unheard", NULL), "path"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_in_the_units_of_files),
		cmocka_unit_test(test_what_a_newer_daemon_has),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
