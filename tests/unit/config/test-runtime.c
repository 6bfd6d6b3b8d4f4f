/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking runtime values back, and knowing which of them a restart would change. */
#include "config/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct config_author author = { 1000, "session-1.scope", "why" };

static int new_config(void **state)
{
	return config_new("/nowhere/at/all", (struct config **)state);
}

static int free_config(void **state)
{
	config_free(*state);
	return 0;
}

static void set_slices(struct config *c, uint64_t underutil_us, uint64_t overutil_us)
{
	const struct config_change changes[] = {
		{ TUNABLE_SLICE_UNDERUTIL, { .usec = underutil_us } },
		{ TUNABLE_SLICE_OVERUTIL, { .usec = overutil_us } },
	};
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, changes, 2, &author, &p), 0);
}

#define SLICES (TUNABLE_BIT(TUNABLE_SLICE_UNDERUTIL) | TUNABLE_BIT(TUNABLE_SLICE_OVERUTIL))

static void test_reset(void **state)
{
	struct config *c = *state;
	struct config_problem p;

	set_slices(c, 60000, 50000);
	assert_true(config_runtime(c) == SLICES);
	assert_int_equal(config_reset_runtime(c, SLICES, &p), 0);
	assert_int_equal(config_values(c)->values[TUNABLE_SLICE_OVERUTIL].usec, 1000);
	assert_int_equal(config_origin(c, TUNABLE_SLICE_OVERUTIL).layer, LAYER_DEFAULT);
	assert_true(config_runtime(c) == 0);
}

static void test_reset_keeps_the_rules(void **state)
{
	struct config *c = *state;
	struct config_problem p;

	set_slices(c, 60000, 50000);
	assert_int_equal(config_reset_runtime(c, TUNABLE_BIT(TUNABLE_SLICE_UNDERUTIL), &p),
			 -EINVAL);
	assert_int_equal(p.error, CONFIG_CONFLICT);
	assert_int_equal(config_values(c)->values[TUNABLE_SLICE_UNDERUTIL].usec, 60000);
	assert_true(config_runtime(c) == SLICES);
}

static void test_reset_of_what_is_not_set(void **state)
{
	struct config_problem p;

	assert_int_equal(config_reset_runtime(*state, ~UINT64_C(0), &p), 0);
}

static void test_unsaved_are_those_that_differ(void **state)
{
	struct config *c = *state;

	set_slices(c, 20000, 2000);
	assert_true(config_runtime(c) == SLICES);
	assert_true(config_unsaved(c) == TUNABLE_BIT(TUNABLE_SLICE_OVERUTIL));
}

static void test_memory_goes_back_and_forth(void **state)
{
	_cleanup_(config_memory_freep) struct config_memory *memory = NULL;
	const struct config_change sets = { TUNABLE_CPUMASKS, { .list = (char *)"0;1" } };
	struct config *c = *state;
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, &sets, 1, &author, &p), 0);
	set_slices(c, 7000, 6000);
	assert_int_equal(config_remember(c, &memory), 0);
	set_slices(c, 5000, 4000);
	assert_int_equal(config_reset_runtime(c, TUNABLE_BIT(TUNABLE_CPUMASKS), &p), 0);
	config_swap(c, memory);
	assert_int_equal(config_values(c)->values[TUNABLE_SLICE_OVERUTIL].usec, 6000);
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "0;1");
	assert_string_equal(config_origin(c, TUNABLE_CPUMASKS).unit, "session-1.scope");
	config_swap(c, memory);
	assert_int_equal(config_values(c)->values[TUNABLE_SLICE_OVERUTIL].usec, 4000);
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "");
}

#define config_test(name) cmocka_unit_test_setup_teardown(name, new_config, free_config)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		config_test(test_reset),
		config_test(test_reset_keeps_the_rules),
		config_test(test_reset_of_what_is_not_set),
		config_test(test_unsaved_are_those_that_differ),
		config_test(test_memory_goes_back_and_forth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
