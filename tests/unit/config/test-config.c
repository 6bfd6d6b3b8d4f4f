/* SPDX-License-Identifier: GPL-2.0-only */
/* The layers above the files: options and runtime changes. */
#include "config/config.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct config_author root = { .uid = 0 };
static const struct config_author user = { 4711, "session-1.scope", "to try it" };

static int new_config(void **state)
{
	return config_new("/nowhere/at/all", (struct config **)state);
}

static int free_config(void **state)
{
	config_free(*state);
	return 0;
}

static void test_defaults(void **state)
{
	const struct config *c = *state;

	for (int id = 0; id < NR_TUNABLES; id++) {
		_cleanup_(freep) char *text = tunable_format(id, &config_values(c)->values[id]);

		assert_string_equal(text, tunables[id].default_text);
		assert_int_equal(config_origin(c, id).layer, LAYER_DEFAULT);
	}
	assert_null(config_files(c)[0]);
	assert_null(config_free(NULL));
}

static void test_layer_names(void **state)
{
	assert_string_equal(config_layer_name(LAYER_DEFAULT), "default");
	assert_string_equal(config_layer_name(LAYER_FILE), "file");
	assert_string_equal(config_layer_name(LAYER_COMMAND_LINE), "command-line");
	assert_string_equal(config_layer_name(LAYER_RUNTIME), "runtime");
}

static void test_option(void **state)
{
	struct config *c = *state;
	struct config_problem p;

	assert_int_equal(config_set_option(c, TUNABLE_CPUMASKS, "0;1", &p), 0);
	assert_int_equal(config_set_option(c, TUNABLE_CPUMASKS, "2;3", &p), 0);
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "2;3");
	assert_int_equal(config_origin(c, TUNABLE_CPUMASKS).layer, LAYER_COMMAND_LINE);
}

static void test_bad_option_changes_nothing(void **state)
{
	struct config *c = *state;
	struct config_problem p;

	assert_int_equal(config_set_option(c, TUNABLE_PERF, "5", &p), 0);
	assert_int_equal(config_set_option(c, TUNABLE_PERF, "1025", &p), -EINVAL);
	assert_int_equal(p.error, CONFIG_OUT_OF_RANGE);
	assert_string_equal(p.path, "");
	assert_string_equal(p.key, "perf");
	assert_string_equal(p.value, "1025");
	assert_string_equal(p.message, "perf: \"1025\" is out of range (allowed: 0 to 1024)");
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 5);
}

static void test_options_that_conflict(void **state)
{
	struct config *c = *state;
	struct config_problem p;

	assert_int_equal(config_check(c, &p), 0);
	assert_int_equal(config_set_option(c, TUNABLE_SLICE_UNDERUTIL, "500", &p), 0);
	assert_int_equal(config_check(c, &p), -EINVAL);
	assert_int_equal(p.error, CONFIG_CONFLICT);
	assert_string_equal(p.key, "slice-us-underutil");
	assert_string_equal(p.message, "slice-us-underutil: slice-us-underutil = 500 us must not be"
				       " less than slice-us-overutil = 1000 us");
	assert_int_equal(config_set_option(c, TUNABLE_SLICE_OVERUTIL, "500", &p), 0);
	assert_int_equal(config_check(c, &p), 0);
}

static void test_conflict_is_told_of_the_option(void **state)
{
	struct config *c = *state;
	struct config_problem p;

	assert_int_equal(config_set_option(c, TUNABLE_BALANCE_INTERVAL, "0.1", &p), 0);
	assert_int_equal(config_check(c, &p), 0);
	assert_int_equal(config_set_option(c, TUNABLE_SLICE_OVERUTIL, "30000", &p), 0);
	assert_int_equal(config_check(c, &p), -EINVAL);
	assert_string_equal(p.key, "slice-us-overutil");
	assert_string_equal(p.value, "30000 us");
}

static void test_runtime_change(void **state)
{
	struct config *c = *state;
	char list[] = "0x1;0x2";
	const struct config_change changes[] = {
		{ .id = TUNABLE_CPUMASKS, .value.list = list },
		{ .id = TUNABLE_DIRECT_GREEDY_UNDER, .value.percent = 12.5 },
		{ .id = TUNABLE_LOAD_BALANCE, .value.b = false },
	};
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, changes, 3, &user, &p), 0);
	list[2] = '9';
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "0;1");
	assert_true(config_values(c)->values[TUNABLE_DIRECT_GREEDY_UNDER].percent == 12.5);
	assert_false(config_values(c)->values[TUNABLE_LOAD_BALANCE].b);
	assert_int_equal(config_origin(c, TUNABLE_LOAD_BALANCE).layer, LAYER_RUNTIME);
	assert_int_equal(config_origin(c, TUNABLE_LOAD_BALANCE).uid, 4711);
	assert_string_equal(config_origin(c, TUNABLE_LOAD_BALANCE).unit, "session-1.scope");
	assert_string_equal(config_origin(c, TUNABLE_LOAD_BALANCE).reason, "to try it");
	assert_int_equal(config_origin(c, TUNABLE_PERF).layer, LAYER_DEFAULT);
}

