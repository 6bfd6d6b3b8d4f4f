/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/tuner.h"
#include "tests/unit/daemon/room.h"

#define MSEC 1000000ull

/* Two nodes of two domains of two CPUs. */
struct round {
	struct topology *t;
	struct tuner_decision *d;
	double busy_pct[8];
	struct tuner_snapshot in;
};

static int begin(void **state)
{
	struct round *r = calloc(1, sizeof(*r));

	r->t = topology_make(2, 2, 2);
	assert_int_equal(tuner_decision_new(r->t, &r->d), 0);
	r->in = (struct tuner_snapshot){ r->t, r->busy_pct, 90, 100, false };
	*state = r;
	return 0;
}

static int end(void **state)
{
	struct round *r = *state;

	tuner_decision_free(r->d);
	topology_free(r->t);
	free(r);
	return 0;
}

static void set_busy(struct round *r, double d0, double d1, double d2, double d3)
{
	const double domains[] = { d0, d1, d2, d3 };

	for (int i = 0; i < 8; i++)
		r->busy_pct[i] = domains[i / 2];
}

/* cmocka's own comparison lets NaN and infinity pass. */
static void assert_pct(double value, double expected)
{
	assert_true(fabs(value - expected) < 1e-9);
}

static void assert_mask(const struct cpuset *s, const char *expected)
{
	_cleanup_(freep) char *text = cpuset_format(s);

	assert_string_equal(text, expected);
}

static void busy_share_is_the_mean_of_the_domain(void **state)
{
	struct round *r = *state;

	r->busy_pct[0] = 100;
	r->busy_pct[1] = 50;
	tuner_run(&r->in, r->d);
	assert_pct(r->d->domain_busy_pct[0], 75);
	assert_pct(r->d->domain_busy_pct[1], 0);
	assert_pct(r->d->total_busy_pct, 150. / 8);
}

static void below_the_threshold_means_below(void **state)
{
	struct round *r = *state;

	set_busy(r, 89.9, 90, 90.1, 0);
	r->in.kick_greedy_under_pct = 90.05;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "0-1,6-7");
	assert_mask(r->d->kick_greedy, "0-3,6-7");
}

/* Fault 8: what a round left must not stay in the next. */
static void masks_are_made_anew_each_round(void **state)
{
	struct round *r = *state;

	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "0-7");
	set_busy(r, 95, 95, 95, 20);
	r->in.kick_greedy_under_pct = 50;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "6-7");
	assert_mask(r->d->kick_greedy, "6-7");
	r->in.direct_greedy_under_pct = 0;
	r->in.kick_greedy_under_pct = 0;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "");
	assert_mask(r->d->kick_greedy, "");
}

static void hundred_percent_includes_full_domains(void **state)
{
	struct round *r = *state;

	set_busy(r, 100, 100, 100, 100);
	r->in.direct_greedy_under_pct = 99.999;
	r->in.kick_greedy_under_pct = 100;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "");
	assert_mask(r->d->kick_greedy, "0-7");
}

static void greedy_off_kicks_nobody(void **state)
{
	struct round *r = *state;

	r->in.greedy_off = true;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->kick_greedy, "");
	assert_mask(r->d->direct_greedy, "0-7");
}

/* Fault 4: the CPU's own state counts. */
static void offline_cpus_count_for_nothing(void **state)
{
	struct round *r = *state;

	topology_set_online(r->t, 0, false);
	topology_set_online(r->t, 2, false);
	topology_set_online(r->t, 3, false);
	set_busy(r, 100, 100, 10, 10);
	r->busy_pct[1] = 40;
	tuner_run(&r->in, r->d);
	assert_pct(r->d->domain_busy_pct[0], 40);
	assert_true(r->d->domain_busy_pct[1] < 0);
	assert_pct(r->d->total_busy_pct, (40 + 4 * 10) / 5.);
	assert_mask(r->d->direct_greedy, "1,4-7");
}

static void unknown_shares_are_left_out(void **state)
{
	struct round *r = *state;

	set_busy(r, 80, NAN, -1, INFINITY);
	r->busy_pct[1] = NAN;
	tuner_run(&r->in, r->d);
	assert_pct(r->d->domain_busy_pct[0], 80);
	assert_true(r->d->domain_busy_pct[1] < 0);
	assert_true(r->d->domain_busy_pct[2] < 0);
	assert_pct(r->d->domain_busy_pct[3], 100);
	assert_pct(r->d->total_busy_pct, (80 + 100 + 100) / 3.);
	assert_mask(r->d->direct_greedy, "0-1");
	assert_mask(r->d->kick_greedy, "0-7");
}

