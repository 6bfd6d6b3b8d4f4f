/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/text.h"

/* What becomes of the text in a buffer of size bytes, copied and in place. */
static void assert_copy(size_t size, const char *text, const char *expected)
{
	char copy[64], same[64];

	memset(copy, 'X', sizeof(copy));
	text_copy_printable(copy, size, text);
	assert_string_equal(copy, expected);
	strcpy(same, text);
	text_copy_printable(same, size, same);
	assert_string_equal(same, expected);
}

static void test_text_stays(void **state)
{
	assert_copy(64, "", "");
	assert_copy(64, "plain ~!", "plain ~!");
	assert_copy(64, "f\xc3\xbcr \xe2\x82\xac \xf0\x9f\x8d\xba",
		    "f\xc3\xbcr \xe2\x82\xac \xf0\x9f\x8d\xba");
	assert_copy(64, "\xc2\xa0\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
		    "\xc2\xa0\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
}

static void test_control_characters(void **state)
{
	assert_copy(64, "a\tb\nc\x1b[31m\x7f", "a?b?c?[31m?");
	assert_copy(64, "\xc2\x80-\xc2\x9b-\xc2\x9f", "?-?-?");
	/* U+2029 breaks a line, U+202E turns it round, U+2066 too, U+200B is not seen */
	assert_copy(64, "\xe2\x80\xa9-\xe2\x80\xae-\xe2\x81\xa6-\xe2\x80\x8b", "?-?-?-?");
}

static void test_what_is_no_utf8(void **state)
{
	assert_copy(64, "\xff\xc3z\xbc", "??z?");
	assert_copy(64, "cut \xe2\x82", "cut ??");
	assert_copy(64, "\xc0\xaf\xe0\x9f\xbf\xf0\x8f\xbf\xbf",
		    "?????????");                                        /* longer than needed */
	assert_copy(64, "\xed\xa0\x80\xf4\x90\x80\x80\xf8", "????????"); /* none such */
}

static void test_whole_characters_fit(void **state)
{
	assert_copy(4, "abcd", "abc");
	assert_copy(4, "ab\xc3\xbc", "ab");
	assert_copy(5, "ab\xc3\xbc", "ab\xc3\xbc");
	assert_copy(4, "ab\xc2\x9b-", "ab?");
	assert_copy(1, "a", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_stays),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_what_is_no_utf8),
		cmocka_unit_test(test_whole_characters_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
