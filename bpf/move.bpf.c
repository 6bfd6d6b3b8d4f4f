// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/domain.bpf.h"
#include "bpf/move.bpf.h"

/* Takes the request word; the entry it names, or NULL when there is none. */
static struct wd40_move __arena *take(struct wd40_task __arena *t, u32 *ret_generation)
{
	u64 word;
	u32 slot;

	if (!READ_ONCE(t->move))
		return NULL;
	word = __sync_lock_test_and_set(&t->move, 0);
	slot = WD40_MOVE_WORD_SLOT(word);
	*ret_generation = WD40_MOVE_WORD_GENERATION(word);
	return word && slot < WD40_MOVE_SLOTS ? &shared.moves[slot] : NULL;
}

/* The exchange is the release: what the answer reports happened before it. */
static void answer(struct wd40_move __arena *m, u32 what)
{
	__sync_lock_test_and_set(&m->answer, what);
}

static u32 judge(const struct wd40_task __arena *t, u32 target)
{
	struct wd40_domain __arena *dom = domain_at(target);

	if (!dom || !READ_ONCE(dom->nr_online))
		return WD40_MOVE_REFUSED_DOMAIN;
	if (!domain_allowed(t, target) || !domain_in_nodes(target, t->preferred_nodes))
		return WD40_MOVE_REFUSED_AFFINITY; /* its memory policy would call it back */
	if (t->domain == target)
		return WD40_MOVE_REFUSED_SAME;
	return WD40_MOVE_APPLIED;
}

u32 move_serve(struct wd40_task __arena *t __arg_arena, u64 load_now, u64 lag_limit_ns)
{
	u32 generation = 0, verdict;
	struct wd40_move __arena *m = take(t, &generation);

	if (!m)
		return WD40_MOVE_FREE;
	verdict = generation == t->slot.generation ? judge(t, m->target) : WD40_MOVE_STALE;
	if (verdict == WD40_MOVE_APPLIED)
		domain_transfer(t, m->target, load_now, lag_limit_ns);
	answer(m, verdict);
	return verdict;
}

u32 move_wanted(const struct wd40_task __arena *t __arg_arena)
{
	u64 word = READ_ONCE(t->move);
	u32 slot = WD40_MOVE_WORD_SLOT(word), target;

	if (!word || slot >= WD40_MOVE_SLOTS ||
	    WD40_MOVE_WORD_GENERATION(word) != t->slot.generation || domain_allowed_is_old(t))
		return WD40_NO_DOMAIN;
	target = shared.moves[slot].target;
	return judge(t, target) == WD40_MOVE_APPLIED ? target : WD40_NO_DOMAIN;
}

bool move_answer_stale(struct wd40_task __arena *t __arg_arena)
{
	u32 generation;
	struct wd40_move __arena *m = take(t, &generation);

	if (m)
		answer(m, WD40_MOVE_STALE);
	return m != NULL;
}