static void nothing_known_decides_nothing(void **state)
{
	struct round *r = *state;

	set_busy(r, 99, 99, 99, 99);
	tuner_run(&r->in, r->d);
	assert_true(r->d->overutilized);
	set_busy(r, NAN, -1, NAN, -1);
	tuner_run(&r->in, r->d);
	assert_true(r->d->overutilized);
	assert_true(r->d->total_busy_pct < 0);
	assert_mask(r->d->direct_greedy, "");
}

static void threshold_that_is_no_number_is_below_nothing(void **state)
{
	struct round *r = *state;

	r->in.direct_greedy_under_pct = NAN;
	r->in.kick_greedy_under_pct = NAN;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "");
	assert_mask(r->d->kick_greedy, "");
}

/* Noise around a threshold does not change the sets each round. */
static void greedy_sets_change_with_hysteresis(void **state)
{
	struct round *r = *state;

	r->in.kick_greedy_under_pct = 50;
	set_busy(r, 89, 91, 49, 51);
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "0-1,4-7");
	assert_mask(r->d->kick_greedy, "4-5");
	set_busy(r, 94.9, 91, 54.9, 51);
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "0-1,4-7");
	assert_mask(r->d->kick_greedy, "4-5");
	set_busy(r, 95, 91, 55, 51);
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "4-7");
	assert_mask(r->d->kick_greedy, "");
}

/* A threshold of 0 is nobody, whoever was in the set. */
static void nobody_stays_below_nothing(void **state)
{
	struct round *r = *state;

	tuner_run(&r->in, r->d);
	r->in.direct_greedy_under_pct = 0;
	r->in.greedy_off = true;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->direct_greedy, "");
	assert_mask(r->d->kick_greedy, "");
}

static bool overutilized_at(struct round *r, double pct)
{
	set_busy(r, pct, pct, pct, pct);
	tuner_run(&r->in, r->d);
	return r->d->overutilized;
}

static void slice_changes_with_hysteresis(void **state)
{
	struct round *r = *state;

	assert_false(overutilized_at(r, 0));
	assert_false(overutilized_at(r, 96.9));
	assert_true(overutilized_at(r, 97));
	assert_true(overutilized_at(r, 100));
	assert_true(overutilized_at(r, 90));
	assert_false(overutilized_at(r, 89.9));
	assert_false(overutilized_at(r, 96.9));
}

static void assert_full_domains(struct round *r, double n0, double n1, const char *domains)
{
	set_busy(r, n0, n0, n1, n1);
	tuner_run(&r->in, r->d);
	assert_mask(r->d->full_domains, domains);
	assert_int_equal(r->d->overutilized, *domains != '\0');
	assert_pct(r->d->node_busy_pct[0], n0);
	assert_pct(r->d->node_busy_pct[1], n1);
	assert_pct(r->d->total_busy_pct, (n0 + n1) / 2);
}

/* A machine half full: the node where tasks wait has the short slice, the other one keeps the long. */
static void each_node_has_its_own_slice(void **state)
{
	struct round *r = *state;

	assert_full_domains(r, 100, 20, "0-1");
	assert_full_domains(r, 93, 96, "0-1");
	assert_full_domains(r, 93, 98, "0-3");
	assert_full_domains(r, 80, 91, "2-3");
	assert_full_domains(r, 96, 80, "");
}

/* One domain of two that is full is helped by the other one. */
static void a_node_is_judged_as_a_whole(void **state)
{
	struct round *r = *state;

	set_busy(r, 100, 90, 100, 95);
	tuner_run(&r->in, r->d);
	assert_mask(r->d->full_domains, "2-3");
}

/* Nothing is known of a node without a CPU online: what it was it stays. */
static void a_node_that_is_away_keeps_its_slice(void **state)
{
	struct round *r = *state;

	assert_full_domains(r, 20, 100, "2-3");
	for (int i = 4; i < 8; i++)
		r->busy_pct[i] = -1;
	tuner_run(&r->in, r->d);
	assert_mask(r->d->full_domains, "2-3");
	assert_pct(r->d->node_busy_pct[1], -1);
	assert_pct(r->d->total_busy_pct, 20);
}

