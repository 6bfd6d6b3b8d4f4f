/* SPDX-License-Identifier: GPL-2.0-only */
/* I2: an unfair share is found where shares must be fair, and only there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_teardown(f, unwatch)

/* The first actor gets slices that are longer than the others', for which it is not charged. */
static u64 began_at, slice_ns;

static void begin_stint(struct task_struct *p)
{
	wd40_ops.running(p);
	if (p != actors[0])
		return;
	began_at = context(p)->vtime;
	slice_ns = p->scx.slice;
	p->scx.slice += slice_ns;
}

static void charge_a_slice(struct task_struct *p, bool runnable)
{
	wd40_ops.stopping(p, runnable);
	if (p == actors[0])
		context(p)->vtime = began_at + slice_ns * WD40_BASE_WEIGHT / p->scx.weight;
}

static void begin_unfair(void)
{
	broken = wd40_ops;
	broken.running = begin_stint;
	broken.stopping = charge_a_slice;
	watch_ops((struct native_shape){ 1, 1, 2 }, &broken);
}

static void run_unfair(u32 first_weight)
{
	begin_unfair();
	hog(first_weight);
	hogs(5, 100);
	native_run(21 * SEC_NS);
}

static void who_gets_more_is_found(void **state)
{
	run_unfair(100);
	assert_fires("share");
}

/* Turns end at ticks there, as all do where nobody yields. */
static void who_gets_longer_turns_is_found(void **state)
{
	struct wd40_config config;

	begin_unfair();
	native.tick_ns = 4 * MSEC;
	config = *native_config();
	config.fifo_sched = true;
	native_publish(config);
	hogs(6, 100);
	native_run(9 * SEC_NS);
	assert_fires("share");
}

static void who_gets_more_than_its_weight_is_found(void **state)
{
	run_unfair(200);
	assert_fires("share");
}

/* One CPU cannot serve such a weight, so the others get more than theirs say. */
static void a_weight_that_no_cpu_can_serve_is_fine(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	hog(1000);
	hogs(5, 100);
	native_run(30 * SEC_NS);
	assert_silent();
}

static void bound_tasks_are_fine(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	pinned_hog(100, 0);
	pinned_hog(100, 1);
	pinned_hog(100, 1);
	native_run(30 * SEC_NS);
	assert_silent();
}

static void thieves_and_sleepers_are_fine(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	hogs(5, 100);
	sleeper(100, MSEC, 10 * MSEC);
	for (int i = 0; i < 30; i++) {
		native_run(SEC_NS);
		native_occupy(0, NATIVE_IRQ, SEC_NS / 2);
	}
	assert_silent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_gets_more_is_found),
		TEST(who_gets_longer_turns_is_found),
		TEST(who_gets_more_than_its_weight_is_found),
		TEST(a_weight_that_no_cpu_can_serve_is_fine),
		TEST(bound_tasks_are_fine),
		TEST(thieves_and_sleepers_are_fine),
	};

	return cmocka_run_group_tests_name("sim/oracle-share", tests, NULL, NULL);
}
