/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/arena.h"
#include "tests/native/native.h"

#include "bpf/ravg.bpf.h"
#include "util/macro.h"

#define PERIOD WD40_RAVG_PERIOD_NS
#define MSEC   1000000ull
#define SEC_NS 1000000000ull

static const u64 half_lives_ns[] = { 10 * MSEC, 33 * MSEC, 100 * MSEC, SEC_NS, 60 * SEC_NS };

static u64 decay_of(u64 half_life_ns)
{
	return arena_decay_q32(half_life_ns / 1000);
}

static long double value(const struct wd40_ravg *r)
{
	return (long double)r->avg / (1ull << WD40_RAVG_FRAC);
}

/* What a running average is meant to be, without any rounding. */
struct model {
	long double avg, partial;
	u64 at;
};

static void model_advance(struct model *m, long double rate, u64 now, u64 half_life_ns)
{
	long double y = exp2l(-(long double)PERIOD / half_life_ns);

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
		return (u64)random() % (3 * SEC_NS);
	return (u64)random() % (PERIOD << random() % 4) >> random() % 20;
}

static void assert_near(long double is, long double should_be, long double tolerance)
{
	if (fabsl(is - should_be) > tolerance)
		fail_msg("%Lf instead of %Lf", is, should_be);
}

static void follows_the_model(u64 half_life_ns, u64 max_rate)
{
	u64 now = 5 * SEC_NS + 12345, y = decay_of(half_life_ns), rate = 0;
	struct wd40_ravg r = { .at = now };
	struct model m = { .at = now };

	for (int i = 0; i < 20000; i++) {
		now += random_step();
		ravg_advance(&r, rate, now, y);
		model_advance(&m, rate, now, half_life_ns);
		assert_near(value(&r), m.avg, max_rate * 5e-4L);
		assert_near((long double)r.partial, m.partial, 1);
		assert_int_equal(r.at, now);
		if (random() % 3 == 0)
			rate = random() % 2 ? (u64)random() % (max_rate + 1) : 0;
	}
}

static void value_is_that_of_the_model(void **state)
{
	srandom(1);
	for (size_t i = 0; i < ARRAY_SIZE(half_lives_ns); i++) {
		follows_the_model(half_lives_ns[i], 100);
		follows_the_model(half_lives_ns[i], WD40_MAX_WEIGHT);
	}
}

static void halves_in_a_half_life(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(half_lives_ns); i++) {
		u64 y = decay_of(half_lives_ns[i]), now = 0;
		struct wd40_ravg r = { 0 };

		ravg_advance(&r, 1000, now += 40 * half_lives_ns[i] / PERIOD * PERIOD, y);
		assert_near(value(&r), 1000, 1);
		for (int k = 1; k < 5; k++) {
			ravg_advance(&r, 0, now += half_lives_ns[i], y);
			/* what is missing is at most the period under way */
			assert_near(
				value(&r), 1000.0L / (1 << k),
				1 + 1000 * (1 - exp2l(-(long double)PERIOD / half_lives_ns[i])));
		}
	}
}

static void a_constant_rate_is_its_average(void **state)
{
	static const u64 rates[] = { 1, 3, 100, WD40_MAX_WEIGHT };

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct wd40_ravg r = { .avg = rates[i] << WD40_RAVG_FRAC };

		for (u64 now = 0; now < 100 * SEC_NS; now += 777777)
			ravg_advance(&r, rates[i], now, decay_of(60 * SEC_NS));
		assert_near(value(&r), rates[i], rates[i] * 0.003L);
	}
}

