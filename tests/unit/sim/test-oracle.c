/* SPDX-License-Identifier: GPL-2.0-only */
/* Oracles stay silent while wd40 does as it should, and say what happened when it did not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_teardown(f, unwatch)

static void hogs_of_all_weights_are_served(void **state)
{
	watch((struct native_shape){ 2, 2, 2 });
	hogs(20, 100);
	hogs(5, 300);
	hog(1);
	hog(WD40_MAX_WEIGHT);
	native_run(25 * SEC_NS);
	sim_oracles_check_all(oracles);
	assert_silent();
	leave_all();
	assert_silent();
}

static void sleepers_and_bound_tasks_are_served(void **state)
{
	watch((struct native_shape){ 2, 2, 2, 2 });
	hogs(4, 100);
	for (s32 cpu = 0; cpu < 8; cpu++)
		pinned_hog(100, cpu);
	for (u64 i = 1; i < 30; i++)
		sleeper(100 + 10 * (u32)i, i * MSEC / 10, 3 * i * MSEC);
	native_run(10 * SEC_NS);
	sim_oracles_check_all(oracles);
	assert_silent();
	leave_all();
	assert_silent();
}

static void cpus_come_and_go(void **state)
{
	watch((struct native_shape){ 2, 2, 2 });
	hogs(12, 100);
	for (u64 i = 1; i < 10; i++)
		sleeper(100, i * MSEC / 2, i * MSEC);
	for (s32 round = 0; round < 20; round++) {
		native_run(100 * MSEC);
		native_set_online(round * 3 % 8, false);
		native_run(100 * MSEC);
		native_set_online(round * 5 % 8, true);
	}
	sim_oracles_check_all(oracles);
	assert_silent();
}

static void attributes_change(void **state)
{
	watch((struct native_shape){ 2, 2, 2 });
	hogs(12, 100);
	for (u64 i = 1; i < 10; i++)
		sleeper(100, i * MSEC / 2, i * MSEC);
	for (u32 i = 0; i < 100; i++) {
		native_run(10 * MSEC);
		native_set_weight(actors[i % nr_actors], i * 97 % WD40_MAX_WEIGHT + 1);
		native_run(10 * MSEC);
		native_set_affinity(actors[i * 7 % nr_actors], i % 4, i % 5 + 1);
	}
	sim_oracles_check_all(oracles);
	assert_silent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hogs_of_all_weights_are_served),
		TEST(sleepers_and_bound_tasks_are_served),
		TEST(cpus_come_and_go),
		TEST(attributes_change),
	};

	return cmocka_run_group_tests_name("sim/oracle", tests, NULL, NULL);
}
