/* SPDX-License-Identifier: GPL-2.0-only */
/* Fields of events. */
#include "daemon/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_author(void **state)
{
	const struct config_author all = { .uid = 7, .unit = "a.service", .reason = "why = not" };
	const struct config_author bare = { .uid = 0 };
	_cleanup_(event_done) struct event e = { 0 }, f = { 0 };

	event_add_author(&e, &all);
	assert_int_equal(e.n, 3);
	assert_string_equal(e.fields[0], "WD40_UID=7");
	assert_string_equal(e.fields[1], "WD40_UNIT=a.service");
	assert_string_equal(e.fields[2], "WD40_REASON=why = not");
	assert_null(e.fields[3]);
	event_add_author(&f, &bare);
	assert_int_equal(f.n, 1);
	event_done(&f);
}

static void test_too_many_are_left_out(void **state)
{
	_cleanup_(event_done) struct event e = { 0 };

	for (int i = 0; i < 2 * EVENT_FIELDS_MAX; i++)
		event_add(&e, "WD40_N=%d", i);
	assert_int_equal(e.n, EVENT_FIELDS_MAX);
	assert_null(e.fields[EVENT_FIELDS_MAX]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_author),
		cmocka_unit_test(test_too_many_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
