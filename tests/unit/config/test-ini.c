/* SPDX-License-Identifier: GPL-2.0-only */
/* INI text as items with line numbers, good and bad. */
#include "config/ini.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

/* Writes items as "3 [section] key=value"; "3!" is a bad line, and a '~' ends a cut value. */
static int print_item(const struct ini_item *item, void *userdata)
{
	FILE *f = userdata;

	if (item->kind == INI_SECTION)
		fprintf(f, "%u [%s]\n", item->line, item->section);
	else if (item->kind == INI_VALUE)
		fprintf(f, "%u [%s] %s=%s%s\n", item->line, item->section, item->key, item->value,
			item->cut ? "~" : "");
	else
		fprintf(f, "%u! %.20s\n", item->line, item->value);
	return 0;
}

static void parses(const char *text, const char *expected)
{
	_cleanup_(freep) char *items = NULL;
	size_t size;
	FILE *f = open_memstream(&items, &size);

	assert_int_equal(ini_parse(text, print_item, f), 0);
	fclose(f);
	assert_string_equal(items, expected);
}

static void test_sections_and_values(void **state)
{
	parses("[a]\nx = 1\ny=2\n\n[b]\nz =3", "1 [a]\n2 [a] x=1\n3 [a] y=2\n5 [b]\n6 [b] z=3\n");
}

static void test_nothing(void **state)
{
	parses("", "");
	parses("\n\n \t\n", "");
	parses("# x = 1\n; [a]\n   # y", "");
}

static void test_names_are_in_lower_case(void **state)
{
	parses("[ WD40d ]\nInterval = ON\n", "1 [wd40d]\n2 [wd40d] interval=ON\n");
}

static void test_before_any_section(void **state)
{
	parses("x = 1\n", "1 [] x=1\n");
}

static void test_comments_behind_values(void **state)
{
	parses("x = 1 # one\ny = 2 ; two\n", "1 [] x=1\n2 [] y=2~\n");
	parses("x = 1 # one; more\n", "1 [] x=1\n");
	parses("x = 0-3;4-7\n", "1 [] x=0-3~\n");
}

static void test_quotes(void **state)
{
	parses("x = \"0-3;4-7\" ; two\n", "1 [] x=0-3;4-7\n");
	parses("x = '0-3;4-7'\n", "1 [] x=0-3;4-7\n");
	parses("x = \" a # b\"\n", "1 [] x= a # b\n");
}

static void test_empty_values(void **state)
{
	parses("x =\ny=\nz = \"\"\nu = ;\nv = #\n",
	       "1 [] x=\n2 [] y=\n3 [] z=\n4 [] u=~\n5 [] v=\n");
}

static void test_twice(void **state)
{
	parses("[a]\nx = 1\nx = 2\n[a]\nX = 3\n",
	       "1 [a]\n2 [a] x=1\n3 [a] x=2\n4 [a]\n5 [a] x=3\n");
}

static void test_bad_lines_cost_only_themselves(void **state)
{
	parses("[a]\nnonsense\n= 5\n[b\n[c] x\nq\nx = 1\nz",
	       "1 [a]\n2! nonsense\n3! = 5\n4! [b\n5! [c] x\n6! q\n7 [a] x=1\n8! z\n");
}

static void test_carriage_returns(void **state)
{
	parses("[a]\r\nx = 1\r\n", "1 [a]\n2 [a] x=1\n");
}

static void test_continued_lines(void **state)
{
	parses("[a]\nx = 1,\\\n2,\\  \n3\ny = 4\n", "1 [a]\n2 [a] x=1,2,3\n5 [a] y=4\n");
	parses("# comment \\\nx = 1\ny = 2\n", "3 [] y=2\n");
}

static void test_continued_beyond_the_end(void **state)
{
	parses("x = 1\\", "1! x = 1\\\n");
	parses("y = 2\nx = 1\\\n", "1 [] y=2\n2! x = 1\\\n");
}

static void long_line(size_t length, const char *expected)
{
	_cleanup_(freep) char *text = calloc(1, length + sizeof("\ny = 2\n"));

	memset(text, 'a', length);
	memcpy(text, "x = ", 4);
	strcpy(text + length, "\ny = 2\n");
	if (expected) {
		parses(text, expected);
	} else {
		char items[INI_LINE_MAX + 100];

		snprintf(items, sizeof(items), "1 [] x=%.*s\n2 [] y=2\n", (int)length - 4,
			 text + 4);
		parses(text, items);
	}
}

static void test_long_lines(void **state)
{
	long_line(INI_LINE_MAX, NULL);
	long_line(INI_LINE_MAX + 1, "1! x = aaaaaaaaaaaaaaaa\n2 [] y=2\n");
	long_line(60000, "1! x = aaaaaaaaaaaaaaaa\n2 [] y=2\n");
}

static void test_long_section(void **state)
{
	char text[INI_LINE_MAX + 1], expected[INI_LINE_MAX + 10];

	memset(text, 'a', INI_LINE_MAX);
	text[0] = '[';
	text[INI_LINE_MAX - 1] = ']';
	text[INI_LINE_MAX] = '\0';
	snprintf(expected, sizeof(expected), "1 %s\n", text);
	parses(text, expected);
}

static void test_odd_sections(void **state)
{
	parses("[]\nx = 1\n[a:b]\ny = 1\n", "1 []\n2 [] x=1\n3 [a:b]\n4 [a:b] y=1\n");
}

static int stop(const struct ini_item *item, void *userdata)
{
	return item->line == 2 ? -ENOMEM : 0;
}

static void test_callback_stops(void **state)
{
	assert_int_equal(ini_parse("x = 1\ny = 1\n", stop, NULL), -ENOMEM);
	assert_int_equal(ini_parse("x = 1\n\ny = 1\n", stop, NULL), 0);
}

static int touch(const struct ini_item *item, void *userdata)
{
	size_t *sum = userdata;

	*sum += strlen(item->section) + strlen(item->key) + strlen(item->value) + item->line;
	return 0;
}

/* Garbage made of what means something, under the sanitizers. */
static void test_garbage(void **state)
{
	static const char alphabet[] = "[]=;#\\\"'\n\n\r\t :abxX1\x01\xff%";
	char text[200];
	size_t sum = 0;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t length = (size_t)rand() % sizeof(text);

		for (size_t i = 0; i < length; i++)
			text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		text[length ? length - 1 : 0] = '\0';
		assert_int_equal(ini_parse(text, touch, &sum), 0);
	}
	assert_int_not_equal(sum, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections_and_values),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_names_are_in_lower_case),
		cmocka_unit_test(test_before_any_section),
		cmocka_unit_test(test_comments_behind_values),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_empty_values),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_bad_lines_cost_only_themselves),
		cmocka_unit_test(test_carriage_returns),
		cmocka_unit_test(test_continued_lines),
		cmocka_unit_test(test_continued_beyond_the_end),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_long_section),
		cmocka_unit_test(test_odd_sections),
		cmocka_unit_test(test_callback_stops),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
