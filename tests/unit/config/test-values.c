/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of values: copies, differences and the rules between tunables. */
#include "config/tunables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

static int fill_with_defaults(void **state)
{
	static struct tunable_set set;
	char why[TUNABLE_WHY_MAX];

	for (int id = 0; id < NR_TUNABLES; id++)
		if (tunable_parse(id, tunables[id].default_text, &set.values[id], why) < 0)
			return -1;
	*state = &set;
	return 0;
}

static int empty(void **state)
{
	tunable_set_done(*state);
	return 0;
}

static void test_copy_is_deep_and_equal(void **state)
{
	const struct tunable_set *set = *state;
	enum tunable_id ids[NR_TUNABLES];
	struct tunable_set copy;

	assert_int_equal(tunable_set_copy(set, &copy), 0);
	assert_int_equal(tunable_set_diff(set, &copy, ids), 0);
	assert_ptr_not_equal(set->values[TUNABLE_CPUMASKS].list,
			     copy.values[TUNABLE_CPUMASKS].list);
	tunable_set_done(&copy);
	tunable_set_done(&copy);
}

static void test_diff_is_in_the_tables_order(void **state)
{
	const struct tunable_set *set = *state;
	enum tunable_id ids[NR_TUNABLES];
	struct tunable_set other = *set;

	other.values[TUNABLE_EXIT_DUMP_LEN].u = 7;
	other.values[TUNABLE_CPUMASKS].list = (char *)"0-3";
	other.values[TUNABLE_PARTIAL].b = true;
	other.values[TUNABLE_KICK_GREEDY_UNDER].percent = 99.5;
	other.values[TUNABLE_SLICE_UNDERUTIL].usec++;
	assert_int_equal(tunable_set_diff(set, &other, ids), 5);
	assert_int_equal(ids[0], TUNABLE_SLICE_UNDERUTIL);
	assert_int_equal(ids[1], TUNABLE_KICK_GREEDY_UNDER);
	assert_int_equal(ids[2], TUNABLE_CPUMASKS);
	assert_int_equal(ids[3], TUNABLE_PARTIAL);
	assert_int_equal(ids[4], TUNABLE_EXIT_DUMP_LEN);
}

static void test_defaults_break_no_rule(void **state)
{
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];

	assert_int_equal(tunable_set_conflicts(*state, conflicts), 0);
}

static void test_rules_at_their_limits(void **state)
{
	struct tunable_set set = *(const struct tunable_set *)*state;
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];

	set.values[TUNABLE_SLICE_UNDERUTIL].usec = set.values[TUNABLE_SLICE_OVERUTIL].usec;
	set.values[TUNABLE_TUNE_INTERVAL].usec = set.values[TUNABLE_BALANCE_INTERVAL].usec;
	set.values[TUNABLE_GREEDY_THRESHOLD].u = 0;
	assert_int_equal(tunable_set_conflicts(&set, conflicts), 0);
	set.values[TUNABLE_GREEDY_THRESHOLD].u = 1;
	set.values[TUNABLE_GREEDY_THRESHOLD_X_NUMA].u = 1024;
	assert_int_equal(tunable_set_conflicts(&set, conflicts), 0);
}

static void test_each_rule_is_seen(void **state)
{
	struct tunable_set set = *(const struct tunable_set *)*state;
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];

	set.values[TUNABLE_SLICE_UNDERUTIL].usec = set.values[TUNABLE_SLICE_OVERUTIL].usec - 1;
	set.values[TUNABLE_TUNE_INTERVAL].usec = set.values[TUNABLE_BALANCE_INTERVAL].usec + 1;
	set.values[TUNABLE_GREEDY_THRESHOLD_X_NUMA].u = 1;
	set.values[TUNABLE_GREEDY_THRESHOLD].u = 0;
	assert_int_equal(tunable_set_conflicts(&set, conflicts), NR_TUNABLE_RULES);
	assert_int_equal(conflicts[0].ids[0], TUNABLE_SLICE_UNDERUTIL);
	assert_int_equal(conflicts[0].ids[1], TUNABLE_SLICE_OVERUTIL);
	assert_int_equal(conflicts[1].ids[0], TUNABLE_TUNE_INTERVAL);
	assert_int_equal(conflicts[2].ids[1], TUNABLE_GREEDY_THRESHOLD);
}

/* What config/load.c relies on to settle each conflict for itself. */
static void test_no_tunable_is_in_two_rules(void **state)
{
	struct tunable_set set = *(const struct tunable_set *)*state;
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];
	bool seen[NR_TUNABLES] = { false };

	set.values[TUNABLE_SLICE_UNDERUTIL].usec = 0;
	set.values[TUNABLE_BALANCE_INTERVAL].usec = 0;
	set.values[TUNABLE_GREEDY_THRESHOLD_X_NUMA].u = 1;
	set.values[TUNABLE_GREEDY_THRESHOLD].u = 0;
	assert_int_equal(tunable_set_conflicts(&set, conflicts), NR_TUNABLE_RULES);
	for (int i = 0; i < 2 * NR_TUNABLE_RULES; i++) {
		enum tunable_id id = conflicts[i / 2].ids[i % 2];

		assert_false(seen[id]);
		seen[id] = true;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_is_deep_and_equal),
		cmocka_unit_test(test_diff_is_in_the_tables_order),
		cmocka_unit_test(test_defaults_break_no_rule),
		cmocka_unit_test(test_rules_at_their_limits),
		cmocka_unit_test(test_each_rule_is_seen),
		cmocka_unit_test(test_no_tunable_is_in_two_rules),
	};

	return cmocka_run_group_tests(tests, fill_with_defaults, empty);
}
