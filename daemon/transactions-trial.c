/* SPDX-License-Identifier: GPL-2.0-only */
/* The dead man's switch, and the memory of values that ended the scheduler. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/transactions-private.h"

static const char *const cause_names[] = {
	[REVERT_REQUESTED] = "requested", [REVERT_EXPIRED] = "expired",
	[REVERT_RELOAD] = "reload",       [REVERT_SCHEDULER_EXIT] = "scheduler-exit",
	[REVERT_STALL] = "stall",
};
_Static_assert(ARRAY_SIZE(cause_names) == NR_REVERT_CAUSES, "each cause has a name");

const char *revert_cause_name(enum revert_cause cause)
{
	return cause_names[cause];
}

uint64_t transactions_unconfirmed(const struct transactions *t)
{
	return t->trial.generation;
}

uint64_t transactions_deadline_usec(const struct transactions *t)
{
	return t->trial.generation ? t->trial.deadline_usec : 0;
}

int transactions_refuse_busy(const struct transactions *t, struct refusal *refusal)
{
	if (!t->trial.generation)
		return 0;
	return refuse(refusal, REFUSED_BUSY,
		      "generation %" PRIu64 " is on trial: confirm it or take it back first",
		      t->trial.generation);
}

static void end_trial(struct transactions *t)
{
	config_memory_free(t->trial.before);
	t->trial = (struct trial){ 0 };
}

static bool allow_again(struct transactions *t, uint64_t generation)
{
	for (size_t i = 0; i < BAD_VALUES_MAX; i++)
		if (generation && t->bad[i].generation == generation) {
			t->bad[i].generation = 0;
			return true;
		}
	return false;
}

int transactions_confirm(struct transactions *t, uint64_t generation, uint64_t now_usec,
			 tunable_mask *saved, struct refusal *refusal)
{
	const struct trial *trial = &t->trial;
	tunable_mask to_save = trial->to_save;
	struct config_problem problem;

	*saved = 0;
	if (allow_again(t, generation))
		return 0;
	if (!trial->generation || trial->generation != generation)
		return refuse(refusal, REFUSED_NOTHING_TO_CONFIRM,
			      "generation %" PRIu64 " is not on trial", generation);
	if (now_usec >= trial->deadline_usec)
		return refuse(refusal, REFUSED_NOTHING_TO_CONFIRM,
			      "generation %" PRIu64 ": the time to confirm it is over", generation);
	end_trial(t);
	return refuse_problem(refusal, config_save(t->config, to_save, saved, &problem), &problem);
}

static void remember_bad(struct transactions *t, enum revert_cause cause)
{
	struct bad_values *bad = &t->bad[t->next_bad++ % BAD_VALUES_MAX];

	bad->generation = t->trial.generation;
	bad->cause = cause;
	bad->ids = t->trial.ids;
	memcpy(bad->values, config_values(t->config)->values, sizeof(bad->values));
}

int transactions_revert(struct transactions *t, enum revert_cause cause,
			struct transaction_result *ret)
{
	struct tunable_set tried = *config_values(t->config); /* borrowed */
	uint64_t generation = t->trial.generation;

	if (!generation)
		return 0;
	if (cause >= REVERT_SCHEDULER_EXIT && t->trial.ids)
		remember_bad(t, cause);
	config_swap(t->config, t->trial.before);
	transactions_number(t, &tried, ret);
	for (size_t i = 0; i < ret->n; i++) {
		t->reverted[ret->ids[i]].generation = generation;
		t->reverted[ret->ids[i]].cause = cause;
	}
	end_trial(t);
	return 1;
}

static bool has_all(const struct tunable_set *set, const struct bad_values *bad)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		if ((bad->ids & TUNABLE_BIT(id)) &&
		    !tunable_value_equal(id, &set->values[id], &bad->values[id]))
			return false;
	return true;
}

/* The values as text, shortened to fit. */
static void describe(const struct bad_values *bad, char *text, size_t size)
{
	size_t used = 0;

	for (int id = 0; id < NR_TUNABLES && used < size; id++) {
		_cleanup_(freep) char *value = NULL;

		if (!(bad->ids & TUNABLE_BIT(id)))
			continue;
		value = tunable_format(id, &bad->values[id]);
		used += snprintf(text + used, size - used, "%s%s = %s", used ? ", " : "",
				 tunables[id].key, value ?: "?");
	}
}

int transactions_refuse_bad(const struct transactions *t, const struct tunable_set *before,
			    struct refusal *refusal)
{
	char text[256] = "";

	for (size_t i = 0; i < BAD_VALUES_MAX; i++) {
		const struct bad_values *bad = &t->bad[i];

		if (!bad->generation || !has_all(config_values(t->config), bad) ||
		    has_all(before, bad))
			continue;
		describe(bad, text, sizeof(text));
		return refuse(refusal, REFUSED_CONFLICT,
			      "%s: ended the scheduler (%s); to confirm generation %" PRIu64
			      " allows it again",
			      text, revert_cause_name(bad->cause), bad->generation);
	}
	return 0;
}
