/* SPDX-License-Identifier: GPL-2.0-only */
/* The load of domains (bpf/domain.bpf.c): how it grows and fades, and who takes what of it along. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/unit/bpf/tasks.h"

#include "bpf/ravg.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)

/* Two nodes of three domains of two CPUs: D0..D2 on node 0, D3..D5 on node 1. Half-life: 1 s. */
static int boot(void **state)
{
	native_boot((struct native_shape){ 2, 3, 2 });
	all_online();
	return 0;
}

static int halt(void **state)
{
	native_halt();
	return 0;
}

static u64 load_time_after(u64 ns)
{
	native.now_ns += ns;
	return load_time();
}

static void set_half_life(u64 ns)
{
	struct wd40_config config = *native_config();

	config.load_half_life_ns = ns;
	native_publish(config);
}

static double load_of(u32 domain)
{
	const struct wd40_domain *d = &shared.domains[domain];

	return ravg_value(ravg_copy(&d->load), d->load_rate, load_time());
}

static double duty_of(const struct wd40_task *t)
{
	u64 rate = t->flags & WD40_TASK_RUNNABLE ? WD40_DUTY_ONE : 0;

	return ravg_value(ravg_copy(&t->duty), rate, load_time()) / WD40_DUTY_ONE;
}

static double share_of(const struct wd40_task *t)
{
	return duty_of(t) * t->weight;
}

static void assert_near(double is, double should_be, double tolerance)
{
	if (fabs(is - should_be) > tolerance)
		fail_msg("%f instead of %f", is, should_be);
}

static void joining_and_leaving_is_counted(void **state)
{
	struct wd40_task *a = task_in(2, 100), *b = task_in(2, 100);

	assert_int_equal(shared.domains[2].nr_tasks, 2);
	assert_int_equal(a->domain, 2);
	domain_leave(a, load_time());
	assert_int_equal(shared.domains[2].nr_tasks, 1);
	assert_int_equal(a->domain, WD40_NO_DOMAIN);
	domain_leave(b, load_time());
	assert_int_equal(shared.domains[2].nr_tasks, 0);
}

static void load_is_the_weight_while_runnable(void **state)
{
	struct wd40_task *t = task_in(0, 300);
	struct wd40_domain *d = &shared.domains[0];

	assert_int_equal(d->load_rate, 0);
	domain_set_runnable(t, true, load_time());
	assert_int_equal(d->load_rate, 300);
	assert_true(t->flags & WD40_TASK_RUNNABLE);
	domain_set_runnable(t, false, load_time_after(SEC_NS));
	assert_int_equal(d->load_rate, 0);
	assert_near(load_of(0), 150, 0.1);
	assert_near(duty_of(t), 0.5, 0.001);
	domain_set_runnable(t, true, load_time_after(SEC_NS));
	assert_near(load_of(0), 75, 0.1);
	assert_near(duty_of(t), 0.25, 0.001);
}

/* Fault 11: whatever the weight, it is what counts, and at once. */
static void fault_11_a_new_weight_is_a_new_load(void **state)
{
	static const u32 weights[] = { 1, 2, 99, 100, 101, 8668, WD40_MAX_WEIGHT };
	struct wd40_task *t = task_in(0, 100);

	domain_set_runnable(t, true, load_time());
	native.now_ns += SEC_NS;
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		domain_set_weight(t, weights[i], load_time());
		assert_int_equal(shared.domains[0].load_rate, weights[i]);
		assert_near(load_of(0), 0.5 * weights[i], 0.001 * weights[i]);
		assert_near(duty_of(t), 0.5, 0.001);
	}
	domain_set_weight(t, 0, load_time());
	assert_int_equal(t->weight, 1);
	domain_set_weight(t, 20000, load_time());
	assert_int_equal(t->weight, WD40_MAX_WEIGHT);
}

/* Faults 2 and 9: a task takes its share along, and only that. */
static void fault_9_a_transfer_takes_the_load_along(void **state)
{
	struct wd40_task *a = task_in(0, 400), *b = task_in(0, 100), *c = task_in(3, 50);
	struct wd40_domain *from = &shared.domains[0], *to = &shared.domains[3];

	domain_set_runnable(a, true, load_time());
	domain_set_runnable(b, true, load_time());
	domain_set_runnable(c, true, load_time());
	domain_transfer(a, 3, load_time_after(5 * SEC_NS + 12345), SEC_NS);
	assert_int_equal(a->domain, 3);
	assert_int_equal(from->nr_tasks, 1);
	assert_int_equal(to->nr_tasks, 2);
	assert_int_equal(from->load_rate, 100);
	assert_int_equal(to->load_rate, 450);
	assert_near(load_of(0), share_of(b), 0.01);
	assert_near(load_of(3), share_of(a) + share_of(c), 0.01);
}