/* One update after a long idle or busy time, and one each period. */
static void closed_form_equals_steps(void **state)
{
	static const u64 periods[] = { 1, 2, 3, 10, 1000, 100000 };

	for (size_t h = 0; h < ARRAY_SIZE(half_lives_ns); h++)
		for (size_t i = 0; i < ARRAY_SIZE(periods); i++) {
			u64 y = decay_of(half_lives_ns[h]), rate = i % 2 ? 500 : 0;
			struct wd40_ravg once = { .avg = 700ull << WD40_RAVG_FRAC, .at = 12345 };
			struct wd40_ravg steps = once;
			u64 end = once.at + periods[i] * PERIOD + 777;

			ravg_advance(&once, rate, end, y);
			while (steps.at + PERIOD < end)
				ravg_advance(&steps, rate, steps.at + PERIOD, y);
			ravg_advance(&steps, rate, end, y);
			assert_near(value(&once), value(&steps), 0.1L);
			assert_int_equal(once.partial, steps.partial);
			assert_int_equal(once.at, steps.at);
		}
}

static void the_distant_past_is_forgotten(void **state)
{
	u64 y = decay_of(60 * SEC_NS), ages = ((5ull << RAVG_MAX_PERIOD_BITS) + 1) * PERIOD;
	struct wd40_ravg r = { .avg = 10000ull << WD40_RAVG_FRAC };

	ravg_advance(&r, 0, ages, y);
	assert_int_equal(r.avg, 0);
	ravg_advance(&r, 42, 2 * ages, y);
	assert_near(value(&r), 42, 1e-6L);
}

static void a_little_back_in_time_changes_nothing(void **state)
{
	struct wd40_ravg r = { 0 }, before;

	ravg_advance(&r, 100, 7 * PERIOD + 500, decay_of(SEC_NS));
	before = r;
	ravg_advance(&r, 9999, 7 * PERIOD + 400, decay_of(SEC_NS));
	ravg_advance(&r, 9999, 6 * PERIOD, decay_of(SEC_NS));
	ravg_advance(&r, 9999, 7 * PERIOD + 500, decay_of(SEC_NS));
	assert_memory_equal(&r, &before, sizeof(r));
}

/* avg is normalised: another half-life changes how it goes on, not what it is. */
static void half_life_may_change_at_any_time(void **state)
{
	struct wd40_ravg r = { .avg = 500ull << WD40_RAVG_FRAC };
	struct model m = { .avg = 500 };
	u64 now = 0;

	srandom(2);
	for (int i = 0; i < 5000; i++) {
		u64 half_life = half_lives_ns[random() % (long)ARRAY_SIZE(half_lives_ns)];
		u64 rate = (u64)random() % 1000;

		now += random_step();
		ravg_advance(&r, rate, now, decay_of(half_life));
		model_advance(&m, rate, now, half_life);
		assert_near(value(&r), m.avg, 0.5L);
	}
}

/* The longest sums that may occur: a million tasks of the highest weight. */
static void largest_load_does_not_overflow(void **state)
{
	u64 rate = WD40_MAX_WEIGHT * 1000000ull;

	for (size_t i = 0; i < ARRAY_SIZE(half_lives_ns); i++) {
		u64 y = decay_of(half_lives_ns[i]), now = 0;
		struct wd40_ravg r = { 0 };
		struct model m = { 0 };

		for (int k = 0; k < 3000; k++) {
			now += k % 2 ? PERIOD * 40 : PERIOD - 1;
			ravg_advance(&r, rate, now, y);
			model_advance(&m, rate, now, half_lives_ns[i]);
			assert_near(value(&r), m.avg, rate * 1e-4L);
			assert_int_equal(r.partial, (u64)m.partial);
		}
		ravg_advance(&r, rate, now + (1000ull << RAVG_PERIOD_SHIFT) * 10000, y);
		assert_near(value(&r), rate, rate * 1e-4L);
	}
}

/* --- Many tasks and the two domains that they live in. ------------------------------------------ */

#define TASKS 60

struct task {
	struct wd40_ravg load;
	u64 weight;
	bool runnable;
	int domain;
};

struct domain {
	struct wd40_ravg load;
	u64 rate;
};

