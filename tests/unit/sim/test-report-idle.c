/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/report-idle.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

static struct mask_table *masks;
static struct idle_watch *watch;

/* 130 CPUs: three words of a mask. */
static int begin(void **state)
{
	masks = mask_table_new(130);
	watch = idle_watch_new(masks);
	return !watch;
}

static int end(void **state)
{
	watch = idle_watch_free(watch);
	masks = mask_table_free(masks);
	return 0;
}

/* The affinity of two CPUs. */
static u32 mask_of(u32 first, u32 second)
{
	unsigned long words[3] = { 0 };

	words[first / 64] |= 1ul << first % 64;
	words[second / 64] |= 1ul << second % 64;
	return mask_table_id(masks, words);
}

static void assert_lost(u64 now_ns, u64 total_ns, u64 longest_ns)
{
	idle_watch_settle(watch, now_ns);
	assert_int_equal(idle_watch_total_ns(watch, now_ns), total_ns);
	assert_int_equal(idle_watch_longest_ns(watch, now_ns), longest_ns);
}

static void a_wait_for_busy_cpus_loses_nothing(void **state)
{
	idle_watch_wait(watch, mask_of(0, 129), true);
	idle_watch_set_idle(watch, 1, true);
	assert_lost(10, 0, 0);
	assert_lost(50, 0, 0);
}

/* From 10 on CPU 129 is idle, from 20 on CPU 0 too, until the task runs at 50. */
static void idle_cpus_beside_a_task_that_may_run_there_are_counted(void **state)
{
	u32 mask = mask_of(0, 129);

	idle_watch_wait(watch, mask, true);
	idle_watch_set_idle(watch, 129, true);
	assert_lost(10, 0, 0);
	idle_watch_set_idle(watch, 0, true);
	assert_lost(20, 10, 10);
	idle_watch_wait(watch, mask, false);
	assert_lost(50, 30 + 40, 40);
	assert_lost(90, 70, 40);
}

/* The second task waits on: the CPU is lost for it, without a break. */
static void the_longest_is_per_cpu_whoever_waits(void **state)
{
	idle_watch_set_idle(watch, 5, true);
	idle_watch_wait(watch, mask_of(5, 6), true);
	idle_watch_settle(watch, 0);
	idle_watch_wait(watch, mask_of(5, 7), true);
	idle_watch_wait(watch, mask_of(5, 6), false);
	idle_watch_settle(watch, 30);
	idle_watch_set_idle(watch, 5, false);
	assert_lost(100, 100, 100);
}

static void what_is_over_within_a_moment_does_not_count(void **state)
{
	idle_watch_set_idle(watch, 5, true);
	idle_watch_wait(watch, mask_of(5, 6), true);
	idle_watch_wait(watch, mask_of(5, 6), true);
	idle_watch_wait(watch, mask_of(5, 6), false);
	idle_watch_set_idle(watch, 5, false);
	assert_lost(10, 0, 0);
	assert_lost(20, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_for_busy_cpus_loses_nothing),
		TEST(idle_cpus_beside_a_task_that_may_run_there_are_counted),
		TEST(the_longest_is_per_cpu_whoever_waits),
		TEST(what_is_over_within_a_moment_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
