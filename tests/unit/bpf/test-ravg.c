/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"

#include "bpf/ravg.h"
#include "util/macro.h"

#define PERIOD    RAVG_PERIOD
#define HALF_LIFE (1ull << WD40_HALF_LIFE_SHIFT)

/* The highest rates: of a duty, of a heavy task, of a million of those. */
static const u64 rates[] = { 1, 100, WD40_MAX_WEIGHT, WD40_DUTY_ONE, WD40_MAX_WEIGHT * 1000000ull };

static long double value(const struct wd40_ravg *r)
{
	return (long double)r->avg / (1ull << WD40_RAVG_FRAC);
}

/* What a running average is meant to be, without any rounding. */
struct model {
	long double avg, partial;
	u64 at;
};

static void model_advance(struct model *m, long double rate, u64 now)
{
	long double y = exp2l(-(long double)PERIOD / HALF_LIFE);

	while (m->at < now) {
		u64 end = (m->at / PERIOD + 1) * PERIOD;
		u64 to = end < now ? end : now;

		m->partial += rate * (to - m->at);
		m->at = to;
		if (to < end)
			return;
		m->avg = m->avg * y + m->partial / PERIOD * (1 - y);
		m->partial = 0;
	}
}

/* Steps of all magnitudes up to some periods; now and then a long one. */
static u64 random_step(void)
{
	if (random() % 50 == 0)
		return (u64)random() % (3 * HALF_LIFE);
	return (u64)random() % (PERIOD << random() % 4) >> random() % 20;
}

static void assert_near(long double is, long double should_be, long double tolerance)
{
	if (fabsl(is - should_be) > tolerance)
		fail_msg("%Lf instead of %Lf", is, should_be);
}

static void value_is_that_of_the_model(void **state)
{
	srandom(1);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		u64 now = 5 * HALF_LIFE + 12345, rate = 0;
		struct wd40_ravg r = { .at = now };
		struct model m = { .at = now };

		for (int k = 0; k < 20000; k++) {
			now += random_step();
			ravg_advance(&r, rate, now);
			model_advance(&m, rate, now);
			assert_near(value(&r), m.avg, rates[i] * 1e-6L + 1e-3L);
			assert_near((long double)r.partial, m.partial, 1);
			assert_int_equal(r.at, now);
			if (random() % 3 == 0)
				rate = random() % 2 ? (u64)random() % (rates[i] + 1) : 0;
		}
	}
}

static void halves_in_a_half_life(void **state)
{
	struct wd40_ravg r = { .avg = 1000ull << WD40_RAVG_FRAC };

	for (int k = 1; k < 20; k++) {
		ravg_advance(&r, 0, k * HALF_LIFE);
		assert_near(value(&r), 1000.0L / (1 << k), 1e-3L);
	}
}

static void a_constant_rate_is_its_average(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct wd40_ravg r = { .avg = rates[i] << WD40_RAVG_FRAC };

		for (u64 now = 0; now < 100 * HALF_LIFE; now += 777777)
			ravg_advance(&r, rates[i], now);
		assert_near(value(&r), rates[i], rates[i] * 1e-4L);
	}
}

/* One update after a long idle or busy time, and one each period. */
static void closed_form_equals_steps(void **state)
{
	static const u64 periods[] = { 1, 2, 3, 10, 1000, 1024, 1025, 33000 };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(periods); i++) {
		struct wd40_ravg once = { .avg = 700ull << WD40_RAVG_FRAC, .at = 12345 };
		u64 rate = i % 2 ? 500 : 0, end = once.at + periods[i / 2] * PERIOD + 777;
		struct wd40_ravg steps = once;

		ravg_advance(&once, rate, end);
		while (steps.at + PERIOD < end)
			ravg_advance(&steps, rate, steps.at + PERIOD);
		ravg_advance(&steps, rate, end);
		assert_near(value(&once), value(&steps), 0.01L);
		assert_int_equal(once.partial, steps.partial);
		assert_int_equal(once.at, steps.at);
	}
}

static void the_distant_past_is_forgotten(void **state)
{
	struct wd40_ravg r = { .avg = WD40_MAX_WEIGHT * 1000000ull << WD40_RAVG_FRAC };

	ravg_advance(&r, 0, (RAVG_FORGOTTEN_AFTER + 1) * HALF_LIFE);
	assert_near(value(&r), 0, 10);
	ravg_advance(&r, 42, 1ull << 62);
	assert_near(value(&r), 42, 1e-6L);
}

