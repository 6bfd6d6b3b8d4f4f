/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run does besides scheduling. The shared struct still shows it when the run is over. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/run.h"

#define MSEC 1000000ull

/* What a test varies. */
struct wanted {
	const char *machine, *workload, *scheduler;
	const char *settings[4];
	const char *script[8]; /* times and actions in turn */
	u64 duration_ns, seed;
	FILE *report, *trace;
};

static int run(struct wanted w, struct sim_result *ret)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = NULL;
	_cleanup_(sim_workload_freep) struct sim_workload *workload = NULL;
	_cleanup_(sim_script_done) struct sim_script script = { 0 };
	struct sim_run wanted = {
		.settings = w.settings,
		.script = &script,
		.scheduler = sim_scheduler_find(w.scheduler ?: "wd40"),
		.seed = w.seed,
		.duration_ns = w.duration_ns ?: 100 * MSEC,
		.report = w.report,
		.trace = w.trace,
		.json = true,
	};
	char why[SIM_WHY_SIZE];

	assert_int_equal(sim_machine_load(w.machine ?: "smp4", why, &m), 0);
	assert_int_equal(sim_workload_load(w.workload ?: "hogs", m, w.seed, why, &workload), 0);
	for (u32 i = 0; w.script[i]; i += 2)
		assert_int_equal(sim_script_add(&script, w.script[i], w.script[i + 1], why), 0);
	wanted.machine = m;
	wanted.workload = workload;
	return sim_run(&wanted, ret);
}

static void must_run(struct wanted w)
{
	struct sim_result result;

	if (run(w, &result) < 0)
		fail_msg("%s", result.why);
	if (result.violation)
		fail_msg("%s", result.violation);
	assert_int_equal(result.ran_ns, w.duration_ns ?: 100 * MSEC);
	assert_false(result.restarts);
	sim_result_done(&result);
}

static void assert_refused(struct wanted w, const char *why)
{
	struct sim_result result;

	assert_int_equal(run(w, &result), -EINVAL);
	assert_string_equal(result.why, why);
	assert_null(result.violation);
	sim_result_done(&result);
}

static void what_cannot_be_is_refused_before_the_run(void **state)
{
	assert_refused((struct wanted){ .settings = { "greedy-threshold=-1" } },
		       "greedy-threshold: \"-1\" is out of range (allowed: 0 to 1024)");
	assert_refused((struct wanted){ .settings = { "cpumasks=0-9" } },
		       "cpumasks: \"0-9\" has CPU 4, which the machine has not");
	assert_refused((struct wanted){ .script = { "50ms", "set:greedy-threshold=no" } },
		       "greedy-threshold: \"no\" is not a number (allowed: 0 to 1024)");
}

/* One round before the scheduler attaches, one right behind, and one whenever an interval is over. */
static void policies_run_at_their_intervals(void **state)
{
	must_run((struct wanted){ .settings = { "tune-interval=0.02" } });
	assert_int_equal(native_tune()->round, 2 + 5);
	must_run((struct wanted){ .settings = { "tune-interval=0.05" } });
	assert_int_equal(native_tune()->round, 2 + 2);
}

static void policies_see_how_busy_cpus_are(void **state)
{
	must_run((struct wanted){ .workload = "hogs:tasks=8" });
	assert_true(native_tune()->any_overutilized);
	must_run((struct wanted){ .workload = "hogs:tasks=1" });
	assert_false(native_tune()->any_overutilized);
}

static void settings_are_the_first_configuration(void **state)
{
	must_run((struct wanted){ .settings = { "slice-us-overutil=700", "fifo-sched=yes" } });
	assert_int_equal(native_config()->generation, 1);
	assert_int_equal(native_config()->slice_overutil_ns, 700000);
	assert_true(native_config()->fifo_sched);
	assert_false(native_config()->order_changed);
}

static void re_tunes_are_published(void **state)
{
	must_run((struct wanted){ .script = { "40ms", "set:slice-us-overutil=700,perf=512", "60ms",
					      "set:fifo-sched=yes" } });
	assert_int_equal(native_config()->generation, 3);
	assert_int_equal(native_config()->slice_overutil_ns, 700000);
	assert_int_equal(native_config()->perf_level, 512);
	assert_true(native_config()->order_changed);
}

/* More of them than there are slots: the grace period of a re-tune is the real one. */
static void configurations_are_published_again_and_again(void **state)
{
	struct wanted w = { 0 };

	for (u32 i = 0; i < 4; i++) {
		w.settings[0] = i & 1 ? "fifo-sched=yes" : "fifo-sched=no";
		w.script[0] = "1ms";
		w.script[1] = "set:greedy-threshold=2";
		must_run(w);
		assert_int_equal(native_config()->generation, 2);
	}
}

/* A re-tune lets policies run at once, and a new interval begins then. */
static void a_new_interval_counts_from_the_re_tune_on(void **state)
{
	must_run((struct wanted){ .script = { "30ms", "set:tune-interval=0.02" } });
	assert_int_equal(native_tune()->round, 2 + 1 + 3); /* at 30, 50, 70 and 90 ms */
}

static void hotplug_is_done(void **state)
{
	must_run((struct wanted){
		.machine = "desktop8",
		.duration_ns = 1000 * MSEC, /* grace periods take their time beside hogs */
		.script = { "20ms", "offline:1,9", "40ms", "offline:2-3", "60ms", "online:1" } });
	assert_int_equal(shared.hotplugs, 8 + 4); /* those of init count, too */
}

/* The last CPU stays. */
static void a_machine_has_a_cpu_left(void **state)
{
	must_run((struct wanted){ .machine = "uni", .script = { "20ms", "offline:0" } });
	assert_int_equal(shared.hotplugs, 1);
}

static void other_schedulers_go_without_the_daemon(void **state)
{
	must_run((struct wanted){ .scheduler = "global-vtime",
				  .script = { "20ms", "set:greedy-threshold=2" } });
	assert_int_equal(native_tune()->round, 0);
	assert_null(sim_scheduler_find("cfs"));
}

static char *report_of(u64 seed)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	must_run((struct wanted){
		.machine = "numa2x2", .workload = "random", .seed = seed, .report = f });
	fclose(f);
	return text;
}

static void the_same_run_gives_the_same_report(void **state)
{
	_cleanup_(freep) char *first = report_of(3), *other = report_of(4), *again = report_of(3);

	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_is_refused_before_the_run),
		cmocka_unit_test(policies_run_at_their_intervals),
		cmocka_unit_test(policies_see_how_busy_cpus_are),
		cmocka_unit_test(settings_are_the_first_configuration),
		cmocka_unit_test(re_tunes_are_published),
		cmocka_unit_test(configurations_are_published_again_and_again),
		cmocka_unit_test(a_new_interval_counts_from_the_re_tune_on),
		cmocka_unit_test(hotplug_is_done),
		cmocka_unit_test(a_machine_has_a_cpu_left),
		cmocka_unit_test(other_schedulers_go_without_the_daemon),
		cmocka_unit_test(the_same_run_gives_the_same_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
