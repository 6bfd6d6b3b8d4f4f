/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts of any kernel: where a task can be, and what ends a scheduler. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_teardown(f, unwatch)

static void forget_task(struct task_struct *p, u64 enq_flags)
{
}

static void a_task_that_is_nowhere_is_lost(void **state)
{
	broken = wd40_ops;
	broken.select_cpu = NULL;
	watch_ops((struct native_shape){ 1, 1, 1 }, &broken);
	hogs(2, 100);
	native_run(MSEC);
	assert_silent();
	broken.enqueue = forget_task;
	native_run(SEC_NS);
	assert_fires("lost-task");
}

static void a_task_on_two_cpus_is_told(void **state)
{
	watch((struct native_shape){ 1, 1, 3 });
	hog(100);
	native_run(MSEC);
	assert_silent();
	tell(NATIVE_EVENT_RUN, actors[0], actors[0]->native.cpu ? 0 : 1, 0);
	assert_fires("two-places");
}

static void two_tasks_on_a_cpu_are_told(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	hogs(3, 100);
	native_run(MSEC);
	tell(NATIVE_EVENT_RUN, actors[2], 0, 0);
	assert_fires("two-places");
}

static void a_sleeper_cannot_stop(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	sleeper(100, MSEC, SEC_NS);
	native_run(10 * MSEC);
	tell(NATIVE_EVENT_STOP, actors[0], 0, 0);
	assert_fires("two-places");
}

static void a_forbidden_cpu_is_told(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	pinned_hog(100, 0);
	pinned_hog(100, 0);
	native_run(MSEC);
	assert_silent();
	tell(NATIVE_EVENT_RUN, actors[1], 1, 0);
	assert_fires("wrong-cpu");
}

static void insert_nowhere(struct task_struct *p, u64 enq_flags)
{
	kernel_insert(p, 1234567, MSEC, enq_flags);
}

static void the_end_of_the_scheduler_is_told(void **state)
{
	broken = wd40_ops;
	broken.enqueue = insert_nowhere;
	watch_ops((struct native_shape){ 1, 1, 1 }, &broken);
	hogs(2, 100);
	native_run(SEC_NS);
	assert_fires("kernel-error");
	assert_non_null(strstr(sim_oracles_violation(oracles), "non-existent"));
}

static void take_nothing(s32 cpu, struct task_struct *prev)
{
}

static void a_stall_is_told(void **state)
{
	struct sim_context any = { .seed = 1 };
	nr_actors = 0;
	broken = wd40_ops;
	broken.dispatch = take_nothing;
	native_boot((struct native_shape){ 1, 1, 1 });
	assert_int_equal(sim_oracles_new(&any, &oracles), 0);
	assert_int_equal(native_attach(&broken), 0);
	hogs(2, 100);
	native_run(29 * SEC_NS);
	assert_silent();
	native_run(40 * SEC_NS);
	assert_fires("stall");
}

static void who_does_not_leave_is_told(void **state)
{
	watch((struct native_shape){ 1, 1, 1 });
	hogs(2, 100);
	sim_oracles_finish(oracles);
	assert_fires("end");
}

/* Seed, time, name, and the last events of the task and the CPU. */
static void a_violation_is_told_with_its_history(void **state)
{
	const char *text;

	watch((struct native_shape){ 1, 1, 2 });
	hogs(3, 100);
	native_run(MSEC);
	tell(NATIVE_EVENT_RUN, actors[2], 0, 0);
	text = sim_oracles_violation(oracles);
	assert_ptr_equal(strstr(text, "violation of two-places: seed 42, at 1001000000 ns: "),
			 text);
	assert_non_null(strstr(text, "\n     1000.000000 ms  wake    task"));
	assert_non_null(strstr(text, "\ncpu 0: running\n"));
	tell(NATIVE_EVENT_STALL, actors[0], 0, 0); /* what follows from the first one is not told */
	assert_string_equal(sim_oracles_violation(oracles), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_task_that_is_nowhere_is_lost),
		TEST(a_task_on_two_cpus_is_told),
		TEST(two_tasks_on_a_cpu_are_told),
		TEST(a_sleeper_cannot_stop),
		TEST(a_forbidden_cpu_is_told),
		TEST(the_end_of_the_scheduler_is_told),
		TEST(a_stall_is_told),
		TEST(who_does_not_leave_is_told),
		TEST(a_violation_is_told_with_its_history),
	};

	return cmocka_run_group_tests_name("sim/oracle-model", tests, NULL, NULL);
}
