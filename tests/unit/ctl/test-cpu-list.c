/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/cpu-list.h"
#include "util/macro.h"

static void test_lists(void **state)
{
	static const char *const cases[][2] = {
		{ "[]", "" },
		{ "[5]", "5" },
		{ "[0, 1]", "0-1" },
		{ "[0, 1, 2, 3, 8]", "0-3,8" },
		{ "[0, 2, 4, 5]", "0,2,4-5" },
		{ "[8191]", "8191" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(json_putp) json_object *cpus = json_tokener_parse(cases[i][0]);
		_cleanup_(freep) char *text = cpu_list_text(cpus);

		assert_string_equal(text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
