/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions: all or nothing, numbered, on trial, taken back, remembered. */
#include "daemon/transactions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/tree.h"

#define SEC 1000000ull

struct bench {
	struct config *config;
	struct transactions *t;
	struct transaction_result result;
	struct refusal refusal;
	int verdict;
	tunable_mask judged, saved;
};

static int judge(const struct tunable_set *values, tunable_mask changed, void *userdata,
		 enum tunable_id *blamed, char why[CONFIG_WHY_MAX])
{
	struct bench *b = userdata;

	b->judged = changed;
	*blamed = TUNABLE_SLICE_OVERUTIL;
	strcpy(why, "not on this machine");
	return b->verdict;
}

#define INSTANCE "0123456789abcdef0123456789abcdef"

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	*state = b;
	if (!b || tree_setup(state) < 0)
		return -1;
	*state = b;
	if (config_new(tree_root, &b->config) < 0)
		return -1;
	config_set_judge(b->config, judge, b);
	return transactions_new(b->config, INSTANCE, &b->t);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	transactions_free(b->t);
	config_free(b->config);
	free(b);
	return tree_teardown(state);
}

static int set_two(struct bench *b, uint64_t underutil_us, uint64_t overutil_us,
		   struct transaction_terms terms, uint64_t now_usec)
{
	const struct config_change changes[] = {
		{ TUNABLE_SLICE_UNDERUTIL, { .usec = underutil_us } },
		{ TUNABLE_SLICE_OVERUTIL, { .usec = overutil_us } },
	};

	return transactions_set(b->t, changes, 2, &terms, now_usec, &b->result, &b->refusal);
}

static int set_perf(struct bench *b, uint32_t perf, struct transaction_terms terms)
{
	const struct config_change change = { TUNABLE_PERF, { .u = perf } };

	return transactions_set(b->t, &change, 1, &terms, 0, &b->result, &b->refusal);
}

static int reset(struct bench *b, tunable_mask ids, struct transaction_terms terms)
{
	return transactions_reset(b->t, ids, &terms, NULL, NULL, &b->result, &b->refusal);
}

#define TERMS(...) ((struct transaction_terms){ __VA_ARGS__ })
#define ON_TRIAL   TERMS(.on_trial = true, .confirm_timeout_usec = 5 * SEC)

static uint64_t overutil(const struct bench *b)
{
	return config_values(b->config)->values[TUNABLE_SLICE_OVERUTIL].usec;
}

static uint32_t perf(const struct bench *b)
{
	return config_values(b->config)->values[TUNABLE_PERF].u;
}

static void assert_refused(const struct bench *b, int r, enum refusal_kind kind)
{
	assert_int_equal(r, -EINVAL);
	assert_int_equal(b->refusal.kind, kind);
}

static void test_each_change_gets_a_generation(void **state)
{
	struct bench *b = *state;

	assert_int_equal(transactions_generation(b->t), 1);
	assert_int_equal(set_two(b, 8000, 7000, TERMS(0), 0), 0);
	assert_int_equal(b->result.generation, 2);
	assert_int_equal(b->result.n, 2);
	assert_int_equal(set_two(b, 8000, 7000, TERMS(0), 0), 0);
	assert_int_equal(b->result.generation, 2);
	assert_int_equal(b->result.n, 0);
}

static void test_all_or_nothing(void **state)
{
	struct bench *b = *state;

	assert_refused(b, set_two(b, 8000, 99, TERMS(0), 0), REFUSED_OUT_OF_RANGE);
	assert_refused(b, set_two(b, 8000, 9000, TERMS(0), 0), REFUSED_CONFLICT);
	b->verdict = -EINVAL;
	assert_refused(b, set_two(b, 8000, 7000, TERMS(0), 0), REFUSED_OUT_OF_RANGE);
	assert_string_equal(b->refusal.message, "slice-us-overutil: not on this machine");
	assert_int_equal(overutil(b), 1000);
	assert_int_equal(transactions_generation(b->t), 1);
	assert_true(config_runtime(b->config) == 0);
}

