/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sim/reported.h"

#define TEST(f) cmocka_unit_test_teardown(f, stop)

enum {
	WD40,
	GLOBAL_VTIME,
	LLC_FIFO
};

static void assert_about(double value, double wanted, double tolerance)
{
	if (value < wanted - tolerance || value > wanted + tolerance)
		fail_msg("%f is not %f +- %f", value, wanted, tolerance);
}

/* Two hogs take turns of 20 ms on CPU 0: waits of 20 ms each but the first ones. */
static void waits_are_told_apart(void **state)
{
	struct json_object *o;

	start(GLOBAL_VTIME, 2, NULL);
	act(100, 0, 0, 0, 1);
	act(100, 0, 0, 0, 1);
	native_run(SEC_NS);
	o = figures();
	assert_int_equal(figure(o, "waits/wakeup_to_run/count"), 2);
	assert_int_equal(figure(o, "waits/put_to_run/p50_ns"), 20 * MSEC);
	assert_int_equal(figure(o, "waits/put_to_run/max_ns"), 20 * MSEC);
	assert_int_equal(figure(o, "waits/at_end/count"), 1);
	assert_int_equal(sim_report_wait_ns(report, 99), 20 * MSEC);
	assert_about(figure(o, "utilization_pct"), 100.0 / 8, 0.01);
	json_object_put(o);
}

/* Weights 100 and 300 on one CPU, by virtual time: as the ideal has it. */
static void a_fair_scheduler_has_little_error(void **state)
{
	struct json_object *o;

	start(GLOBAL_VTIME, 2, NULL);
	act(100, 0, 0, 0, 1);
	act(300, 0, 0, 0, 1);
	native_run(8 * SEC_NS);
	o = figures();
	assert_int_equal(figure(o, "fairness/judged_tasks"), 2);
	assert_about(figure(o, "fairness/error_max_pct"), 0, 2);
	json_object_put(o);
}

/* First in first out gives halves: 100 % more than 1/4, 33 % less than 3/4; half of all is not as it should. */
static void an_unfair_one_is_told_how_much(void **state)
{
	struct json_object *o;

	start(LLC_FIFO, 2, NULL);
	act(100, 0, 0, 0, 1);
	act(300, 0, 0, 0, 1);
	native_run(8 * SEC_NS);
	o = figures();
	assert_about(figure(o, "fairness/error_max_pct"), 100, 1);
	assert_about(figure(o, "fairness/error_mean_pct"), 66.7, 1);
	assert_about(figure(o, "fairness/error_overall_pct"), 50, 1);
	json_object_put(o);
}

/* Both were bound to CPU 0 and may go on any, but nobody moves them: one CPU works where two could. */
static void throughput_is_compared_with_the_ideal(void **state)
{
	struct json_object *o;

	start(LLC_FIFO, 1, NULL);
	native_set_affinity(act(100, 0, 0, 0, 1), 0, 4);
	native_set_affinity(act(100, 0, 0, 0, 1), 0, 4);
	native_run(2 * SEC_NS);
	o = figures();
	assert_about(figure(o, "throughput/of_ideal_pct"), 50, 1);
	assert_about(figure(o, "throughput/second_half_of_ideal_pct"), 50, 0.1);
	json_object_put(o);
}

/* 5 hogs on 4 domains of one CPU: D0 has 2 of 1.25 on the average, for ever. */
static void imbalance_is_seen_over_time(void **state)
{
	struct json_object *o;

	start(LLC_FIFO, 1, NULL);
	for (u32 i = 0; i < 5; i++)
		act(100, 0, 0, 0, 4);
	native_run(2 * SEC_NS);
	o = figures();
	assert_about(figure(o, "balance/error_max_pct"), 60, 1);
	assert_about(figure(o, "balance/second_half_error_mean_pct"), (60 + 3 * 20) / 4.0, 1);
	assert_about(figure(o, "samples/domain_loads/0/5"), 2, 0.01);
	assert_about(figure(o, "samples/domain_loads/3/19"), 1, 0.01);
	json_object_put(o);
}

/*
 * Two are bound to D0, and three CPUs idle for nobody. Then four more are dealt out, and the one in D2
 * leaves: the one in D0 could use that CPU when it waits, which is two of three slices of 20 ms.
 */
static void idle_cpus_count_only_for_those_who_may_use_them(void **state)
{
	struct json_object *o;

	start(LLC_FIFO, 1, NULL);
	act(100, 0, 0, 0, 1);
	act(100, 0, 0, 0, 1);
	native_run(SEC_NS);
	o = figures();
	assert_int_equal(figure(o, "idle_while_queued/total_ns"), 0);
	json_object_put(o);
	for (u32 i = 0; i < 4; i++)
		act(100, 0, 0, 0, 4);
	native_leave(actors[3]);
	native_run(SEC_NS);
	o = figures();
	assert_about(figure(o, "idle_while_queued/total_ns"), SEC_NS / 1.5, 20.0 * MSEC);
	assert_int_equal(figure(o, "idle_while_queued/longest_ns"), 40 * MSEC);
	json_object_put(o);
}