static void a_little_back_in_time_changes_nothing(void **state)
{
	struct wd40_ravg r = { 0 }, before;

	ravg_advance(&r, 100, 7 * PERIOD + 500);
	before = r;
	ravg_advance(&r, 9999, 7 * PERIOD + 400);
	ravg_advance(&r, 9999, 6 * PERIOD);
	ravg_advance(&r, 9999, 7 * PERIOD + 500);
	assert_memory_equal(&r, &before, sizeof(r));
}

static void a_transfer_is_exact(void **state)
{
	struct wd40_ravg from = { 1000, 500, 7 }, into = { 300, 20, 7 };
	struct wd40_ravg duty = { 6 * WD40_DUTY_ONE, 4 * WD40_DUTY_ONE, 7 };

	ravg_sub(&from, &duty, 100);
	ravg_add(&into, &duty, 100);
	assert_memory_equal(&from, (&(struct wd40_ravg){ 400, 100, 7 }), sizeof(from));
	assert_memory_equal(&into, (&(struct wd40_ravg){ 900, 420, 7 }), sizeof(into));
}

static void nothing_falls_below_zero(void **state)
{
	struct wd40_ravg from = { 100, 50, 7 };
	struct wd40_ravg duty = { 101 * WD40_DUTY_ONE, 51 * WD40_DUTY_ONE, 7 };

	ravg_sub(&from, &duty, 1);
	assert_int_equal(from.avg, 0);
	assert_int_equal(from.partial, 0);
}

/* The largest duty at the largest weight. */
static void shares_do_not_overflow(void **state)
{
	u64 one = (u64)WD40_DUTY_ONE << WD40_RAVG_FRAC;

	assert_int_equal(ravg_weigh(one, WD40_MAX_WEIGHT), (u64)WD40_MAX_WEIGHT << WD40_RAVG_FRAC);
	assert_int_equal(ravg_weigh(one, 1), 1ull << WD40_RAVG_FRAC);
}

/* --- Readers. ----------------------------------------------------------------------------------- */

/* What is read is at no time far from the continuous average, and has no steps. */
static void reading_is_continuous(void **state)
{
	struct wd40_ravg r = { .avg = 1000ull << WD40_RAVG_FRAC, .at = 3 * PERIOD + 10 };

	for (u64 passed = 0; passed < 5 * PERIOD; passed += PERIOD / 16) {
		long double faded = 1000 * exp2l(-(long double)passed / HALF_LIFE);

		assert_near(ravg_value(r, 0, r.at + passed), faded, 0.7L);
		assert_near(ravg_value(r, 1000, r.at + passed), 1000, 0.7L);
	}
	assert_near(ravg_value(r, 0, 4 * PERIOD - 1), ravg_value(r, 0, 4 * PERIOD), 1e-3L);
}

static void reading_changes_nothing(void **state)
{
	struct wd40_ravg r = { 1000, 500, 7 };

	ravg_read(ravg_copy(&r), 100, 10 * PERIOD);
	assert_memory_equal(&r, (&(struct wd40_ravg){ 1000, 500, 7 }), sizeof(r));
}

/* One that stays half written is copied at last all the same. */
static void a_stopped_writer_stops_no_reader(void **state)
{
	struct wd40_ravg r = { 1000, 500, WD40_RAVG_BUSY };

	assert_int_equal(ravg_copy(&r).avg, 1000);
	assert_int_equal(ravg_read(ravg_copy(&r), 0, 7) > 0, true);
}

static void the_clock_is_the_latest_of_all_cpus(void **state)
{
	native_boot((struct native_shape){ 1, 1, 3 });
	assert_int_equal(wd40_clock_ns(&shared), 0);
	shared.cpus[0].clock_ns = 5;
	shared.cpus[1].clock_ns = 9;
	shared.cpus[2].clock_ns = 7;
	assert_int_equal(wd40_clock_ns(&shared), 9);
	native_halt();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_is_that_of_the_model),
		cmocka_unit_test(halves_in_a_half_life),
		cmocka_unit_test(a_constant_rate_is_its_average),
		cmocka_unit_test(closed_form_equals_steps),
		cmocka_unit_test(the_distant_past_is_forgotten),
		cmocka_unit_test(a_little_back_in_time_changes_nothing),
		cmocka_unit_test(a_transfer_is_exact),
		cmocka_unit_test(nothing_falls_below_zero),
		cmocka_unit_test(shares_do_not_overflow),
		cmocka_unit_test(reading_is_continuous),
		cmocka_unit_test(reading_changes_nothing),
		cmocka_unit_test(a_stopped_writer_stops_no_reader),
		cmocka_unit_test(the_clock_is_the_latest_of_all_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
