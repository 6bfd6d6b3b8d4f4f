/* SPDX-License-Identifier: GPL-2.0-only */
/* Setting, resetting, saving and reloading; trials are transactions-trial.c's. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/limits.h"
#include "daemon/transactions-private.h"

int transactions_new(struct config *config, const char instance[INSTANCE_SIZE],
		     struct transactions **ret)
{
	struct transactions *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->config = config;
	memcpy(t->instance, instance, INSTANCE_SIZE);
	t->generation = 1;
	*ret = t;
	return 0;
}

struct transactions *transactions_free(struct transactions *t)
{
	if (!t)
		return NULL;
	config_memory_free(t->trial.before);
	free(t);
	return NULL;
}

const char *transactions_instance(const struct transactions *t)
{
	return t->instance;
}

uint64_t transactions_generation(const struct transactions *t)
{
	return t->generation;
}

bool transactions_reverted(const struct transactions *t, enum tunable_id id, uint64_t *generation,
			   enum revert_cause *cause)
{
	*generation = t->reverted[id].generation;
	*cause = t->reverted[id].cause;
	return *generation;
}

tunable_mask transaction_result_mask(const struct transaction_result *result)
{
	tunable_mask ids = 0;

	for (size_t i = 0; i < result->n; i++)
		ids |= TUNABLE_BIT(result->ids[i]);
	return ids;
}

void transactions_number(struct transactions *t, const struct tunable_set *before,
			 struct transaction_result *ret)
{
	ret->n = tunable_set_diff(before, config_values(t->config), ret->ids);
	t->generation += ret->n > 0;
	ret->generation = t->generation;
	for (size_t i = 0; i < ret->n; i++)
		t->reverted[ret->ids[i]].generation = 0;
}

static int refuse_stale(const struct transactions *t, const struct transaction_terms *terms,
			struct refusal *refusal)
{
	if (terms->expected_instance && strcmp(terms->expected_instance, t->instance) != 0)
		return refuse(refusal, REFUSED_STALE_GENERATION,
			      "another instance was expected than %s: wd40d was restarted",
			      t->instance);
	if (!terms->expects_generation || terms->expected_generation == t->generation)
		return 0;
	return refuse(refusal, REFUSED_STALE_GENERATION,
		      "generation %" PRIu64 " was expected, but it is %" PRIu64,
		      terms->expected_generation, t->generation);
}

static int refuse_early(const struct transactions *t, const struct transaction_terms *terms,
			struct refusal *refusal)
{
	int r = transactions_refuse_busy(t, refusal);

	return r < 0 ? r : refuse_stale(t, terms, refusal);
}

/* What to come back to, while a request is tried out on the configuration. */
struct attempt {
	struct tunable_set before;
	struct config_memory *memory;
};

static void attempt_done(struct attempt *a)
{
	tunable_set_done(&a->before);
	config_memory_free(a->memory);
}

static int attempt_begin(struct attempt *a, const struct transactions *t)
{
	int r = tunable_set_copy(config_values(t->config), &a->before);

	return r < 0 ? r : config_remember(t->config, &a->memory);
}

static int check_result(const struct transactions *t, const struct attempt *a,
			struct transaction_result *ret, struct refusal *refusal)
{
	ret->saved = 0;
	ret->generation = t->generation;
	ret->n = tunable_set_diff(&a->before, config_values(t->config), ret->ids);
	return transactions_refuse_bad(t, &a->before, refusal);
}

/* Only what counts at once can be tried. */
static int check_trial(const struct transaction_result *result,
		       const struct transaction_terms *terms, struct refusal *refusal)
{
	uint64_t usec = terms->confirm_timeout_usec;

	if (!terms->on_trial)
		return 0;
	if (usec < TRIAL_SHORTEST_USEC || usec > TRIAL_LONGEST_USEC)
		return refuse(refusal, REFUSED_OUT_OF_RANGE,
			      "confirm-timeout-usec: %" PRIu64
			      " us is out of range (allowed: %llu to %llu us)",
			      usec, TRIAL_SHORTEST_USEC, TRIAL_LONGEST_USEC);
	for (size_t i = 0; i < result->n; i++) {
		const struct tunable *tunable = &tunables[result->ids[i]];

		if (tunable->applied == APPLIED_REATTACH)
			return refuse(refusal, REFUSED_REATTACH_REQUIRED,
				      "%s: counts from the next attach on, so it cannot be tried",
				      tunable->key);
	}
	return 0;
}

static tunable_mask mask_of(const struct config_change *changes, size_t n)
{
	tunable_mask ids = 0;

	for (size_t i = 0; i < n; i++)
		ids |= TUNABLE_BIT(changes[i].id);
	return ids;
}

/* What will be saved later, or never, is refused now if it could not be. */
static int persist(struct transactions *t, tunable_mask ids, const struct transaction_terms *terms,
		   tunable_mask *saved, struct refusal *refusal)
{
	struct config_problem problem;
	int r;

	if (!terms->persist)
		return 0;
	if (terms->on_trial || terms->dry_run)
		r = config_can_save(t->config, ids, &problem);
	else
		r = config_save(t->config, ids, saved, &problem);
	return refuse_problem(refusal, r, &problem);
}

