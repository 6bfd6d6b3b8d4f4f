/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/settings.h"

static struct config *with(const char *const *settings)
{
	struct config *c = NULL;
	char why[SIM_WHY_SIZE] = "";

	if (sim_settings_new(settings, why, &c) < 0)
		fail_msg("%s", why);
	return c;
}

static void assert_refused(const char *setting, const char *message)
{
	const char *const settings[] = { setting, NULL };
	struct config *c = NULL;
	char why[SIM_WHY_SIZE];

	assert_int_equal(sim_settings_new(settings, why, &c), -EINVAL);
	assert_string_equal(why, message);
	assert_null(c);
}

static const struct tunable_value *value(const struct config *c, enum tunable_id id)
{
	return &config_values(c)->values[id];
}

static void defaults_without_settings(void **state)
{
	_cleanup_(config_freep) struct config *c = with(NULL);

	assert_int_equal(value(c, TUNABLE_SLICE_OVERUTIL)->usec, 1000);
	assert_int_equal(value(c, TUNABLE_CACHE_LEVEL)->u, 3);
}

static void settings_are_the_command_line(void **state)
{
	_cleanup_(config_freep) struct config *c = with((const char *[]){
		"slice-us-overutil=500", "cpumasks=0-3,8;4", "fifo-sched=yes", NULL });

	assert_int_equal(value(c, TUNABLE_SLICE_OVERUTIL)->usec, 500);
	assert_string_equal(value(c, TUNABLE_CPUMASKS)->list, "0-3,8;4");
	assert_true(value(c, TUNABLE_FIFO_SCHED)->b);
	assert_int_equal(config_origin(c, TUNABLE_FIFO_SCHED).layer, LAYER_COMMAND_LINE);
}

static void refusals_are_the_daemons(void **state)
{
	assert_refused("slice-us-overutil=50",
		       "slice-us-overutil: \"50\" is out of range (allowed: 100 to 1000000 us)");
	assert_refused("slice-us-overutil=30000",
		       "slice-us-overutil: slice-us-underutil = 20000 us must not be less than "
		       "slice-us-overutil = 30000 us");
	assert_refused("slice-us-overutl=1",
		       "slice-us-overutl: unknown key, did you mean \"slice-us-overutil\"?");
	assert_refused("slice-us-overutil", "\"slice-us-overutil\" is not key=value");
}

static void change(struct config *c, const char *text, int expected, const char *message)
{
	char why[SIM_WHY_SIZE] = "";

	assert_int_equal(sim_settings_change(c, text, why), expected);
	assert_string_equal(why, message);
}

static void changes_come_all_at_once(void **state)
{
	_cleanup_(config_freep) struct config *c = with(NULL);

	/* each alone would break the rule between them */
	change(c, "slice-us-overutil=30000,slice-us-underutil=40000", 0, "");
	assert_int_equal(value(c, TUNABLE_SLICE_OVERUTIL)->usec, 30000);
	assert_int_equal(value(c, TUNABLE_SLICE_UNDERUTIL)->usec, 40000);
	change(c, "greedy-threshold=3,slice-us-overutil=50000", -EINVAL,
	       "slice-us-overutil: slice-us-underutil = 40000 us must not be less than "
	       "slice-us-overutil = 50000 us");
	assert_int_equal(value(c, TUNABLE_GREEDY_THRESHOLD)->u, 1);
}

static void changes_are_refused_as_settings_are(void **state)
{
	_cleanup_(config_freep) struct config *c = with(NULL);

	change(c, "slice-us-overutil=1", -EINVAL,
	       "slice-us-overutil: \"1\" is out of range (allowed: 100 to 1000000 us)");
	change(c, "slice-us-overutl=1", -EINVAL,
	       "slice-us-overutl: unknown key, did you mean \"slice-us-overutil\"?");
}

static void commas_may_be_in_values(void **state)
{
	_cleanup_(config_freep) struct config *c = with(NULL);

	change(c, "cpumasks=0-3,8;4,0x20,kthreads-local=on", -EINVAL,
	       "cpumasks: \"0-3,8;4,0x20\" has a set that is no CPU list and no mask "
	       "(allowed: disjoint sets of CPUs like 0-3,8;0xf0)");
	change(c, "cpumasks=0-3,8;4,kthreads-local=on", 0, "");
	assert_string_equal(value(c, TUNABLE_CPUMASKS)->list, "0-3,8;4");
	assert_true(value(c, TUNABLE_KTHREADS_LOCAL)->b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_without_settings),
		cmocka_unit_test(settings_are_the_command_line),
		cmocka_unit_test(refusals_are_the_daemons),
		cmocka_unit_test(changes_come_all_at_once),
		cmocka_unit_test(changes_are_refused_as_settings_are),
		cmocka_unit_test(commas_may_be_in_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