/* Noise around the upper threshold flips the slice once, not each round. */
static void noise_does_not_flip_the_slice(void **state)
{
	struct round *r = *state;
	int flips = 0;
	bool before = false;

	for (int i = 0; i < 100; i++) {
		bool now = overutilized_at(r, i % 2 ? 99 : 95);

		flips += now != before;
		before = now;
	}
	assert_int_equal(flips, 1);
}

/* Fault 28: more domains and CPUs than a word has bits. */
static void machines_larger_than_a_word(void **state)
{
	struct topology *t = topology_make(10, 20, 40);
	double *busy_pct = calloc(t->nr_cpu_ids, sizeof(*busy_pct));
	struct tuner_snapshot in = { t, busy_pct, 90, 50, false };
	struct tuner_decision *d;

	for (uint32_t i = 0; i < t->nr_cpu_ids; i++)
		busy_pct[i] = t->cpus[i].domain == 150 ? 10 : 95;
	assert_int_equal(tuner_decision_new(t, &d), 0);
	tuner_run(&in, d);
	assert_mask(d->direct_greedy, "6000-6039");
	tuner_decision_free(d);
	free(busy_pct);
	topology_free(t);
}

/* 100 ms pass for the CPUs of the arena, of which those of domain 0 are busy for 40 and the others for 60. */
static void let_time_pass(struct wd40_shared *shared)
{
	for (uint32_t i = 0; i < shared->nr_cpu_ids; i++) {
		shared->cpus[i].online = true;
		shared->cpus[i].idle += (shared->cpus[i].domain ? 40 : 60) * MSEC;
	}
	shared->cpus[0].clock_ns += 100 * MSEC;
}

static void works_as_a_policy(void **state)
{
	struct laid_out a = lay_out(2, 2, 2);
	struct tunable_set values = { 0 };
	struct policy_snapshot in = { .topology = a.t, .values = &values, .shared = a.shared };
	const struct tuner_decision *d;
	void *own = NULL;

	values.values[TUNABLE_DIRECT_GREEDY_UNDER].percent = 50;
	values.values[TUNABLE_KICK_GREEDY_UNDER].percent = 100;
	values.values[TUNABLE_GREEDY_THRESHOLD].u = 1;
	assert_int_equal(tuner_policy.interval, TUNABLE_TUNE_INTERVAL);
	assert_int_equal(tuner_policy.new(a.t, &own), 0);
	d = tuner_decided(own);
	tuner_policy.run(own, &in); /* before the attach */
	let_time_pass(a.shared);
	tuner_policy.run(own, &in);
	assert_pct(d->total_busy_pct, -1);
	assert_mask(d->direct_greedy, "");
	let_time_pass(a.shared);
	tuner_policy.run(own, &in);
	assert_pct(d->total_busy_pct, 55);
	assert_mask(d->direct_greedy, "0-1");
	assert_mask(d->kick_greedy, "0-7");
	values.values[TUNABLE_GREEDY_THRESHOLD].u = 0;
	tuner_policy.run(own, &in);
	assert_mask(d->kick_greedy, "");
	tuner_policy.publish(own, a.shared);
	assert_int_equal(a.shared->tunes[1].direct_greedy[0], 0x3);
	assert_null(tuner_policy.free(own));
	laid_out_done(&a);
	assert_null(tuner_policy.free(NULL));
	assert_null(tuner_decided(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(busy_share_is_the_mean_of_the_domain),
		TEST(below_the_threshold_means_below),
		TEST(masks_are_made_anew_each_round),
		TEST(hundred_percent_includes_full_domains),
		TEST(greedy_off_kicks_nobody),
		TEST(offline_cpus_count_for_nothing),
		TEST(unknown_shares_are_left_out),
		TEST(nothing_known_decides_nothing),
		TEST(threshold_that_is_no_number_is_below_nothing),
		TEST(greedy_sets_change_with_hysteresis),
		TEST(nobody_stays_below_nothing),
		TEST(slice_changes_with_hysteresis),
		TEST(each_node_has_its_own_slice),
		TEST(a_node_is_judged_as_a_whole),
		TEST(a_node_that_is_away_keeps_its_slice),
		TEST(noise_does_not_flip_the_slice),
		cmocka_unit_test(machines_larger_than_a_word),
		cmocka_unit_test(works_as_a_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
