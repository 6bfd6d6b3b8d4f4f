/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/output.h"

static const struct column columns[] = { { "NAME" }, { "VALUE", true }, { "UNIT" } };

static void add_row(struct table *t, const char *name, const char *value, const char *unit)
{
	table_cell(t, "%s", name);
	table_cell(t, "%s", value);
	table_cell(t, "%s", unit);
}

static void assert_prints(const struct table *t, bool titles, const char *expected)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(table_print(t, f, titles), 0);
	fclose(f);
	assert_string_equal(text, expected);
}

static void test_is_aligned(void **state)
{
	_cleanup_(table_freep) struct table *t = table_new(columns, 3);

	add_row(t, "perf", "7", "");
	add_row(t, "slice-us", "20000", "us");
	assert_prints(t, true,
		      "NAME      VALUE  UNIT\n"
		      "perf          7  -\n"
		      "slice-us  20000  us\n");
	assert_prints(t, false,
		      "perf          7  -\n"
		      "slice-us  20000  us\n");
}

static void test_width_is_that_of_characters(void **state)
{
	_cleanup_(table_freep) struct table *t = table_new(columns, 3);

	add_row(t, "m\xc3\xbcller", "1", "s");
	add_row(t, "muller", "1", "s");
	assert_prints(t, false,
		      "m\xc3\xbcller  1  s\n"
		      "muller  1  s\n");
}

static void test_no_rows(void **state)
{
	_cleanup_(table_freep) struct table *t = table_new(columns, 3);

	assert_prints(t, true, "NAME  VALUE  UNIT\n");
	assert_prints(t, false, "");
	table_cell(t, "half a row");
	assert_prints(t, false, "");
}

static void test_many_rows(void **state)
{
	_cleanup_(table_freep) struct table *t = table_new(columns, 1);
	_cleanup_(freep) char *text = NULL;
	size_t size, lines = 0;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < 1000; i++)
		table_cell(t, "%d", i);
	assert_int_equal(table_print(t, f, false), 0);
	fclose(f);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	assert_int_equal(lines, 1000);
}

static void test_json_on_one_line(void **state)
{
	_cleanup_(json_putp) json_object *object = json_tokener_parse("{\"a\": [1, \"/x\"]}");
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	output_json_line(f, object);
	output_json_line(f, NULL);
	fclose(f);
	assert_string_equal(text, "{ \"a\": [ 1, \"/x\" ] }\nnull\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_aligned),
		cmocka_unit_test(test_width_is_that_of_characters),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_json_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
