/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/report-kinds.h"

static void tasks_of_a_kind_differ_in_their_number(void **state)
{
	struct kinds kinds = { 0 };

	assert_ptr_equal(kinds_get(&kinds, "hog-3"), kinds_get(&kinds, "hog-15"));
	assert_ptr_equal(kinds_get(&kinds, "hog-3"), kinds_get(&kinds, "hog"));
	assert_ptr_not_equal(kinds_get(&kinds, "hog-3"), kinds_get(&kinds, "hogs-3"));
	assert_ptr_not_equal(kinds_get(&kinds, "ho-1"), kinds_get(&kinds, "hog-1"));
	assert_ptr_not_equal(kinds_get(&kinds, "a-b-1"), kinds_get(&kinds, "a-c-1"));
	kinds_done(&kinds);
}

static void other_names_are_kinds_of_their_own(void **state)
{
	static const char *const names[] = { "-", "-7", "7", "x7", "x-", "" };
	struct kinds kinds = { 0 };

	for (u32 i = 0; i < 6; i++)
		assert_string_equal(kinds_get(&kinds, names[i])->name, names[i]);
	assert_int_equal(kinds.nr, 6);
	kinds_done(&kinds);
}

static void kinds_are_sorted_by_name(void **state)
{
	static const char *const names[] = { "m-1", "z-1", "a-1", "n-1", "b-1" };
	struct kinds kinds = { 0 };

	for (u32 i = 0; i < 5; i++)
		kinds_get(&kinds, names[i]);
	for (u32 i = 1; i < kinds.nr; i++)
		assert_true(strcmp(kinds.sorted[i - 1]->name, kinds.sorted[i]->name) < 0);
	kinds_done(&kinds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_of_a_kind_differ_in_their_number),
		cmocka_unit_test(other_names_are_kinds_of_their_own),
		cmocka_unit_test(kinds_are_sorted_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
