/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/script.h"

static void assert_duration(const char *text, int expected, u64 ns)
{
	u64 got = 0;

	assert_int_equal(sim_parse_duration(text, &got), expected);
	assert_int_equal(got, ns);
}

static void durations_have_units(void **state)
{
	assert_duration("10s", 0, 10000000000);
	assert_duration("500ms", 0, 500000000);
	assert_duration("1.5ms", 0, 1500000);
	assert_duration("20us", 0, 20000);
	assert_duration("7ns", 0, 7);
	assert_duration("1000000s", 0, 1000000000000000);
	assert_duration("1000001s", -ERANGE, 0);
	assert_duration("10", -EINVAL, 0);
	assert_duration("10 s", -EINVAL, 0);
	assert_duration("10m", -EINVAL, 0);
	assert_duration("-1s", -EINVAL, 0);
	assert_duration("0x10s", -EINVAL, 0);
	assert_duration("1e3s", -EINVAL, 0);
	assert_duration("1.2.3s", -EINVAL, 0);
	assert_duration("", -EINVAL, 0);
}

static void assert_refused(const char *time, const char *action, const char *message)
{
	_cleanup_(sim_script_done) struct sim_script s = { 0 };
	char why[SIM_WHY_SIZE];

	assert_int_equal(sim_script_add(&s, time, action, why), -EINVAL);
	assert_string_equal(why, message);
	assert_int_equal(s.nr, 0);
}

static void what_is_wrong_is_said(void **state)
{
	assert_refused("soon", "offline:1", "\"soon\" is no time like 2s or 500ms");
	assert_refused("1s", "reboot:now",
		       "\"reboot\" is none of set, offline, online, occupy, frequency");
	assert_refused("1s", "offline", "\"offline\" needs something behind a colon");
	assert_refused("1s", "offline:", "\"\" is no list of CPUs");
	assert_refused("1s", "online:9000", "\"9000\" is no list of CPUs");
	assert_refused("1s", "occupy:1:dl:5ms", "\"dl\" is neither rt nor irq");
	assert_refused("1s", "occupy:1:rt", "\"\" is no duration");
	assert_refused("1s", "occupy:1:rt:0ms", "\"0ms\" is no duration");
	assert_refused("1s", "frequency:1:0", "\"0\" is no frequency (allowed: 1 to 1024)");
}

static void add(struct sim_script *s, const char *time, const char *action)
{
	char why[SIM_WHY_SIZE];

	if (sim_script_add(s, time, action, why) < 0)
		fail_msg("%s", why);
}

static void actions_are_read(void **state)
{
	_cleanup_(sim_script_done) struct sim_script s = { 0 };

	add(&s, "2s", "occupy:1,3:irq:5ms");
	add(&s, "1s", "set:greedy-threshold=2");
	add(&s, "1s", "frequency:0:512");
	assert_int_equal(s.nr, 3);
	assert_int_equal(s.actions[0].at_ns, 2000000000);
	assert_int_equal(s.actions[0].act, SIM_ACT_OCCUPY);
	assert_int_equal(s.actions[0].thief, NATIVE_IRQ);
	assert_int_equal(s.actions[0].ns, 5000000);
	assert_int_equal(cpuset_count(s.actions[0].cpus), 2);
	assert_string_equal(s.actions[1].settings, "greedy-threshold=2");
	assert_int_equal(s.actions[2].frequency, 512);
}

/* CPUs 0 to 3, 8, 10 and more, of which 3 is offline at first; a second. */
static void assert_fits(const char *time, const char *action, const char *message)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = NULL;
	_cleanup_(sim_script_done) struct sim_script s = { 0 };
	char why[SIM_WHY_SIZE] = "";

	assert_int_equal(sim_machine_load("sparse", why, &m), 0);
	add(&s, "0s", "set:greedy-threshold=2");
	add(&s, time, action);
	assert_int_equal(sim_script_fits(&s, m, 1000000000, why), *message ? -EINVAL : 0);
	assert_string_equal(why, message);
}

static void what_would_do_nothing_is_refused(void **state)
{
	assert_fits("1s", "offline:8,10", "");
	assert_fits("5ms", "online:3", "");
	assert_fits("5ms", "offline:9", "--at 5ms offline: the machine has no CPU 9");
	assert_fits("5ms", "occupy:0-3,5-8:rt:1ms", "--at 5ms occupy: the machine has no CPU 5");
	assert_fits("0s", "frequency:8191:1", "--at 0s frequency: the machine has no CPU 8191");
	assert_fits("1.5s", "online:3", "--at 1500ms online: the run ends at 1s");
	assert_fits("1000001us", "set:fifo-sched=yes", "--at 1000001us set: the run ends at 1s");
}

/* Whatever the order they were given in: at 1 s the first is fine, and then the second is not. */
static void re_tunes_are_tried_in_the_order_of_time(void **state)
{
	_cleanup_(sim_script_done) struct sim_script s = { 0 };
	_cleanup_(config_freep) struct config *c = NULL;
	char why[SIM_WHY_SIZE];

	assert_int_equal(sim_settings_new(NULL, why, &c), 0);
	add(&s, "2s", "set:slice-us-overutil=5000");
	add(&s, "1s", "set:slice-us-underutil=4000");
	assert_int_equal(sim_script_check(&s, c, why), -EINVAL);
	assert_string_equal(why, "slice-us-overutil: slice-us-underutil = 4000 us must not be "
				 "less than slice-us-overutil = 5000 us");
}

/* Those of one time are in the order they were given in. */
static void re_tunes_of_one_time_keep_their_order(void **state)
{
	_cleanup_(sim_script_done) struct sim_script s = { 0 };
	_cleanup_(config_freep) struct config *c = NULL;
	char why[SIM_WHY_SIZE];

	assert_int_equal(sim_settings_new(NULL, why, &c), 0);
	add(&s, "1s", "set:slice-us-underutil=40000");
	add(&s, "1s", "set:slice-us-overutil=30000");
	add(&s, "0s", "set:greedy-threshold=7");
	assert_int_equal(sim_script_check(&s, c, why), 0);
	assert_int_equal(config_values(c)->values[TUNABLE_SLICE_OVERUTIL].usec, 30000);
	assert_int_equal(config_values(c)->values[TUNABLE_GREEDY_THRESHOLD].u, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(actions_are_read),
		cmocka_unit_test(what_would_do_nothing_is_refused),
		cmocka_unit_test(re_tunes_are_tried_in_the_order_of_time),
		cmocka_unit_test(re_tunes_of_one_time_keep_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