static void test_the_machine_hears_what_changed(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_two(b, 20000, 7000, TERMS(0), 0), 0);
	assert_true(b->judged == TUNABLE_BIT(TUNABLE_SLICE_OVERUTIL));
}

static void test_expected_instance(void **state)
{
	struct bench *b = *state;

	assert_string_equal(transactions_instance(b->t), INSTANCE);
	assert_int_equal(set_perf(b, 5, TERMS(.expected_instance = INSTANCE)), 0);
	assert_refused(b, set_perf(b, 6, TERMS(.expected_instance = "another")),
		       REFUSED_STALE_GENERATION);
	assert_refused(b,
		       set_perf(b, 6,
				TERMS(.expected_instance = "", .expects_generation = true,
				      .expected_generation = 2)),
		       REFUSED_STALE_GENERATION);
	assert_int_equal(perf(b), 5);
}

static void test_expected_generation(void **state)
{
	struct bench *b = *state;

	assert_int_equal(
		set_perf(b, 5, TERMS(.expects_generation = true, .expected_generation = 1)), 0);
	assert_refused(b,
		       set_perf(b, 6, TERMS(.expects_generation = true, .expected_generation = 1)),
		       REFUSED_STALE_GENERATION);
	assert_refused(b, set_perf(b, 6, TERMS(.expects_generation = true)),
		       REFUSED_STALE_GENERATION);
	assert_int_equal(perf(b), 5);
	assert_int_equal(
		set_perf(b, 6, TERMS(.expects_generation = true, .expected_generation = 2)), 0);
}

static void test_dry_run(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_perf(b, 5, TERMS(.dry_run = true, .persist = true)), 0);
	assert_int_equal(b->result.n, 1);
	assert_int_equal(b->result.generation, 1);
	assert_int_equal(perf(b), 0);
	assert_int_equal(access(tree_path(CONFIG_SAVED_PATH), F_OK), -1);
	assert_refused(b, set_perf(b, 5000, TERMS(.dry_run = true)), REFUSED_OUT_OF_RANGE);
}

static void test_trial_is_confirmed(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_two(b, 8000, 7000, ON_TRIAL, 100 * SEC), 0);
	assert_int_equal(transactions_unconfirmed(b->t), 2);
	assert_int_equal(transactions_deadline_usec(b->t), 105 * SEC);
	assert_int_equal(transactions_confirm(b->t, 2, 104 * SEC, &b->saved, &b->refusal), 0);
	assert_int_equal(transactions_unconfirmed(b->t), 0);
	assert_int_equal(transactions_deadline_usec(b->t), 0);
	assert_int_equal(transactions_revert(b->t, REVERT_EXPIRED, &b->result), 0);
	assert_int_equal(overutil(b), 7000);
}

static void test_confirm_refuses(void **state)
{
	struct bench *b = *state;

	assert_refused(b, transactions_confirm(b->t, 0, 0, &b->saved, &b->refusal),
		       REFUSED_NOTHING_TO_CONFIRM);
	assert_int_equal(set_two(b, 8000, 7000, ON_TRIAL, 0), 0);
	assert_refused(b, transactions_confirm(b->t, 1, 0, &b->saved, &b->refusal),
		       REFUSED_NOTHING_TO_CONFIRM);
	assert_refused(b, transactions_confirm(b->t, 2, 5 * SEC, &b->saved, &b->refusal),
		       REFUSED_NOTHING_TO_CONFIRM);
	assert_int_equal(transactions_unconfirmed(b->t), 2);
}