/* Its time among the tasks of one domain becomes the same among those of the other. */
static void fault_34_a_transfer_carries_the_lag(void **state)
{
	struct wd40_task *t = task_in(0, 100);

	shared.domains[0].min_vtime = 100 * SEC_NS;
	shared.domains[3].min_vtime = 7 * SEC_NS;
	t->vtime = 100 * SEC_NS + 3 * MSEC;
	domain_transfer(t, 3, load_time(), 10 * MSEC);
	assert_int_equal(t->vtime, 7 * SEC_NS + 3 * MSEC);
	t->vtime = 7 * SEC_NS - 4 * MSEC;
	domain_transfer(t, 0, load_time(), 10 * MSEC);
	assert_int_equal(t->vtime, 100 * SEC_NS - 4 * MSEC);
}

/* Averages are cut at the same times on both sides, or sums of them are none. */
static void clocks_of_task_and_domain_agree(void **state)
{
	struct wd40_domain *a = &shared.domains[0], *b = &shared.domains[1];
	struct wd40_task *t = task_in(0, 100);
	u64 now = load_time();

	a->load.at = now + 5000;
	domain_set_runnable(t, true, now);
	assert_int_equal(a->load.at, now + 5000);
	assert_int_equal(t->duty.at, now + 5000);
	domain_transfer(t, 1, now, SEC_NS);
	assert_int_equal(t->duty.at, now + 5000);
	assert_int_equal(b->load.at, now + 5000);
}

static void transfers_to_nowhere_change_nothing(void **state)
{
	struct wd40_task *t = task_in(1, 100);

	t->vtime = 10 * SEC_NS;
	domain_transfer(t, 1, load_time(), SEC_NS);
	domain_transfer(t, 6, load_time(), SEC_NS);
	domain_transfer(t, WD40_NO_DOMAIN, load_time(), SEC_NS);
	assert_int_equal(t->domain, 1);
	assert_int_equal(t->vtime, 10 * SEC_NS);
	assert_int_equal(shared.domains[1].nr_tasks, 1);
}

static void leaving_while_runnable_takes_the_weight_out(void **state)
{
	struct wd40_task *t = task_in(0, 100);

	domain_set_runnable(t, true, load_time());
	domain_leave(t, load_time_after(SEC_NS));
	assert_int_equal(shared.domains[0].load_rate, 0);
	assert_near(load_of(0), 0, 0.01);
}

/* --- The half-life. ----------------------------------------------------------------------------- */

static void half_lives_are_kept_to(void **state)
{
	static const u64 half_lives[] = { 10 * MSEC, 33 * MSEC, SEC_NS, 4300 * MSEC, 60 * SEC_NS };
	struct wd40_task *t = task_in(0, 1000);

	for (size_t i = 0; i < ARRAY_SIZE(half_lives); i++) {
		set_half_life(half_lives[i]);
		domain_set_runnable(t, true, load_time());
		domain_set_runnable(t, false, load_time_after(20 * half_lives[i]));
		assert_near(load_of(0), 1000, 0.1);
		native.now_ns += half_lives[i];
		assert_near(load_of(0), 500, 0.1);
		native.now_ns += 2 * half_lives[i];
		assert_near(load_of(0), 125, 0.1);
		assert_near(duty_of(t), 0.125, 0.0001);
	}
}

/*
 * A task slept while its domain was brought to the present many times, part of it with another
 * half-life: what it takes along when it wakes is what is left of it in the domain.
 */
static void a_changed_half_life_fades_all_alike(void **state)
{
	struct wd40_task *sleeper = task_in(0, 5000), *other = task_in(0, 100);

	domain_set_runnable(sleeper, true, load_time());
	domain_set_runnable(sleeper, false, load_time_after(20 * SEC_NS));
	for (int i = 0; i < 10; i++)
		domain_set_runnable(other, i % 2, load_time_after(SEC_NS));
	set_half_life(60 * SEC_NS);
	domain_set_runnable(other, true, load_time_after(SEC_NS));
	assert_near(share_of(sleeper), 5000 / exp2(11 + 0.0), 0.1);
	domain_transfer(sleeper, 1, load_time(), SEC_NS);
	assert_near(load_of(0), share_of(other), 0.01 * share_of(other));
	assert_near(load_of(1), share_of(sleeper), 0.01 * share_of(sleeper));
}

/* A callback that began before the change must not take it back. */
static void a_late_callback_reads_the_newest_clock(void **state)
{
	const struct wd40_config *old = native_config();
	u64 before = load_time(), clocks;

	set_half_life(10 * MSEC);
	load_time();
	clocks = shared.load_clock_current;
	load_now(old, native.now_ns + 10 * MSEC);
	assert_int_equal(shared.load_clock_current, clocks);
	assert_near((double)(load_time_after(10 * MSEC) - before), 1u << WD40_HALF_LIFE_SHIFT, 100);
}

