/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/baseline.h"

#define MSEC      1000000ull
#define SEC_NS    1000000000ull
#define TASKS_MAX 32

static struct task_struct *tasks[TASKS_MAX];
static u32 nr_tasks;

static const struct sched_ext_ops *ops_of(const char *name)
{
	for (const struct sim_scheduler *s = sim_schedulers; s->name; s++)
		if (!strcmp(s->name, name))
			return s->ops;
	return NULL;
}

/* Two nodes of two domains of two CPUs. */
static void start(const char *scheduler)
{
	nr_tasks = 0;
	native_boot((struct native_shape){ 2, 2, 2 });
	assert_int_equal(native_attach(ops_of(scheduler)), 0);
}

static int stop(void **state)
{
	native_detach();
	while (nr_tasks)
		native_task_free(tasks[--nr_tasks]);
	native_halt();
	return 0;
}

static struct task_struct *act(u32 weight, u64 run_ns, u64 sleep_ns, u32 first_cpu, u32 nr_cpus)
{
	struct task_struct *p = tasks[nr_tasks++] = native_task_new();

	p->scx.weight = weight;
	p->native.run = run_ns;
	p->native.sleep = sleep_ns;
	native_allow_only(p, first_cpu, nr_cpus);
	p->native.cpu = (s32)first_cpu;
	assert_int_equal(native_join(p), 0);
	native_wake(p, 0);
	return p;
}

static struct task_struct *hog(u32 weight)
{
	return act(weight, 0, 0, 0, 8);
}

static void assert_near(u64 value, u64 wanted, u32 percent)
{
	assert_in_range(value, wanted - wanted * percent / 100, wanted + wanted * percent / 100);
}

static void every_scheduler_serves_everybody(void **state)
{
	for (const struct sim_scheduler *s = sim_schedulers; s->name; s++) {
		start(s->name);
		for (u32 i = 0; i < 12; i++)
			hog(100);
		for (u32 i = 0; i < 8; i++)
			act(100, MSEC, 10 * MSEC, i, 1);
		native_run(2 * SEC_NS);
		for (u32 i = 0; i < nr_tasks; i++)
			assert_in_range(tasks[i]->native.ran, 50 * MSEC, 2 * SEC_NS);
		stop(state);
	}
}

/* 8 CPUs for 10 x 100 + 10 x 300. */
static void global_vtime_keeps_to_weights(void **state)
{
	start("global-vtime");
	for (u32 i = 0; i < 20; i++)
		hog(i < 10 ? 100 : 300);
	native_run(10 * SEC_NS);
	for (u32 i = 0; i < 20; i++)
		assert_near(tasks[i]->native.ran, (i < 10 ? 2 : 6) * SEC_NS, 5);
}

/* A task that slept for long gets no more than its share afterwards. */
static void global_vtime_saves_up_one_slice(void **state)
{
	struct task_struct *sleeper;

	start("global-vtime");
	sleeper = act(100, 1, 3 * SEC_NS, 0, 1);
	for (u32 i = 0; i < 16; i++)
		act(100, 0, 0, 0, 1);
	native_run(2 * SEC_NS);
	sleeper->native.run = SEC_NS;
	native_run(SEC_NS + 50 * MSEC);
	assert_in_range(sleeper->native.ran, 1, 60 * MSEC);
}

/* 9 equal hogs on 4 domains: dealt out 3, 2, 2, 2, and what is uneven stays so, whatever the weight. */
static void llc_fifo_balances_nothing(void **state)
{
	start("llc-fifo");
	for (u32 i = 0; i < 9; i++)
		hog(i == 4 ? 1000 : 100);
	native_run(3 * SEC_NS);
	for (u32 i = 0; i < 9; i++)
		assert_near(tasks[i]->native.ran, i % 4 ? 3 * SEC_NS : 2 * SEC_NS, 2);
}

/* An affinity that leaves the domain takes the task along. */
static void llc_fifo_follows_affinity(void **state)
{
	start("llc-fifo");
	hog(100);
	native_run(100 * MSEC);
	assert_in_range(tasks[0]->native.cpu, 0, 1);
	native_set_affinity(tasks[0], 6, 2);
	native_run(100 * MSEC);
	assert_in_range(tasks[0]->native.cpu, 6, 7);
	assert_near(tasks[0]->native.ran, 200 * MSEC, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheduler_serves_everybody),
		cmocka_unit_test_teardown(global_vtime_keeps_to_weights, stop),
		cmocka_unit_test_teardown(global_vtime_saves_up_one_slice, stop),
		cmocka_unit_test_teardown(llc_fifo_balances_nothing, stop),
		cmocka_unit_test_teardown(llc_fifo_follows_affinity, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
