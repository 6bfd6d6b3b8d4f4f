/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/sim/machine.h"
#include "tests/sim/run-busy.h"
#include "tests/sim/baseline.h"

#define MSEC 1000000ull

static struct task_struct *tasks[8];
static u32 nr_tasks;

static int set_up(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = NULL;
	_cleanup_(topology_freep) struct topology *t = NULL;
	char why[256];

	assert_int_equal(sim_machine_load("desktop8", why, &m), 0);
	assert_int_equal(sim_machine_topology(m, 3, "", why, &t), 0);
	sim_machine_boot(m, t, 100, 0);
	return native_attach(sim_schedulers[1].ops); /* any will do */
}

static int tear_down(void **state)
{
	native_detach();
	while (nr_tasks)
		native_task_free(tasks[--nr_tasks]);
	native_halt();
	return 0;
}

/* Runs and sleeps in turn on one CPU; run 0: never sleeps. */
static void start(s32 cpu, u64 run, u64 sleep)
{
	struct task_struct *p = tasks[nr_tasks++] = native_task_new();

	native_allow_only(p, (u32)cpu, 1);
	p->native.cpu = cpu;
	p->native.run = run;
	p->native.sleep = sleep;
	assert_int_equal(native_fork(NULL, p), 0);
}

static void busy_is_what_a_cpu_spent_in_tasks(void **state)
{
	_cleanup_(busy_meter_freep) struct busy_meter *b = NULL;
	const double *pct;

	assert_int_equal(busy_meter_new(&b), 0);
	pct = busy_meter_pct(b);
	assert_true(pct[0] < 0); /* seen once only */
	start(0, 0, 0);
	start(1, 30 * MSEC, 10 * MSEC);
	native_run(400 * MSEC);
	busy_meter_update(b);
	assert_float_equal(pct[0], 100, 0.001);
	assert_float_equal(pct[1], 75, 0.001);
	assert_float_equal(pct[2], 0, 0.001);
}

/* As /proc/stat: 10 ms are counted or not, and where none have passed the share stays. */
static void time_is_counted_in_ticks(void **state)
{
	_cleanup_(busy_meter_freep) struct busy_meter *b = NULL;
	const double *pct;

	assert_int_equal(busy_meter_new(&b), 0);
	pct = busy_meter_pct(b);
	start(0, 6 * MSEC, 94 * MSEC);
	native_run(5 * MSEC);
	busy_meter_update(b);
	assert_true(pct[0] < 0);
	native_run(45 * MSEC);
	busy_meter_update(b);
	assert_float_equal(pct[0], 0, 0.001);
	native_run(60 * MSEC);
	busy_meter_update(b);
	assert_float_equal(pct[0], 100.0 / 6, 0.001);
	native_run(1 * MSEC);
	busy_meter_update(b);
	assert_float_equal(pct[0], 100.0 / 6, 0.001);
}

static void offline_is_unknown(void **state)
{
	_cleanup_(busy_meter_freep) struct busy_meter *b = NULL;
	const double *pct;

	assert_int_equal(busy_meter_new(&b), 0);
	pct = busy_meter_pct(b);
	native_run(100 * MSEC);
	busy_meter_update(b);
	assert_float_equal(pct[3], 0, 0.001);
	native_set_online(3, false);
	native_run(100 * MSEC);
	busy_meter_update(b);
	assert_true(pct[3] < 0);
	native_set_online(3, true);
	busy_meter_update(b);
	assert_true(pct[3] < 0);
	native_run(100 * MSEC);
	busy_meter_update(b);
	assert_float_equal(pct[3], 0, 0.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(busy_is_what_a_cpu_spent_in_tasks, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(time_is_counted_in_ticks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(offline_is_unknown, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
