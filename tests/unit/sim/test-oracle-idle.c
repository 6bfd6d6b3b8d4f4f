/* SPDX-License-Identifier: GPL-2.0-only */
/* I3: a CPU that is idle beside work it may take is found, one that may not take it is fine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf/steal.bpf.h"
#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_teardown(f, unwatch)

static void take_nothing(s32 cpu, struct task_struct *prev)
{
}

static void take_own(s32 cpu, struct task_struct *prev)
{
	queue_consume(domain_of_cpu(cpu), native_config());
}

/* Hogs of domain 0, more than it has CPUs. */
static void crowd(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		struct task_struct *p = actor(100);

		native_allow_only(p, 0, 2);
		act(p);
	}
}

static void let_go(void)
{
	for (u32 i = 0; i < nr_actors; i++)
		native_set_affinity(actors[i], 0, native.nr_cpu_ids);
}

/* The tuner's mask allows all CPUs to be kicked. */
static void allow_kicks(void)
{
	struct wd40_tune *tune = native_tune();

	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		tune->kick_greedy[cpu / 64] |= 1ull << cpu % 64;
	tune->any_kick_greedy = true;
}

static void an_idle_cpu_of_the_own_domain_is_found(void **state)
{
	broken = wd40_ops;
	broken.dispatch = take_nothing;
	watch_ops((struct native_shape){ 1, 1, 2 }, &broken);
	hogs(3, 100);
	native_run(100 * MSEC);
	assert_silent(); /* both CPUs go on with what they have */
	native_leave(actors[0]);
	native_run(SEC_NS);
	assert_fires("idle-at-home");
	actors[0] = native_task_free(actors[0]);
	memmove(&actors[0], &actors[1], --nr_actors * sizeof(actors[0]));
}

static void an_idle_cpu_for_the_second_in_the_queue_is_found(void **state)
{
	broken = wd40_ops;
	broken.dispatch = take_nothing;
	watch_ops((struct native_shape){ 1, 1, 2 }, &broken);
	for (int i = 0; i < 3; i++)
		pinned_hog(100, 0);
	native_run(SEC_NS);
	assert_silent();
	pinned_hog(100, 1);
	pinned_hog(100, 1);
	native_leave(actors[3]);
	native_run(SEC_NS);
	assert_fires("idle-at-home");
	actors[3] = native_task_free(actors[3]);
	actors[3] = actors[--nr_actors];
}

static void bound_tasks_leave_cpus_idle(void **state)
{
	watch((struct native_shape){ 1, 2, 2 });
	allow_kicks();
	crowd(6);
	native_run(SEC_NS);
	sim_oracles_check_all(oracles);
	assert_silent();
}

/* Its CPUs do not steal when they look, and when they are woken. */
static void an_idle_cpu_beside_a_queue_is_found(void **state)
{
	broken = wd40_ops;
	broken.dispatch = take_own;
	watch_ops((struct native_shape){ 1, 2, 2 }, &broken);
	allow_kicks();
	crowd(6);
	native_run(SEC_NS);
	assert_silent();
	let_go();
	native_run(SEC_NS);
	assert_fires("idle-beside-work");
}

/*
 * The other node may help from now on, but not those that are queued next; then one comes that it can
 * help.
 */
static void nobody_is_woken_for_the_bound(void **state)
{
	struct wd40_config config;

	watch((struct native_shape){ 2, 1, 2 });
	allow_kicks();
	crowd(3);
	hogs(2, 100);
	native_run(105 * MSEC);
	config = *native_config();
	config.greedy_threshold_x_numa = 2;
	native_publish(config);
	native_run(SEC_NS);
	assert_silent();
	assert_non_null(native.cpus[2].running);
}

/* The other domain may help from now on; but one that still comes first is kept, so nobody is queued. */
static void nobody_is_woken_while_one_is_kept(void **state)
{
	struct wd40_config config;

	watch((struct native_shape){ 1, 2, 1 });
	allow_kicks();
	config = *native_config();
	config.greedy_threshold = 0;
	native_publish(config);
	hogs(3, 100);
	hog(WD40_MAX_WEIGHT);
	native_run(105 * MSEC);
	config.greedy_threshold = 1;
	native_publish(config);
	native_run(100 * MSEC);
	sim_oracles_check_all(oracles);
	assert_silent();
	assert_true(native.cpus[1].idle);
}

/* It came online and was not there before: the scheduler asks to be attached anew. */
static void a_cpu_without_a_domain_takes_nothing(void **state)
{
	watch((struct native_shape){ 1, 2, 2 });
	native_set_online(3, false);
	shared.cpus[3].domain = WD40_NO_DOMAIN;
	shared.domains[1].cpus[0] &= ~(1ull << 3);
	shared.domains[1].nr_cpus--;
	shared.nr_offline--;
	crowd(6);
	let_go();
	native_run(SEC_NS);
	native_set_online(3, true);
	native_run(0);
	assert_string_equal(native.exit_text, "cpu 3 came online and belongs to no domain yet");
	sim_oracles_check_all(oracles);
	assert_silent();
}

static void thieves_take_what_is_beside(void **state)
{
	watch((struct native_shape){ 1, 2, 2 });
	allow_kicks();
	crowd(6);
	native_run(SEC_NS);
	let_go();
	native_run(SEC_NS);
	sim_oracles_check_all(oracles);
	assert_silent();
}

/* Nobody is told that it may help, nobody looks: greedy stealing between nodes is off. */
static void other_nodes_may_be_idle(void **state)
{
	watch((struct native_shape){ 2, 1, 2 });
	allow_kicks();
	crowd(6);
	native_run(SEC_NS);
	let_go();
	native_run(SEC_NS);
	sim_oracles_check_all(oracles);
	assert_silent();
}

static void a_cpu_that_was_taken_is_not_idle(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	native_occupy(1, NATIVE_IRQ, SEC_NS);
	native_occupy(0, NATIVE_RT, SEC_NS);
	hogs(4, 100);
	native_run(SEC_NS / 2);
	sim_oracles_check_all(oracles);
	assert_silent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_idle_cpu_of_the_own_domain_is_found),
		TEST(an_idle_cpu_for_the_second_in_the_queue_is_found),
		TEST(bound_tasks_leave_cpus_idle),
		TEST(an_idle_cpu_beside_a_queue_is_found),
		TEST(nobody_is_woken_for_the_bound),
		TEST(nobody_is_woken_while_one_is_kept),
		TEST(a_cpu_without_a_domain_takes_nothing),
		TEST(thieves_take_what_is_beside),
		TEST(other_nodes_may_be_idle),
		TEST(a_cpu_that_was_taken_is_not_idle),
	};

	return cmocka_run_group_tests_name("sim/oracle-idle", tests, NULL, NULL);
}
