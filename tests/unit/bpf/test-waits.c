/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms of waits: which bucket, what clocks that disagree do, and what the scheduler counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/bpf/scheduler.h"

#include "bpf/waits.bpf.h"

static const struct native_shape one_cpu = { .nodes = 1, .domains = 1, .cpus = 1 };

static void a_bucket_is_the_number_of_bits(void **state)
{
	assert_int_equal(waits_bucket(0), 0);
	for (u32 bit = 0; bit < 32; bit++) {
		u32 bucket = bit + 1 < WD40_WAIT_BUCKETS ? bit + 1 : WD40_WAIT_BUCKETS - 1;
		u32 lowest = 1u << bit;

		assert_int_equal(waits_bucket(lowest), bucket);
		assert_int_equal(waits_bucket(lowest + (lowest - 1)), bucket);
		assert_int_equal(waits_bucket(lowest + lowest / 2), bucket);
	}
}

static void stamps_go_round(void **state)
{
	assert_int_equal(waits_stamp(0), 1); /* 0 means none */
	assert_int_equal(waits_stamp(5 << WD40_WAIT_SHIFT), 5);
	assert_int_equal(waits_between(5, 9), 4);
	assert_int_equal(waits_between(0xfffffffe, 3), 5);
}

static void a_clock_that_is_behind_has_not_waited(void **state)
{
	assert_int_equal(waits_between(9, 8), 0);
	assert_int_equal(waits_between(9, 9), 0);
}

static void sums_are_of_all(void **state)
{
	struct wd40_waits w = { 0 };

	waits_count(&w, 3);
	waits_count(&w, 2);
	waits_count(&w, 0);
	assert_int_equal(w.sum, 5);
	assert_int_equal(w.buckets[2], 2);
	assert_int_equal(w.buckets[0], 1);
}

static u64 events(const struct wd40_waits *w)
{
	u64 n = 0;

	for (u32 i = 0; i < WD40_WAIT_BUCKETS; i++)
		n += w->buckets[i];
	return n;
}

/* Of two hogs one waits at any time, for a slice or two of the other. */
static void who_waits_for_a_slice_is_counted_so(void **state)
{
	u64 slice = native_config()->slice_underutil_ns >> WD40_WAIT_SHIFT;
	u32 shortest = waits_bucket((u32)slice) - 1, longest = waits_bucket((u32)slice) + 2;
	const struct wd40_cpu *c = &shared.cpus[0];
	u64 turns = 0;

	hogs(2, 100);
	native_run(2 * SEC_NS);
	for (u32 i = shortest; i <= longest; i++)
		turns += c->queue_wait.buckets[i];
	assert_true(turns > 10);
	assert_true(events(&c->queue_wait) <= turns + 2);
	assert_in_range(c->queue_wait.sum << WD40_WAIT_SHIFT, 1800 * MSEC, 2000 * MSEC);
	/* whoever waits in a queue is runnable, and nobody else waits here */
	assert_in_range(c->run_delay.sum, c->queue_wait.sum, c->queue_wait.sum + 10 * turns);
	assert_true(events(&c->run_delay) >= events(&c->queue_wait));
}

/* One alone finds the CPU idle each time it wakes up. */
static void who_finds_an_idle_cpu_does_not_wait(void **state)
{
	const struct wd40_cpu *c = &shared.cpus[0];

	sleeper(100, MSEC, MSEC);
	native_run(SEC_NS);
	assert_true(events(&c->run_delay) > 100);
	assert_int_equal(events(&c->run_delay), c->run_delay.buckets[0] + c->run_delay.buckets[1] +
							c->run_delay.buckets[2]);
	assert_true(events(&c->queue_wait) <= 1);
}

/* What sleeps has not been runnable: a sleep is no delay. */
static void sleep_is_no_delay(void **state)
{
	const struct wd40_cpu *c = &shared.cpus[0];

	sleeper(100, MSEC, 500 * MSEC);
	native_run(4 * SEC_NS);
	assert_in_range(events(&c->run_delay), 4, 10);
	assert_true(c->run_delay.sum < 1000);
}

static int begin(void **state)
{
	start(one_cpu);
	return 0;
}

static int end(void **state)
{
	stop();
	return 0;
}

#define ATTACHED(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_is_the_number_of_bits),
		cmocka_unit_test(stamps_go_round),
		cmocka_unit_test(a_clock_that_is_behind_has_not_waited),
		cmocka_unit_test(sums_are_of_all),
		ATTACHED(who_waits_for_a_slice_is_counted_so),
		ATTACHED(who_finds_an_idle_cpu_does_not_wait),
		ATTACHED(sleep_is_no_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
