/* SPDX-License-Identifier: GPL-2.0-only */
/* What of a configuration's domains a machine can have, and whose fault it is. */
#include "daemon/domains-judge.h"

#include "tests/unit/daemon/topology-files.h"

static int judge(const char *root, uint32_t cache_level, const char *cpumasks, tunable_mask changed,
		 enum tunable_id *blamed, char why[CONFIG_WHY_MAX])
{
	struct tunable_set values = { 0 };

	values.values[TUNABLE_CACHE_LEVEL].u = cache_level;
	values.values[TUNABLE_CPUMASKS].list = (char *)cpumasks;
	return domains_judge(&values, changed, (void *)root, blamed, why);
}

static void test_what_the_machine_has_is_fine(void **state)
{
	const struct machine *m = *state;
	char why[CONFIG_WHY_MAX];
	enum tunable_id blamed;

	machine_make(*state, (struct machine_shape){ 2, 2, 2, 1 });
	assert_int_equal(judge(m->root, 3, "", TUNABLES_ALL, &blamed, why), 0);
	assert_int_equal(judge(m->root, 3, "0-5;6-7", TUNABLES_ALL, &blamed, why), 0);
}

static void test_impossible_cpus_are_to_blame(void **state)
{
	const struct machine *m = *state;
	char why[CONFIG_WHY_MAX];
	enum tunable_id blamed;

	machine_make(*state, (struct machine_shape){ 2, 2, 2, 1 });
	assert_int_equal(judge(m->root, 3, "0;99", TUNABLES_ALL, &blamed, why), -EINVAL);
	assert_int_equal(blamed, TUNABLE_CPUMASKS);
	assert_string_equal(why, "\"99\" has a CPU that the machine has not");
}

static void test_other_changes_are_not_looked_at(void **state)
{
	const struct machine *m = *state;
	char why[CONFIG_WHY_MAX];
	enum tunable_id blamed;

	machine_make(*state, (struct machine_shape){ 2, 2, 2, 1 });
	assert_int_equal(judge(m->root, 3, "99", TUNABLE_BIT(TUNABLE_PERF), &blamed, why), 0);
}

static void test_machine_that_cannot_be_read_is_no_fault_of_values(void **state)
{
	char why[CONFIG_WHY_MAX];
	enum tunable_id blamed;

	assert_int_equal(judge("/nowhere", 3, "99", TUNABLES_ALL, &blamed, why), 0);
}

#define machine_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		machine_test(test_what_the_machine_has_is_fine),
		machine_test(test_impossible_cpus_are_to_blame),
		machine_test(test_other_changes_are_not_looked_at),
		machine_test(test_machine_that_cannot_be_read_is_no_fault_of_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
