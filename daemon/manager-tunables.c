/* SPDX-License-Identifier: GPL-2.0-only */
/* Transactions brought into force, and told of. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/event.h"
#include "daemon/manager-private.h"
#include "util/log.h"

static const struct config_author nobody = { 0 };

static void log_change(const struct manager *m, enum tunable_id id, const char *origin,
		       const struct config_author *author)
{
	_cleanup_(freep) char *text = tunable_format(id, &config_values(m->config)->values[id]);
	_cleanup_(freep) char *shown = tunable_show(id, &config_values(m->config)->values[id]);
	_cleanup_(event_done) struct event e = { 0 };

	event_add(&e, "WD40_TUNABLE=%s", tunables[id].key);
	event_add(&e, "WD40_VALUE=%s", text ?: "?");
	event_add(&e, "WD40_ORIGIN=%s", origin);
	event_add(&e, "WD40_GENERATION=%" PRIu64, manager_generation(m));
	event_add_author(&e, author);
	log_event(LOG_INFO, EVENT_TUNABLE_CHANGED, (const char *const *)e.fields,
		  "%s = %s, by %s, uid %u%s%s, generation %" PRIu64 "%s%s%s", tunables[id].key,
		  shown ?: "?", origin, author->uid, author->unit ? ", " : "", author->unit ?: "",
		  manager_generation(m),
		  manager_pending_reattach(m, id) ? ", pending until the next attach" : "",
		  author->reason ? ": " : "", author->reason ?: "");
}

/* Brings into force what has changed. */
static void apply(struct manager *m, const struct transaction_result *result, const char *origin,
		  const struct config_author *author)
{
	const struct tunables_change change = {
		result->generation, result->ids, result->n, origin, *author,
	};

	if (!result->n)
		return;
	if (m->sched) {
		manager_publish_config(m);
		manager_policies_retune(m, result->ids, result->n);
	}
	for (size_t i = 0; i < result->n; i++)
		log_change(m, result->ids[i], origin, author);
	if (m->listener.tunables_changed)
		m->listener.tunables_changed(&change, m->listener.userdata);
}

static void follow_trial(struct manager *m)
{
	uint64_t deadline = transactions_deadline_usec(m->transactions), now = loop_now_usec();

	if (!deadline)
		loop_stop_timer(m->trial_timer);
	else
		loop_set_timer(m->trial_timer, deadline > now ? deadline - now : 0, 0);
}

static void log_revert(uint64_t generation, enum revert_cause cause,
		       const struct config_author *author)
{
	_cleanup_(event_done) struct event e = { 0 };

	event_add(&e, "WD40_GENERATION=%" PRIu64, generation);
	event_add(&e, "WD40_CAUSE=%s", revert_cause_name(cause));
	if (cause == REVERT_REQUESTED)
		event_add_author(&e, author);
	log_event(LOG_NOTICE, EVENT_TUNABLES_REVERTED, (const char *const *)e.fields,
		  "generation %" PRIu64 " is taken back: %s", generation, revert_cause_name(cause));
}

/* verb: what has become of values, if of any: "saved in" and so on. */
static void log_saved(tunable_mask saved, const char *verb, const struct config_author *author)
{
	_cleanup_(event_done) struct event e = { 0 };

	if (!saved)
		return;
	event_add(&e, "WD40_PATH=%s", CONFIG_SAVED_PATH);
	event_add_author(&e, author);
	log_event(LOG_INFO, EVENT_TUNABLES_SAVED, (const char *const *)e.fields,
		  "values are %s %s, by uid %u", verb, CONFIG_SAVED_PATH, author->uid);
}

static bool revert(struct manager *m, enum revert_cause cause, const struct config_author *author)
{
	uint64_t generation = transactions_unconfirmed(m->transactions);
	struct transaction_result result;

	if (!transactions_revert(m->transactions, cause, &result))
		return false;
	follow_trial(m);
	if (result.n) /* else the generation is that of an earlier change, which stays */
		log_revert(generation, cause, author);
	apply(m, &result, "reverted", author);
	if (result.n && m->listener.tunables_reverted)
		m->listener.tunables_reverted(generation, cause, m->listener.userdata);
	manager_tell_state(m);
	return true;
}

static int on_trial_over(struct loop_source *s, void *userdata)
{
	revert(userdata, REVERT_EXPIRED, &nobody);
	return 0;
}