struct community {
	struct task tasks[TASKS];
	struct domain domains[2];
	u64 now, y;
};

static u64 rate_of(const struct task *t)
{
	return t->runnable ? t->weight : 0;
}

static void advance(struct community *c, struct task *t)
{
	struct domain *d = &c->domains[t->domain];

	ravg_advance(&d->load, d->rate, c->now, c->y);
	ravg_advance(&t->load, rate_of(t), c->now, c->y);
}

static void change(struct community *c, struct task *t, bool runnable, u64 weight)
{
	struct domain *d = &c->domains[t->domain];

	advance(c, t);
	d->rate -= rate_of(t);
	t->runnable = runnable;
	t->weight = weight;
	d->rate += rate_of(t);
}

static void move(struct community *c, struct task *t)
{
	advance(c, t);
	ravg_sub(&c->domains[t->domain].load, &t->load);
	c->domains[t->domain].rate -= rate_of(t);
	t->domain = !t->domain;
	advance(c, t);
	ravg_add(&c->domains[t->domain].load, &t->load);
	c->domains[t->domain].rate += rate_of(t);
}

/* Each domain has what its tasks have, within 1 %. */
static void assert_sums(struct community *c)
{
	long double sums[2] = { 0, 0 };
	u64 rates[2] = { 0, 0 };

	for (int i = 0; i < TASKS; i++) {
		advance(c, &c->tasks[i]);
		sums[c->tasks[i].domain] += value(&c->tasks[i].load);
		rates[c->tasks[i].domain] += rate_of(&c->tasks[i]);
	}
	for (int d = 0; d < 2; d++) {
		assert_near(value(&c->domains[d].load), sums[d], 0.01L * sums[d]);
		assert_int_equal(c->domains[d].rate, rates[d]);
	}
}

static void live_together(u64 half_life_ns, u64 max_weight)
{
	struct community c = { .y = decay_of(half_life_ns) };

	for (int i = 0; i < TASKS; i++)
		c.tasks[i] =
			(struct task){ .weight = 1 + (u64)random() % max_weight, .domain = i % 2 };
	for (int i = 0; i < 30000; i++) {
		struct task *t = &c.tasks[random() % TASKS];

		c.now += random_step() / 8;
		switch (random() % 8) {
		case 0: move(&c, t); break;
		case 1: change(&c, t, t->runnable, 1 + (u64)random() % max_weight); break;
		default: change(&c, t, !t->runnable, t->weight); break;
		}
		if (i % 500 == 0)
			assert_sums(&c);
	}
}

static void domains_are_the_sums_of_their_tasks(void **state)
{
	srandom(3);
	for (size_t i = 0; i < ARRAY_SIZE(half_lives_ns); i++) {
		live_together(half_lives_ns[i], WD40_MAX_WEIGHT);
		live_together(half_lives_ns[i], 1);
	}
}

static void a_transfer_is_exact(void **state)
{
	struct wd40_ravg from = { 1000, 500, 7 }, into = { 300, 20, 7 }, task = { 600, 450, 7 };

	ravg_sub(&from, &task);
	ravg_add(&into, &task);
	assert_memory_equal(&from, (&(struct wd40_ravg){ 400, 50, 7 }), sizeof(from));
	assert_memory_equal(&into, (&(struct wd40_ravg){ 900, 470, 7 }), sizeof(into));
}

static void nothing_falls_below_zero(void **state)
{
	struct wd40_ravg from = { 100, 50, 7 }, task = { 101, 51, 7 };

	ravg_sub(&from, &task);
	assert_int_equal(from.avg, 0);
	assert_int_equal(from.partial, 0);
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
		cmocka_unit_test(half_life_may_change_at_any_time),
		cmocka_unit_test(largest_load_does_not_overflow),
		cmocka_unit_test(domains_are_the_sums_of_their_tasks),
		cmocka_unit_test(a_transfer_is_exact),
		cmocka_unit_test(nothing_falls_below_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