static void migrations_are_counted_by_how_far(void **state)
{
	struct task_struct *p;
	struct json_object *o;

	start(GLOBAL_VTIME, 2, NULL);
	p = act(100, 0, 0, 0, 1);
	for (u32 cpu = 1; cpu < 8; cpu++) {
		native_run(10 * MSEC);
		native_set_affinity(p, cpu, 1);
	}
	native_run(10 * MSEC);
	o = figures();
	assert_int_equal(figure(o, "migrations/cpus"), 7);
	assert_int_equal(figure(o, "migrations/domains"), 3);
	assert_int_equal(figure(o, "migrations/nodes"), 1);
	json_object_put(o);
}

/* Work of a CPU of half the capacity counts half, of what can be got there too. */
static void a_slow_cpu_is_no_unfairness(void **state)
{
	struct json_object *o;
	u32 slow = 0;

	start(GLOBAL_VTIME, 1, NULL);
	stop(NULL);
	nr_actors = 0;
	topology = topology_make(2, 2, 1);
	native_boot((struct native_shape){ 2, 2, 1 });
	native.cpus[slow].capacity = 512;
	assert_int_equal(
		sim_report_new(&(struct sim_context){ .topology = topology }, NULL, &report), 0);
	assert_int_equal(native_attach(sim_schedulers[GLOBAL_VTIME].ops), 0);
	act(100, 0, 0, slow, 1);
	act(100, 0, 0, 1, 1);
	native_run(SEC_NS);
	o = figures();
	assert_int_equal(figure(o, "fairness/judged_tasks"), 2);
	assert_about(figure(o, "fairness/error_max_pct"), 0, 0.5);
	json_object_put(o);
}

/* 20 hogs join and leave; a leaver is judged too, and nothing of it stays behind. */
static void who_left_is_judged(void **state)
{
	struct json_object *o;

	start(GLOBAL_VTIME, 2, NULL);
	for (u32 i = 0; i < 20; i++)
		act(100, 0, 0, 0, 8);
	native_run(SEC_NS);
	for (u32 i = 0; i < 10; i++)
		native_leave(actors[i]);
	native_run(SEC_NS);
	o = figures();
	assert_int_equal(figure(o, "tasks"), 20);
	assert_int_equal(figure(o, "fairness/judged_tasks"), 20);
	json_object_put(o);
}

/* What a run prints is a function of the run. */
static void equal_runs_print_equal_texts(void **state)
{
	char *texts[2][2];

	for (u32 i = 0; i < 2; i++) {
		start(WD40, 2, NULL);
		for (u32 k = 0; k < 12; k++)
			act(100 + 10 * k, k % 3 * MSEC, 5 * MSEC, 0, 8);
		native_run(SEC_NS);
		texts[i][0] = printed(true);
		texts[i][1] = printed(false);
		if (!i)
			stop(state);
	}
	assert_string_equal(texts[0][0], texts[1][0]);
	assert_string_equal(texts[0][1], texts[1][1]);
	assert_non_null(strstr(texts[0][1], "wakeup_to_run: count "));
	assert_null(strstr(texts[0][1], "samples"));
	for (u32 i = 0; i < 4; i++)
		free(texts[i / 2][i % 2]);
}

/* Its counters are those of the report's time. */
static void counters_are_wd40s_alone(void **state)
{
	struct json_object *o, *counters;

	start(WD40, 2, NULL);
	act(100, MSEC, MSEC, 0, 8);
	native_run(SEC_NS);
	o = figures();
	assert_int_equal(figure(o, "counters/prev_idle"), native_counter(WD40_CTR_PREV_IDLE));
	assert_in_range(figure(o, "counters/prev_idle"), 400, 600);
	json_object_put(o);
	stop(state);
	start(LLC_FIFO, 2, NULL);
	o = figures();
	assert_false(json_object_object_get_ex(o, "counters", &counters));
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(waits_are_told_apart),
		TEST(a_fair_scheduler_has_little_error),
		TEST(an_unfair_one_is_told_how_much),
		TEST(throughput_is_compared_with_the_ideal),
		TEST(imbalance_is_seen_over_time),
		TEST(idle_cpus_count_only_for_those_who_may_use_them),
		TEST(migrations_are_counted_by_how_far),
		TEST(a_slow_cpu_is_no_unfairness),
		TEST(who_left_is_judged),
		TEST(equal_runs_print_equal_texts),
		TEST(counters_are_wd40s_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