/* Two CPUs see the new half-life at once: one makes the clock, both go by one that is whole. */
static void one_of_two_makes_the_clock(void **state)
{
	u64 before = load_time();

	set_half_life(10 * MSEC);
	shared.load_clock_claimed++;                            /* the other one is at it */
	assert_true(load_time_after(MSEC) - before < 1u << 21); /* still at the old pace */
	assert_int_equal(shared.load_clock_current + 1, shared.load_clock_claimed);
	shared.load_clock_claimed--;
	load_time();
	assert_int_equal(shared.load_clock_current, shared.load_clock_claimed);
}

static void load_time_never_steps_back(void **state)
{
	static const u64 half_lives[] = { 10 * MSEC, 60 * SEC_NS, SEC_NS };
	u64 last = load_time();

	for (u32 i = 0; i < 100; i++) {
		u64 now;

		set_half_life(half_lives[i % 3]);
		now = load_time_after(i * i * 1000);
		assert_true(now >= last);
		assert_true(load_now(native_config(), native.now_ns - 5000) + 1000000 >= last);
		last = now;
	}
}

/* --- Sums. -------------------------------------------------------------------------------------- */

#define TASKS 40

static void assert_sums(struct wd40_task *const *tasks)
{
	double sums[6] = { 0 };
	u64 rates[6] = { 0 };

	for (int i = 0; i < TASKS; i++) {
		u32 d = tasks[i]->domain;

		sums[d] += share_of(tasks[i]);
		rates[d] += tasks[i]->flags & WD40_TASK_RUNNABLE ? tasks[i]->weight : 0;
	}
	for (u32 d = 0; d < 6; d++) {
		assert_near(load_of(d), sums[d], 0.01 * sums[d] + 0.01);
		assert_int_equal(shared.domains[d].load_rate, rates[d]);
	}
}

static struct wd40_task *random_task(u32 max_weight)
{
	return task_in((u32)random() % 6, 1 + (u32)random() % max_weight);
}

/* Moves, wakeups, weights and deaths, with clocks that differ a little from CPU to CPU. */
static void live(struct wd40_task *tasks[TASKS], u32 max_weight)
{
	struct wd40_task **t = &tasks[random() % TASKS];
	u64 now = load_now(native_config(), native.now_ns - (u64)random() % 2000);

	switch (random() % 16) {
	case 0:
	case 1: domain_transfer(*t, (u32)random() % 6, now, SEC_NS); break;
	case 2: domain_set_weight(*t, (u32)random() % max_weight, now); break;
	case 3:
		domain_leave(*t, now);
		slab_free(&shared.tasks, (*t)->index);
		*t = random_task(max_weight);
		break;
	default: domain_set_runnable(*t, random() % 2, now);
	}
}

/* A domain has what its tasks have, within 1 %, whatever becomes of them and of the half-life. */
static void sums_hold_through_a_random_life(void **state)
{
	static const u64 half_lives[] = { 10 * MSEC, 100 * MSEC, SEC_NS, 60 * SEC_NS };
	static const u32 max_weights[] = { 1, 100, WD40_MAX_WEIGHT };
	struct wd40_task *tasks[TASKS];

	srandom(4);
	for (size_t w = 0; w < ARRAY_SIZE(max_weights); w++) {
		for (int i = 0; i < TASKS; i++)
			tasks[i] = random_task(max_weights[w]);
		for (int i = 0; i < 50000; i++) {
			native.now_ns += (u64)random() % (MSEC >> random() % 8);
			if (random() % 3000 == 0)
				native.now_ns += 20 * SEC_NS;
			if (random() % 1000 == 0)
				set_half_life(half_lives[random() % 4]);
			live(tasks, max_weights[w]);
			if (i % 500 == 0)
				assert_sums(tasks);
		}
		for (int i = 0; i < TASKS; i++)
			domain_leave(tasks[i], load_time());
		for (u32 d = 0; d < 6; d++)
			assert_near(load_of(d), 0, 0.5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(joining_and_leaving_is_counted),
		TEST(load_is_the_weight_while_runnable),
		TEST(fault_11_a_new_weight_is_a_new_load),
		TEST(fault_9_a_transfer_takes_the_load_along),
		TEST(fault_34_a_transfer_carries_the_lag),
		TEST(clocks_of_task_and_domain_agree),
		TEST(transfers_to_nowhere_change_nothing),
		TEST(leaving_while_runnable_takes_the_weight_out),
		TEST(half_lives_are_kept_to),
		TEST(a_changed_half_life_fades_all_alike),
		TEST(a_late_callback_reads_the_newest_clock),
		TEST(one_of_two_makes_the_clock),
		TEST(load_time_never_steps_back),
		TEST(sums_hold_through_a_random_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
