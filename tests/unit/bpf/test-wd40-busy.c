/* SPDX-License-Identifier: GPL-2.0-only */
/* Fault 35: how busy each CPU is, as BPF counts it and the daemon reads it. */
#include <math.h>

#include "tests/unit/bpf/one-domain.h"

#include "bpf/idle.h"
#include "daemon/busy.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end_meter)

static struct busy_meter *meter;
static u64 began_ns;

/* The daemon, which is no task here, has just been put on a CPU. */
static void look(void)
{
	shared.cpus[native.cpu].clock_ns = native.now_ns;
	busy_meter_update(meter, &shared);
}

static void run_and_look(u64 ns)
{
	native_run(ns);
	look();
}

/* As manager-attach.c: the first reading is right behind the attach. */
static void begin_meter(u32 cpus)
{
	begin(cpus, false);
	began_ns = native.now_ns;
	assert_int_equal(busy_meter_new(shared.nr_cpu_ids, &meter), 0);
	look();
}

static int end_meter(void **state)
{
	meter = busy_meter_free(meter);
	return end(state);
}

static void assert_busy(u32 cpu, double pct, double tolerance)
{
	double is = busy_meter_pct(meter)[cpu];

	if (!(fabs(is - pct) <= tolerance))
		fail_msg("CPU %u: %f, not %f", cpu, is, pct);
}

/* What BPF has counted is what the kernel did, to the ns. */
static void assert_counted(void)
{
	for (u32 cpu = 0; cpu < shared.nr_cpu_ids; cpu++)
		assert_int_equal(idle_read_ns(shared.cpus[cpu].idle, native.now_ns),
				 native.now_ns - began_ns - native_busy_ns((s32)cpu));
}

/* Nothing tells of a CPU that was idle before and stays so. */
static void who_was_idle_before_the_attach_is_idle(void **state)
{
	begin_meter(4);
	pinned_hog(100, 1);
	run_and_look(100 * MSEC);
	assert_busy(0, 0, 0);
	assert_busy(1, 100, 0);
	assert_busy(2, 0, 0);
	assert_counted();
}

static void a_share_is_exact(void **state)
{
	struct task_struct *p;

	begin_meter(2);
	p = actor(100);
	native_allow_only(p, 0, 1);
	p->native.run = 300 * 1000;
	p->native.sleep = 700 * 1000;
	act(p);
	run_and_look(10 * MSEC); /* a round as short as may be */
	assert_busy(0, 30, 0.001);
	assert_busy(1, 0, 0);
	run_and_look(10 * MSEC);
	assert_busy(0, 30, 0.001);
	assert_counted();
}

static void other_classes_and_interrupts_are_busy(void **state)
{
	begin_meter(3);
	pinned_hog(100, 1);
	native_run(MSEC);
	native_occupy(0, NATIVE_RT, 25 * MSEC);
	native_occupy(1, NATIVE_IRQ, 25 * MSEC);
	run_and_look(99 * MSEC);
	assert_busy(0, 25, 0.001);
	assert_busy(1, 100, 0);
	assert_busy(2, 0, 0);
	assert_counted();
}

static void many_changes_are_all_counted(void **state)
{
	begin_meter(4);
	for (u32 i = 0; i < 12; i++)
		sleeper(100, (50 + i * 37) * 1000, (200 + i * 101) * 1000);
	for (u32 i = 0; i < 50; i++) {
		native_run(7 * MSEC);
		native_occupy((s32)(i % 4), NATIVE_RT, (i % 3) * MSEC);
	}
	native_run(100 * MSEC);
	assert_counted();
}

static void a_cpu_that_was_away_begins_anew(void **state)
{
	begin_meter(4);
	run_and_look(100 * MSEC);
	native_set_online(3, false);
	run_and_look(100 * MSEC);
	assert_busy(3, -1, 0);
	native_set_online(3, true);
	run_and_look(100 * MSEC);
	assert_busy(3, -1, 0);
	run_and_look(100 * MSEC);
	assert_busy(3, 0, 0);
	pinned_hog(100, 3);
	run_and_look(100 * MSEC);
	assert_busy(3, 100, 0);
}

/* The kernel bypasses the scheduler while it suspends; what follows shows what a CPU does. */
static void what_the_kernel_did_not_tell_shows(void **state)
{
	begin_meter(2);
	native_run(MSEC);
	shared.cpus[0].idle = idle_flip(shared.cpus[0].idle, native.now_ns); /* went idle untold */
	look();
	scx_bpf_kick_cpu(0, 0); /* as when the bypass ends */
	run_and_look(100 * MSEC);
	assert_busy(0, 0, 0);
	pinned_hog(100, 1);
	native_run(MSEC);
	shared.cpus[1].idle =
		idle_flip(shared.cpus[1].idle, native.now_ns); /* began to run untold */
	native_set_weight(actors[0], 200);
	look();
	run_and_look(100 * MSEC);
	assert_busy(1, 100, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_was_idle_before_the_attach_is_idle),
		TEST(a_share_is_exact),
		TEST(other_classes_and_interrupts_are_busy),
		TEST(many_changes_are_all_counted),
		TEST(a_cpu_that_was_away_begins_anew),
		TEST(what_the_kernel_did_not_tell_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