/* Exactly what was before: a value set at run time, with its author, and one that was not set. */
static void test_revert_restores(void **state)
{
	struct transaction_terms terms = { .author = { 1000, "a.scope", NULL } };
	enum revert_cause cause;
	struct bench *b = *state;
	uint64_t generation;

	assert_int_equal(set_perf(b, 5, terms), 0);
	assert_int_equal(set_perf(b, 6, ON_TRIAL), 0);
	assert_int_equal(transactions_revert(b->t, REVERT_EXPIRED, &b->result), 1);
	assert_int_equal(perf(b), 5);
	assert_int_equal(config_origin(b->config, TUNABLE_PERF).uid, 1000);
	assert_int_equal(b->result.generation, 4);
	assert_int_equal(b->result.n, 1);
	assert_true(transactions_reverted(b->t, TUNABLE_PERF, &generation, &cause));
	assert_int_equal(generation, 3);
	assert_int_equal(cause, REVERT_EXPIRED);
	assert_int_equal(set_perf(b, 6, TERMS(0)), 0);
	assert_false(transactions_reverted(b->t, TUNABLE_PERF, &generation, &cause));
}

static int refuse_all(struct bench *b)
{
	struct transaction_terms terms = { 0 };

	assert_refused(b, set_perf(b, 9, terms), REFUSED_BUSY);
	assert_refused(b, reset(b, 1, terms), REFUSED_BUSY);
	assert_refused(b, transactions_save(b->t, 1, &b->saved, &b->refusal), REFUSED_BUSY);
	return transactions_reload(b->t, false, 0, NULL, NULL, &b->result, &b->refusal);
}

static void test_nothing_changes_during_a_trial(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_two(b, 8000, 7000, ON_TRIAL, 0), 0);
	assert_refused(b, refuse_all(b), REFUSED_BUSY);
	assert_non_null(strstr(b->refusal.message, "generation 2"));
	assert_int_equal(transactions_revert(b->t, REVERT_REQUESTED, &b->result), 1);
	assert_int_equal(set_perf(b, 9, TERMS(0)), 0);
}

static void test_trial_needs_live_values_and_a_fair_time(void **state)
{
	const struct config_change change = { TUNABLE_CACHE_LEVEL, { .u = 2 } };
	const struct transaction_terms terms = ON_TRIAL;
	struct bench *b = *state;

	assert_refused(b, transactions_set(b->t, &change, 1, &terms, 0, &b->result, &b->refusal),
		       REFUSED_REATTACH_REQUIRED);
	assert_refused(b, set_perf(b, 5, TERMS(.on_trial = true, .confirm_timeout_usec = 99999)),
		       REFUSED_OUT_OF_RANGE);
	assert_refused(b,
		       set_perf(b, 5, TERMS(.on_trial = true, .confirm_timeout_usec = 3601 * SEC)),
		       REFUSED_OUT_OF_RANGE);
	assert_refused(b, set_perf(b, 5, TERMS(.on_trial = true)), REFUSED_OUT_OF_RANGE);
	assert_int_equal(transactions_generation(b->t), 1);
	assert_true(config_runtime(b->config) == 0);
}

static void test_trial_of_nothing_is_none(void **state)
{
	const struct transaction_terms terms = ON_TRIAL;
	struct bench *b = *state;

	assert_int_equal(transactions_set(b->t, NULL, 0, &terms, 0, &b->result, &b->refusal), 0);
	assert_int_equal(transactions_unconfirmed(b->t), 0);
}

/* It can be confirmed as any other, and has nothing to be blamed for. */
static void test_trial_of_what_is_in_force(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_perf(b, 5, TERMS(0)), 0);
	assert_int_equal(set_perf(b, 5, ON_TRIAL), 0);
	assert_int_equal(transactions_unconfirmed(b->t), 2);
	assert_int_equal(transactions_revert(b->t, REVERT_STALL, &b->result), 1);
	assert_int_equal(b->result.n, 0);
	assert_int_equal(perf(b), 5);
	assert_int_equal(set_perf(b, 5, ON_TRIAL), 0);
	assert_int_equal(transactions_confirm(b->t, 2, 0, &b->saved, &b->refusal), 0);
	assert_int_equal(transactions_generation(b->t), 2);
}

