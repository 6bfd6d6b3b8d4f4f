/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/unit/bpf/tasks.h"

#include "bpf/placement.bpf.h"
#include "bpf/steal.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)
#define NOBODY  (-ENOENT)

static struct task_struct *p;
static struct wd40_task *t;

/*
 * Two nodes of two domains of four CPUs, two threads a core: D0 has CPUs 0..3, cores 0-1 and 2-3; D1
 * 4..7; D2 8..11 and D3 12..15 are on node 1, D3 the nearer one to D0. All CPUs are busy, the task
 * lives in D0 and was on CPU 0; who wakes it is on CPU 1.
 */
static int boot(void **state)
{
	native_boot((struct native_shape){ 2, 2, 4, .threads = 2 });
	all_online();
	native_set_all_idle(false);
	p = native_task_new();
	t = task_in(0, 100);
	native.cpu = 1;
	return queues_create();
}

static int halt(void **state)
{
	native_task_free(p);
	native_halt();
	return 0;
}

static void make_idle(s32 first, s32 n)
{
	for (s32 cpu = first; cpu < first + n; cpu++)
		native_set_idle(cpu, true);
}

static void let_tuner_allow(u64 direct, u64 kick)
{
	struct wd40_tune *tune = native_tune();

	tune->direct_greedy[0] = direct;
	tune->any_direct_greedy = direct != 0;
	tune->kick_greedy[0] = kick;
	tune->any_kick_greedy = kick != 0;
}

/* The CPU that the waking task claims; it is idle no more, and the counter says why. */
static void assert_claims(s32 prev_cpu, u64 flags, s32 cpu, u32 why)
{
	struct placement_wakeup wakeup = { .prev_cpu = prev_cpu, .wake_flags = flags };

	assert_int_equal(placement_claim_cpu(p, t, policy_now(), &wakeup), cpu);
	if (cpu < 0)
		return;
	assert_int_equal(wakeup.why, why);
	assert_false(native_is_idle(cpu));
}

static void assert_helped_by(s32 cpu, u32 why)
{
	u32 is_why = 0;

	assert_int_equal(placement_claim_helper(p, t->domain, policy_now(), &is_why), cpu);
	if (cpu >= 0)
		assert_int_equal(is_why, why);
}

/* --- At home. ----------------------------------------------------------------------------------- */

static void order_of_preference_at_home(void **state)
{
	make_idle(0, 4);
	assert_claims(0, 0, 0, WD40_CTR_PREV_IDLE);   /* its core is idle */
	assert_claims(1, 0, 2, WD40_CTR_DIRECT_IDLE); /* an idle core before the rest of its own */
	assert_claims(1, 0, 1, WD40_CTR_PREV_IDLE);   /* itself before any other rest */
	assert_claims(1, 0, 3, WD40_CTR_DIRECT_IDLE);
	assert_claims(1, 0, NOBODY, 0);
}

static void previous_cpu_outside_home_is_no_favourite(void **state)
{
	make_idle(2, 6);
	assert_claims(4, 0, 2, WD40_CTR_DIRECT_IDLE);
	assert_claims(4, 0, 3, WD40_CTR_DIRECT_IDLE);
	assert_claims(4, 0, NOBODY, 0);
	assert_true(native_is_idle(4));
}

/* Fault 7: where it was is offline, or never was. */
static void fault_7_an_impossible_previous_cpu_is_no_error(void **state)
{
	static const s32 wrong[] = { -1, 16, 64, 2147483647 };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		make_idle(3, 1);
		assert_claims(wrong[i], 0, 3, WD40_CTR_DIRECT_IDLE);
		assert_claims(wrong[i], WAKE_SYNC, NOBODY, 0);
	}
}

static void only_allowed_cpus_are_claimed(void **state)
{
	make_idle(0, 4);
	native_allow_only(p, 1, 1);
	assert_claims(0, 0, 1, WD40_CTR_DIRECT_IDLE);
	assert_claims(0, 0, NOBODY, 0);
	native_allow_only(p, 3, 1);
	assert_claims(0, WAKE_SYNC, 3, WD40_CTR_DIRECT_IDLE);
	assert_true(native_is_idle(0));
	assert_true(native_is_idle(2));
}

/* Others are quicker, one CPU after the other. */
static void a_lost_race_goes_on_to_the_next_cpu(void **state)
{
	make_idle(0, 4);
	native.fail_claims = 2;
	assert_claims(0, 0, 3, WD40_CTR_DIRECT_IDLE);
	make_idle(0, 4);
	native.fail_claims = 100;
	assert_claims(0, 0, NOBODY, 0);
}

static void domains_beyond_the_first_word_work_as_well(void **state)
{
	halt(state);
	native_boot((struct native_shape){ 1, 3, 100 });
	all_online();
	native_set_all_idle(false);
	p = native_task_new();
	t = task_in(1, 100);
	make_idle(99, 1);
	make_idle(200, 1);
	assert_claims(150, 0, NOBODY, 0);
	make_idle(199, 1);
	assert_claims(150, 0, 199, WD40_CTR_DIRECT_IDLE);
	make_idle(127, 2);
	assert_claims(150, 0, 127, WD40_CTR_DIRECT_IDLE);
	assert_claims(128, 0, 128, WD40_CTR_PREV_IDLE);
}