/* Also when the values were in force before: who asks for a trial waits to confirm it. */
static void begin_trial(struct transactions *t, struct attempt *a, tunable_mask wanted,
			const struct transaction_terms *terms, uint64_t now_usec,
			const struct transaction_result *result)
{
	if (!terms->on_trial || !wanted)
		return;
	t->trial = (struct trial){
		.generation = t->generation,
		.deadline_usec = now_usec + terms->confirm_timeout_usec,
		.ids = transaction_result_mask(result),
		.to_save = terms->persist ? wanted : 0,
		.before = TAKE_PTR(a->memory),
	};
}

int transactions_set(struct transactions *t, const struct config_change *changes, size_t n,
		     const struct transaction_terms *terms, uint64_t now_usec,
		     struct transaction_result *ret, struct refusal *refusal)
{
	_cleanup_(attempt_done) struct attempt a = { 0 };
	struct config_problem problem;
	int r;

	r = refuse_early(t, terms, refusal);
	if (r == 0)
		r = attempt_begin(&a, t);
	if (r < 0)
		return r;
	r = config_set_runtime(t->config, changes, n, &terms->author, &problem);
	if (r < 0)
		return refuse_problem(refusal, r, &problem);
	r = check_result(t, &a, ret, refusal);
	if (r == 0)
		r = check_trial(ret, terms, refusal);
	if (r == 0)
		r = persist(t, mask_of(changes, n), terms, &ret->saved, refusal);
	if (r < 0 || terms->dry_run) {
		config_swap(t->config, a.memory);
		return r;
	}
	transactions_number(t, &a.before, ret);
	begin_trial(t, &a, mask_of(changes, n), terms, now_usec, ret);
	return 0;
}

static int forget(struct transactions *t, tunable_mask ids, const struct transaction_terms *terms,
		  tunable_mask *forgotten, struct refusal *refusal)
{
	struct config_problem problem;
	int r;

	if (!terms->persist)
		return 0;
	r = terms->dry_run ? config_can_forget(t->config, ids, &problem)
			   : config_forget(t->config, ids, forgotten, &problem);
	return refuse_problem(refusal, r, &problem);
}

int transactions_reset(struct transactions *t, tunable_mask ids,
		       const struct transaction_terms *terms, config_report_fn report,
		       void *userdata, struct transaction_result *ret, struct refusal *refusal)
{
	_cleanup_(attempt_done) struct attempt a = { 0 };
	struct config_problem problem;
	int r;

	r = refuse_early(t, terms, refusal);
	if (r == 0)
		r = attempt_begin(&a, t);
	if (r < 0)
		return r;
	r = terms->persist ? config_reset_saved(t->config, ids, report, userdata, &problem)
			   : config_reset_runtime(t->config, ids, &problem);
	if (r < 0)
		return refuse_problem(refusal, r, &problem);
	r = check_result(t, &a, ret, refusal);
	if (r == 0)
		r = forget(t, ids, terms, &ret->saved, refusal);
	if (r < 0 || terms->dry_run) {
		config_swap(t->config, a.memory);
		return r;
	}
	transactions_number(t, &a.before, ret);
	return 0;
}

int transactions_save(struct transactions *t, tunable_mask ids, tunable_mask *saved,
		      struct refusal *refusal)
{
	struct config_problem problem;
	int r = transactions_refuse_busy(t, refusal);

	if (r < 0)
		return r;
	return refuse_problem(refusal, config_save(t->config, ids, saved, &problem), &problem);
}

static void keep_first(const struct config_problem *problem, void *userdata)
{
	struct config_problem *first = userdata;

	if (!first->message[0])
		*first = *problem;
}

static int refuse_invalid_files(const struct transactions *t, uid_t reader, struct refusal *refusal)
{
	struct config_problem first = { 0 };
	int r = config_try_load(t->config, keep_first, &first);

	if (r <= 0)
		return r;
	first = config_problem_for(reader, &first);
	return refuse(refusal, REFUSED_CONFIG_INVALID, "%s:%u: %s", first.path, first.line,
		      first.message);
}

int transactions_reload(struct transactions *t, bool strict, uid_t reader, config_report_fn report,
			void *userdata, struct transaction_result *ret, struct refusal *refusal)
{
	_cleanup_(tunable_set_done) struct tunable_set before = { 0 };
	int r, problems;

	r = transactions_refuse_busy(t, refusal);
	if (r == 0 && strict)
		r = refuse_invalid_files(t, reader, refusal);
	if (r == 0)
		r = tunable_set_copy(config_values(t->config), &before);
	if (r < 0)
		return r;
	problems = config_load(t->config, report, userdata);
	if (problems >= 0)
		transactions_number(t, &before, ret);
	return problems;
}