static void test_trial_saves_all_that_was_asked_for(void **state)
{
	const struct transaction_terms terms = { .on_trial = true,
						 .confirm_timeout_usec = SEC,
						 .persist = true };
	struct bench *b = *state;

	assert_int_equal(set_perf(b, 5, TERMS(0)), 0);
	assert_int_equal(set_perf(b, 5, terms), 0);
	assert_int_equal(transactions_confirm(b->t, 2, 0, &b->saved, &b->refusal), 0);
	assert_int_equal(config_origin(b->config, TUNABLE_PERF).layer, LAYER_FILE);
	assert_int_equal(set_two(b, 20000, 7000, terms, 0), 0);
	assert_int_equal(transactions_confirm(b->t, 3, 0, &b->saved, &b->refusal), 0);
	assert_int_equal(config_origin(b->config, TUNABLE_SLICE_UNDERUTIL).layer, LAYER_FILE);
	assert_int_equal(config_origin(b->config, TUNABLE_SLICE_OVERUTIL).layer, LAYER_FILE);
}

static void test_bad_values_are_refused_until_confirmed(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_two(b, 8000, 7000, ON_TRIAL, 0), 0);
	assert_int_equal(transactions_revert(b->t, REVERT_STALL, &b->result), 1);
	assert_refused(b, set_two(b, 8000, 7000, TERMS(0), 0), REFUSED_CONFLICT);
	assert_string_equal(
		b->refusal.message,
		"slice-us-underutil = 8000, slice-us-overutil = 7000: ended the scheduler"
		" (stall); to confirm generation 2 allows it again");
	assert_int_equal(overutil(b), 1000);
	assert_int_equal(set_two(b, 8000, 6000, TERMS(0), 0), 0); /* not these */
	assert_int_equal(transactions_confirm(b->t, 2, 0, &b->saved, &b->refusal), 0);
	assert_int_equal(set_two(b, 8000, 7000, TERMS(0), 0), 0);
}

/* Nor do they come in through the back door, one by one. */
static void test_bad_values_are_refused_one_by_one(void **state)
{
	const struct config_change change = { TUNABLE_SLICE_OVERUTIL, { .usec = 7000 } };
	const struct transaction_terms terms = { 0 };
	struct bench *b = *state;

	assert_int_equal(set_two(b, 8000, 7000, ON_TRIAL, 0), 0);
	assert_int_equal(transactions_revert(b->t, REVERT_SCHEDULER_EXIT, &b->result), 1);
	assert_int_equal(set_two(b, 8000, 1000, TERMS(0), 0), 0);
	assert_refused(b, transactions_set(b->t, &change, 1, &terms, 0, &b->result, &b->refusal),
		       REFUSED_CONFLICT);
	assert_int_equal(set_perf(b, 5, TERMS(0)), 0);
}

static void test_expired_values_are_not_bad(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_perf(b, 5, ON_TRIAL), 0);
	assert_int_equal(transactions_revert(b->t, REVERT_EXPIRED, &b->result), 1);
	assert_int_equal(set_perf(b, 5, TERMS(0)), 0);
}

static void test_persist(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_perf(b, 5, TERMS(.persist = true)), 0);
	assert_true(b->result.saved == TUNABLE_BIT(TUNABLE_PERF));
	assert_int_equal(config_origin(b->config, TUNABLE_PERF).layer, LAYER_FILE);
	assert_true(config_unsaved(b->config) == 0);
}

static void test_persist_that_fails_sets_nothing(void **state)
{
	struct bench *b = *state;

	tree_link(CONFIG_SAVED_PATH, "/dev/full");
	assert_refused(b, set_perf(b, 5, TERMS(.persist = true)), REFUSED_PERSIST_FAILED);
	assert_int_equal(perf(b), 0);
	assert_int_equal(transactions_generation(b->t), 1);
}

static void test_trial_is_saved_when_confirmed(void **state)
{
	const struct transaction_terms terms = { .on_trial = true,
						 .confirm_timeout_usec = SEC,
						 .persist = true };
	struct bench *b = *state;

	assert_int_equal(set_perf(b, 5, terms), 0);
	assert_int_equal(access(tree_path(CONFIG_SAVED_PATH), F_OK), -1);
	assert_int_equal(transactions_confirm(b->t, 2, 0, &b->saved, &b->refusal), 0);
	assert_int_equal(access(tree_path(CONFIG_SAVED_PATH), F_OK), 0);
	assert_true(b->saved == TUNABLE_BIT(TUNABLE_PERF));
}