/* --- Sync wakeups. ------------------------------------------------------------------------------ */

static void sync_goes_to_the_idle_previous_cpu_by_the_waker(void **state)
{
	make_idle(0, 4);
	native_set_idle(1, false);
	assert_claims(0, WAKE_SYNC, 0, WD40_CTR_WSYNC_PREV_IDLE); /* rather than to the idle core */
}

static void sync_goes_to_the_wakers_cpu_else(void **state)
{
	make_idle(2, 2);
	assert_claims(0, WAKE_SYNC, 1, WD40_CTR_WSYNC);
	assert_claims(4, WAKE_SYNC, 1, WD40_CTR_WSYNC);
	assert_true(native_is_idle(2) && native_is_idle(3));
}

/* The waker's cache is what counts, not the task's home. */
static void sync_pulls_the_task_to_the_wakers_domain(void **state)
{
	native.cpu = 9;
	make_idle(0, 4);
	make_idle(11, 1);
	assert_claims(0, WAKE_SYNC, 9, WD40_CTR_WSYNC);
	assert_claims(11, WAKE_SYNC, 11, WD40_CTR_WSYNC_PREV_IDLE);
}

static void sync_waits_for_nobody(void **state)
{
	struct task_struct *waiting = native_task_new();

	make_idle(3, 1);
	native_queue_tail(&native.cpus[1].local, waiting);
	assert_claims(0, WAKE_SYNC, 3, WD40_CTR_DIRECT_IDLE);
	native_task_free(waiting);
}

/* A pair that wakes each other would starve a task that is bound to their CPU. */
static void sync_waits_for_nobody_queued_in_the_domain(void **state)
{
	struct task_struct *waiting = native_task_new();

	make_idle(3, 1);
	queues_create();
	kernel_insert_vtime(waiting, QUEUE_DEADLINE(0), 1, 0, 0);
	assert_claims(0, WAKE_SYNC, 3, WD40_CTR_DIRECT_IDLE);
	native_task_free(waiting);
}

static void sync_of_a_saturated_domain_queues(void **state)
{
	make_idle(4, 4);
	assert_claims(0, WAKE_SYNC, NOBODY, 0);
}

static void a_waker_that_exits_does_not_hand_over(void **state)
{
	struct task_struct *waker = native.current = native_task_new();

	make_idle(3, 1);
	waker->flags = PF_EXITING;
	assert_claims(0, WAKE_SYNC, 3, WD40_CTR_DIRECT_IDLE);
	waker->flags = 0;
	make_idle(3, 1);
	assert_claims(0, WAKE_SYNC, 1, WD40_CTR_WSYNC);
	native_task_free(waker);
}

static void sync_respects_affinity(void **state)
{
	make_idle(2, 2);
	native_allow_only(p, 2, 2);
	assert_claims(0, WAKE_SYNC, 2, WD40_CTR_DIRECT_IDLE);
}

/* --- Direct-greedy. ----------------------------------------------------------------------------- */

static void greedy_claims_where_the_tuner_allows(void **state)
{
	make_idle(4, 12);
	assert_claims(0, 0, NOBODY, 0);
	let_tuner_allow(1 << 6, 0xffff);
	assert_claims(0, 0, 6, WD40_CTR_DIRECT_GREEDY);
	assert_claims(0, 0, NOBODY, 0);
}

static void greedy_back_to_the_previous_cpu_is_counted_so(void **state)
{
	make_idle(6, 2);
	let_tuner_allow(0xf0, 0);
	assert_claims(6, 0, 6, WD40_CTR_GREEDY_IDLE);
	assert_claims(6, 0, 7, WD40_CTR_DIRECT_GREEDY);
}

static void greedy_takes_an_idle_core_first(void **state)
{
	make_idle(5, 3);
	let_tuner_allow(0xf0, 0);
	assert_claims(0, 0, 6, WD40_CTR_DIRECT_GREEDY);
	assert_claims(0, 0, 5, WD40_CTR_DIRECT_GREEDY);
}

static void greedy_crosses_nodes_only_when_asked_to(void **state)
{
	make_idle(8, 8);
	let_tuner_allow(0xffff, 0);
	assert_claims(0, 0, NOBODY, 0);
	native_config()->direct_greedy_numa = true;
	assert_claims(0, 0, 12, WD40_CTR_DIRECT_GREEDY_FAR);
	make_idle(7, 1);
	assert_claims(0, 0, 7, WD40_CTR_DIRECT_GREEDY);
}