/* 128 bits by chance: no two runs have the same. */
static int make_instance(char instance[INSTANCE_SIZE])
{
	uint64_t bits[2];

	if (getrandom(bits, sizeof(bits), 0) != sizeof(bits))
		return -EIO;
	snprintf(instance, INSTANCE_SIZE, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
	return 0;
}

int manager_tunables_init(struct manager *m)
{
	char instance[INSTANCE_SIZE];
	int r = make_instance(instance);

	if (r == 0)
		r = transactions_new(m->config, instance, &m->transactions);
	return r < 0 ? r : loop_add_timer(m->loop, "trial", on_trial_over, m, &m->trial_timer);
}

void manager_tunables_done(struct manager *m)
{
	m->trial_timer = loop_source_remove(m->trial_timer);
	m->transactions = transactions_free(m->transactions);
}

void manager_blame_trial(struct manager *m, const struct sched_exit *exit)
{
	enum sched_blame blame = sched_exit_blame(exit);

	if (blame != SCHED_NO_BLAME)
		revert(m, blame == SCHED_BLAME_STALL ? REVERT_STALL : REVERT_SCHEDULER_EXIT,
		       &nobody);
}

int manager_set_tunables(struct manager *m, const struct config_change *changes, size_t n,
			 const struct transaction_terms *terms, struct transaction_result *ret,
			 struct refusal *refusal)
{
	int r = transactions_set(m->transactions, changes, n, terms, loop_now_usec(), ret, refusal);

	if (r < 0 || terms->dry_run)
		return r;
	apply(m, ret, "runtime", &terms->author);
	log_saved(ret->saved, "saved in", &terms->author);
	if (transactions_unconfirmed(m->transactions))
		log_info("generation %" PRIu64 " is on trial for %" PRIu64 " ms", ret->generation,
			 terms->confirm_timeout_usec / 1000);
	follow_trial(m);
	manager_tell_state(m);
	return 0;
}

int manager_reset_tunables(struct manager *m, tunable_mask ids,
			   const struct transaction_terms *terms, struct transaction_result *ret,
			   struct refusal *refusal)
{
	int r = transactions_reset(m->transactions, ids, terms, manager_log_problem, NULL, ret,
				   refusal);

	if (r < 0 || terms->dry_run)
		return r;
	apply(m, ret, "reset", &terms->author);
	log_saved(ret->saved, "no longer saved in", &terms->author);
	manager_tell_state(m);
	return 0;
}

int manager_confirm_tunables(struct manager *m, uint64_t generation,
			     const struct config_author *author, struct refusal *refusal)
{
	tunable_mask saved;
	int r = transactions_confirm(m->transactions, generation, loop_now_usec(), &saved, refusal);

	if (r == 0)
		log_info("generation %" PRIu64 " is confirmed, by uid %u", generation, author->uid);
	log_saved(saved, "saved in", author);
	follow_trial(m);
	manager_tell_state(m);
	return r;
}

int manager_revert_tunables(struct manager *m, uint64_t generation,
			    const struct config_author *author, struct refusal *refusal)
{
	if (!generation || transactions_unconfirmed(m->transactions) != generation)
		return refuse(refusal, REFUSED_NOTHING_TO_CONFIRM,
			      "generation %" PRIu64 " is not on trial", generation);
	revert(m, REVERT_REQUESTED, author);
	return 0;
}

int manager_save_tunables(struct manager *m, tunable_mask ids, const struct config_author *author,
			  tunable_mask *saved, struct refusal *refusal)
{
	int r = transactions_save(m->transactions, ids, saved, refusal);

	if (r < 0)
		return r;
	log_saved(*saved, "saved in", author);
	manager_tell_state(m);
	return 0;
}

int manager_reload(struct manager *m, bool strict, const struct config_author *author,
		   struct refusal *refusal)
{
	struct transaction_result result;
	int problems = transactions_reload(m->transactions, strict, author->uid,
					   manager_log_problem, NULL, &result, refusal);

	if (problems < 0)
		return problems;
	apply(m, &result, "reload", author);
	manager_tell_state(m);
	return problems;
}

int manager_reload_now(struct manager *m)
{
	struct refusal refusal;

	revert(m, REVERT_RELOAD, &nobody);
	return manager_reload(m, false, &nobody, &refusal);
}