static void test_reset(void **state)
{
	const struct transaction_terms terms = { .persist = true }, runtime = { 0 };
	struct bench *b = *state;

	assert_int_equal(set_perf(b, 5, terms), 0);
	assert_int_equal(set_perf(b, 6, runtime), 0);
	assert_int_equal(reset(b, TUNABLE_BIT(TUNABLE_PERF), runtime), 0);
	assert_int_equal(perf(b), 5);
	assert_int_equal(b->result.generation, 4);
	assert_int_equal(reset(b, TUNABLE_BIT(TUNABLE_PERF), terms), 0);
	assert_int_equal(perf(b), 0);
	assert_int_equal(b->result.generation, 5);
}

static void test_reset_of_saved_values_is_checked_first(void **state)
{
	const struct transaction_terms terms = { .persist = true },
				       dry = { .persist = true, .dry_run = true };
	struct bench *b = *state;

	assert_int_equal(set_two(b, 50000, 1000, terms, 0), 0);
	assert_int_equal(set_two(b, 50000, 40000, TERMS(0), 0), 0);
	assert_refused(b, reset(b, TUNABLE_BIT(TUNABLE_SLICE_UNDERUTIL), dry), REFUSED_CONFLICT);
	assert_refused(b, reset(b, TUNABLE_BIT(TUNABLE_SLICE_UNDERUTIL), terms), REFUSED_CONFLICT);
	assert_int_equal(transactions_generation(b->t), 3);
	assert_int_equal(reset(b, TUNABLES_ALL, dry), 0);
	assert_int_equal(b->result.n, 2);
	assert_int_equal(overutil(b), 40000);
	assert_int_equal(reset(b, TUNABLES_ALL, terms), 0);
	assert_int_equal(overutil(b), 1000);
	assert_int_equal(config_origin(b->config, TUNABLE_SLICE_UNDERUTIL).layer, LAYER_DEFAULT);
}

static void test_reload(void **state)
{
	struct bench *b = *state;

	tree_write(ETC, "[wd40d]\nperf = 7\nnope = 1\n");
	assert_refused(b, transactions_reload(b->t, true, 0, NULL, NULL, &b->result, &b->refusal),
		       REFUSED_CONFIG_INVALID);
	assert_non_null(strstr(b->refusal.message, "wd40d.ini:3: nope"));
	assert_int_equal(perf(b), 0);
	assert_int_equal(transactions_reload(b->t, false, 0, NULL, NULL, &b->result, &b->refusal),
			 1);
	assert_int_equal(perf(b), 7);
	assert_int_equal(b->result.generation, 2);
}

#define bench_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		bench_test(test_each_change_gets_a_generation),
		bench_test(test_all_or_nothing),
		bench_test(test_the_machine_hears_what_changed),
		bench_test(test_expected_instance),
		bench_test(test_expected_generation),
		bench_test(test_dry_run),
		bench_test(test_trial_is_confirmed),
		bench_test(test_confirm_refuses),
		bench_test(test_revert_restores),
		bench_test(test_nothing_changes_during_a_trial),
		bench_test(test_trial_needs_live_values_and_a_fair_time),
		bench_test(test_trial_of_nothing_is_none),
		bench_test(test_trial_of_what_is_in_force),
		bench_test(test_trial_saves_all_that_was_asked_for),
		bench_test(test_bad_values_are_refused_until_confirmed),
		bench_test(test_bad_values_are_refused_one_by_one),
		bench_test(test_expired_values_are_not_bad),
		bench_test(test_persist),
		bench_test(test_persist_that_fails_sets_nothing),
		bench_test(test_trial_is_saved_when_confirmed),
		bench_test(test_reset),
		bench_test(test_reset_of_saved_values_is_checked_first),
		bench_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