/* Fault 20's like: every domain is looked into, nearest first. */
static void greedy_looks_everywhere_nearest_first(void **state)
{
	const struct wd40_domain *home = &shared.domains[0];

	native_config()->direct_greedy_numa = true;
	let_tuner_allow(0xffff, 0);
	make_idle(4, 12);
	for (u32 i = 0; i < home->nr_victims; i++)
		for (u32 k = 0; k < 4; k++) {
			struct placement_wakeup wakeup = { .prev_cpu = 0 };
			s32 cpu = placement_claim_cpu(p, t, policy_now(), &wakeup);

			assert_int_equal(cpu / 4, home->victims[i]);
		}
	assert_claims(0, 0, NOBODY, 0);
}

/* Fault 17: also for tasks whose affinity is not every CPU; it just has to allow the one. */
static void greedy_respects_affinity(void **state)
{
	let_tuner_allow(0xffff, 0);
	make_idle(4, 4);
	native_allow_only(p, 0, 6);
	native_allow(p, 7, 1);
	assert_claims(0, 0, 4, WD40_CTR_DIRECT_GREEDY);
	assert_claims(0, 0, 7, WD40_CTR_DIRECT_GREEDY); /* its core is idle, that of 5 is not */
	assert_claims(0, 0, 5, WD40_CTR_DIRECT_GREEDY);
	assert_claims(0, 0, NOBODY, 0);
	assert_true(native_is_idle(6));
}

/* --- Helpers for a queued task. ----------------------------------------------------------------- */

static void an_idle_cpu_at_home_helps_first(void **state)
{
	let_tuner_allow(0, 0xffff);
	make_idle(1, 7);
	assert_helped_by(2, WD40_CTR_KICK_IDLE); /* its core is idle */
	assert_helped_by(1, WD40_CTR_KICK_IDLE);
	assert_helped_by(3, WD40_CTR_KICK_IDLE);
	assert_helped_by(4, WD40_CTR_KICK_GREEDY);
	native_allow_only(p, 6, 1);
	assert_helped_by(6, WD40_CTR_KICK_GREEDY);
	assert_helped_by(NOBODY, 0);
}

static void helpers_abroad_are_those_of_the_tuner(void **state)
{
	make_idle(4, 4);
	assert_helped_by(NOBODY, 0);
	let_tuner_allow(0xffff, 1 << 7);
	assert_helped_by(7, WD40_CTR_KICK_GREEDY);
	assert_helped_by(NOBODY, 0);
}

/* Who may not steal need not come. */
static void helpers_come_only_where_they_may_steal(void **state)
{
	let_tuner_allow(0, 0xffff);
	make_idle(8, 8);
	assert_helped_by(NOBODY, 0);
	native_config()->greedy_threshold_x_numa = 2;
	assert_helped_by(12, WD40_CTR_KICK_GREEDY);
	make_idle(4, 4);
	native_config()->greedy_threshold = 0;
	assert_helped_by(NOBODY, 0);
	make_idle(0, 1);
	assert_helped_by(0, WD40_CTR_KICK_IDLE);
}

/* --- Memory policy. ----------------------------------------------------------------------------- */

/* Fault 29: modes are numbers, not bits; nodes are 64 bits. */
static void fault_29_memory_policies_are_told_apart(void **state)
{
	/* default, preferred, bind, interleave, local, preferred many, weighted interleave */
	static const bool prefers[] = { false, true, true, false, false, true, false, false };
	static struct mempolicy policy_of_task = { .nodes.bits[0] = 1ul << 40 | 2 };

	assert_int_equal(placement_preferred_nodes(p), 0);
	p->mempolicy = &policy_of_task;
	for (u32 mode = 0; mode < ARRAY_SIZE(prefers); mode++) {
		policy_of_task.mode = (unsigned short)mode;
		assert_int_equal(placement_preferred_nodes(p), prefers[mode] ? 1ull << 40 | 2 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(order_of_preference_at_home),
		TEST(previous_cpu_outside_home_is_no_favourite),
		TEST(fault_7_an_impossible_previous_cpu_is_no_error),
		TEST(only_allowed_cpus_are_claimed),
		TEST(a_lost_race_goes_on_to_the_next_cpu),
		TEST(domains_beyond_the_first_word_work_as_well),
		TEST(sync_goes_to_the_idle_previous_cpu_by_the_waker),
		TEST(sync_goes_to_the_wakers_cpu_else),
		TEST(sync_pulls_the_task_to_the_wakers_domain),
		TEST(sync_waits_for_nobody),
		TEST(sync_waits_for_nobody_queued_in_the_domain),
		TEST(sync_of_a_saturated_domain_queues),
		TEST(a_waker_that_exits_does_not_hand_over),
		TEST(sync_respects_affinity),
		TEST(greedy_claims_where_the_tuner_allows),
		TEST(greedy_back_to_the_previous_cpu_is_counted_so),
		TEST(greedy_takes_an_idle_core_first),
		TEST(greedy_crosses_nodes_only_when_asked_to),
		TEST(greedy_looks_everywhere_nearest_first),
		TEST(greedy_respects_affinity),
		TEST(an_idle_cpu_at_home_helps_first),
		TEST(helpers_abroad_are_those_of_the_tuner),
		TEST(helpers_come_only_where_they_may_steal),
		TEST(fault_29_memory_policies_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
