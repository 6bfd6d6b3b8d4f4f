/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/refusal.h"

static void test_text_is_cut_inside_a_character(void **state)
{
	struct refusal refusal;

	assert_int_equal(refuse(&refusal, REFUSED_BUSY, "%.3s: no", "ab\xc3\xa4"), -EINVAL);
	assert_string_equal(refusal.message, "ab?: no");
	assert_int_equal(refusal.kind, REFUSED_BUSY);
}

static void test_text_is_too_long(void **state)
{
	char name[sizeof(((struct refusal *)NULL)->message) + 2];
	struct refusal refusal;

	/* The last byte that fits is the first of two. */
	memset(name, 'a', sizeof(name));
	strcpy(name + sizeof(refusal.message) - 2, "\xc3\xa4");
	refuse(&refusal, REFUSED_INVALID, "%s", name);
	assert_int_equal(strlen(refusal.message), sizeof(refusal.message) - 1);
	assert_string_equal(refusal.message + sizeof(refusal.message) - 3, "a?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_cut_inside_a_character),
		cmocka_unit_test(test_text_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
