// SPDX-License-Identifier: GPL-2.0-only
/*
 * I6, every request to move a task is answered ("move-unanswered"), and one for a task that is gone
 * only as stale ("move-stale"); one answered as applied has taken the task where it was asked for
 * ("move-undone"), and none is refused for an affinity that allows it ("move-refused"). What the
 * task's word says is looked at when the task has an event: a word that is gone has been taken, so
 * its entry has its answer; and a task that comes to run has been through running, which takes the word.
 */
#include "tests/sim/oracle-private.h"

/* Served, and nothing else takes the task away at the same event, nor the want of a CPU online. */
static bool must_be_there(const struct wd40_move *m, const struct native_event *e)
{
	return m->answer == WD40_MOVE_APPLIED && e->kind != NATIVE_EVENT_ATTR &&
	       e->kind != NATIVE_EVENT_LEAVE && domain_allowed(oracle_context(e->p), m->target) &&
	       !native_config()->mempolicy_affinity;
}

/* Nothing but its affinity could keep it from there, and that does not. */
static bool could_be_there(const struct wd40_move *m, const struct native_event *e)
{
	return m->target < shared.nr_domains && e->kind != NATIVE_EVENT_ATTR &&
	       !oracle_context(e->p)->preferred_nodes && domain_serves(m->target, e->p);
}

static void check_answer(struct sim_oracles *o, const struct oracle_task *t,
			 const struct native_event *e)
{
	const struct wd40_move *m = &shared.moves[WD40_MOVE_WORD_SLOT(t->move)];

	if (m->id != t->move_id) /* answered, seen by the daemon, and used again */
		return;
	if (m->answer == WD40_MOVE_PENDING)
		oracle_fail(o, "move-unanswered", t, -1, "request %llu was taken and has no answer",
			    m->id);
	if (WD40_MOVE_WORD_GENERATION(t->move) != t->generation && m->answer != WD40_MOVE_STALE &&
	    m->answer != WD40_MOVE_FREE)
		oracle_fail(o, "move-stale", t, -1,
			    "request %llu for generation %u is answered with %u to generation %u",
			    m->id, WD40_MOVE_WORD_GENERATION(t->move), m->answer, t->generation);
	if (m->answer == WD40_MOVE_REFUSED_AFFINITY && could_be_there(m, e))
		oracle_fail(
			o, "move-refused", t, -1,
			"request %llu is refused, though domain %u has a CPU online for the task",
			m->id, m->target);
	if (must_be_there(m, e) && t->domain != m->target)
		oracle_fail(
			o, "move-undone", t, -1,
			"request %llu is answered as applied and the task is in domain %u, expected %u",
			m->id, t->domain, m->target);
}

static void note(struct sim_oracles *o, struct oracle_task *t, u64 word)
{
	u32 slot = WD40_MOVE_WORD_SLOT(word);

	t->move = word;
	t->move_seq = o->seq;
	t->move_id = slot < WD40_MOVE_SLOTS ? shared.moves[slot].id : 0;
}

void oracle_move_event(struct sim_oracles *o, const struct native_event *e)
{
	struct oracle_task *t = oracle_task(e->p);
	u64 word;

	if (!t)
		return;
	word = oracle_context(t->p)->move;
	if (t->move && word != t->move)
		check_answer(o, t, e);
	if (word != t->move)
		note(o, t, word);
	else if (word && e->kind == NATIVE_EVENT_RUN)
		oracle_fail(o, "move-unanswered", t, -1,
			    "request %llu was not taken when the task came to run", t->move_id);
}
