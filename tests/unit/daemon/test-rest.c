/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/rest.h"

static void a_task_rests_until_its_round(void **state)
{
	_cleanup_(rest_freep) struct rest *r = NULL;
	wd40_handle task = WD40_HANDLE(3, 5000);

	assert_int_equal(rest_new(&r), 0);
	assert_false(rest_in(r, task, 0));
	rest_until(r, task, 10);
	assert_true(rest_in(r, task, 9));
	assert_false(rest_in(r, task, 10));
}

/* Another task in the slot does not inherit it; others are not touched when the table grows. */
static void a_rest_is_one_task_s_own(void **state)
{
	_cleanup_(rest_freep) struct rest *r = NULL;

	assert_int_equal(rest_new(&r), 0);
	rest_until(r, WD40_HANDLE(3, 7), 10);
	rest_until(r, WD40_HANDLE(1, 1000000), 20);
	assert_true(rest_in(r, WD40_HANDLE(3, 7), 9));
	assert_false(rest_in(r, WD40_HANDLE(5, 7), 9));
	assert_false(rest_in(r, WD40_HANDLE(3, 8), 9));
	assert_true(rest_in(r, WD40_HANDLE(1, 1000000), 19));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_rests_until_its_round),
		cmocka_unit_test(a_rest_is_one_task_s_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