static void test_all_or_nothing(void **state)
{
	struct config *c = *state;
	const struct config_change changes[] = {
		{ .id = TUNABLE_PERF, .value.u = 5 },
		{ .id = TUNABLE_CACHE_LEVEL, .value.u = 9 },
	};
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, changes, 2, &root, &p), -EINVAL);
	assert_int_equal(p.error, CONFIG_OUT_OF_RANGE);
	assert_string_equal(p.message, "cache-level: \"9\" is out of range (allowed: 1 to 4)");
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 0);
}

static void refused(struct config *c, struct config_change change, enum config_error error,
		    const char *message)
{
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, &change, 1, &root, &p), -EINVAL);
	assert_int_equal(p.error, error);
	assert_string_equal(p.message, message);
	assert_string_equal(p.key, tunables[change.id].key);
}

static void test_refused_changes(void **state)
{
	struct config *c = *state;

	refused(c, (struct config_change){ TUNABLE_KICK_GREEDY_UNDER, { .percent = NAN } },
		CONFIG_WRONG_TYPE,
		"kick-greedy-under: \"nan %\" is not a number (allowed: 0 to 100 %)");
	refused(c, (struct config_change){ TUNABLE_BALANCE_INTERVAL, { .usec = 50 } },
		CONFIG_OUT_OF_RANGE,
		"interval: \"0.00005 s\" is out of range (allowed: 0.1 to 60 s)");
	refused(c, (struct config_change){ TUNABLE_CPUMASKS, { .list = (char *)"0;0" } },
		CONFIG_CONFLICT,
		"cpumasks: \"0;0\" has CPU 0 in two sets"
		" (allowed: disjoint sets of CPUs like 0-3,8;0xf0)");
	refused(c, (struct config_change){ TUNABLE_TUNE_INTERVAL, { .usec = 5000000 } },
		CONFIG_CONFLICT,
		"tune-interval: tune-interval = 5 s must not be longer than interval = 2 s");
}

/* The rules hold for the result: two values that only fit together are taken together. */
static void test_rules_hold_for_the_result(void **state)
{
	struct config *c = *state;
	const struct config_change changes[] = {
		{ .id = TUNABLE_SLICE_OVERUTIL, .value.usec = 50000 },
		{ .id = TUNABLE_SLICE_UNDERUTIL, .value.usec = 60000 },
	};
	const struct config_change too_long = { TUNABLE_SLICE_OVERUTIL, { .usec = 70000 } };
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, changes, 1, &root, &p), -EINVAL);
	assert_int_equal(p.error, CONFIG_CONFLICT);
	assert_string_equal(p.key, "slice-us-overutil");
	assert_string_equal(p.message,
			    "slice-us-overutil: slice-us-underutil = 20000 us must not be"
			    " less than slice-us-overutil = 50000 us");
	assert_int_equal(config_set_runtime(c, changes, 2, &root, &p), 0);
	assert_int_equal(config_set_runtime(c, changes, 1, &root, &p), 0);
	assert_int_equal(config_set_runtime(c, &too_long, 1, &root, &p), -EINVAL);
	assert_string_equal(p.key, "slice-us-overutil"); /* the one that was asked for */
}

static void test_last_of_two_changes_counts(void **state)
{
	struct config *c = *state;
	const struct config_change changes[] = {
		{ .id = TUNABLE_CPUMASKS, .value.list = (char *)"0" },
		{ .id = TUNABLE_CPUMASKS, .value.list = (char *)"1" },
	};
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, changes, 2, &root, &p), 0);
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "1");
}

static void test_runtime_is_above_the_command_line(void **state)
{
	struct config *c = *state;
	const struct config_change change = { .id = TUNABLE_PERF, .value.u = 5 };
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, &change, 1, &root, &p), 0);
	assert_int_equal(config_set_option(c, TUNABLE_PERF, "6", &p), 0);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 5);
}

#define config_test(name) cmocka_unit_test_setup_teardown(name, new_config, free_config)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		config_test(test_defaults),
		config_test(test_layer_names),
		config_test(test_option),
		config_test(test_bad_option_changes_nothing),
		config_test(test_options_that_conflict),
		config_test(test_conflict_is_told_of_the_option),
		config_test(test_runtime_change),
		config_test(test_all_or_nothing),
		config_test(test_refused_changes),
		config_test(test_rules_hold_for_the_result),
		config_test(test_last_of_two_changes_counts),
		config_test(test_runtime_is_above_the_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
