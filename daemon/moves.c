/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/moves.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/arena.h"

#define READ(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)

/* A request under way: the slot in shared.moves that it has. */
struct request {
	uint32_t slot, target;
	uint64_t id;
	wd40_handle task;
};

struct moves {
	struct moves_counts counts;
	uint64_t applied_to[WD40_MAX_DOMAINS];
	uint64_t last_id;
	struct request requests[WD40_MOVE_SLOTS]; /* the first counts.pending */
	uint32_t free_slots[WD40_MOVE_SLOTS];     /* the first of the rest */
};

int moves_new(struct moves **ret)
{
	struct moves *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	for (uint32_t i = 0; i < WD40_MOVE_SLOTS; i++)
		m->free_slots[i] = WD40_MOVE_SLOTS - 1 - i;
	*ret = m;
	return 0;
}

struct moves *moves_free(struct moves *m)
{
	free(m);
	return NULL;
}

uint32_t moves_room(const struct moves *m)
{
	return WD40_MOVE_SLOTS - m->counts.pending;
}

const struct moves_counts *moves_counts(const struct moves *m)
{
	return &m->counts;
}

uint64_t moves_applied_to(const struct moves *m, uint32_t domain)
{
	return m->applied_to[domain];
}

static bool alive(const struct wd40_task *t, wd40_handle task)
{
	return __atomic_load_n(&t->slot.generation, __ATOMIC_ACQUIRE) ==
	       WD40_HANDLE_GENERATION(task);
}

/* The word that names the request in its task. */
static u64 word_of(const struct request *r)
{
	return WD40_MOVE_WORD(WD40_HANDLE_GENERATION(r->task), r->slot);
}

static bool swap_word(struct wd40_task *t, u64 from, u64 to)
{
	return __atomic_compare_exchange_n(&t->move, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

/*
 * The task may die at any time. When it has died before the word is there nobody looks at it until
 * the context is used again, so moves_collect does.
 */
bool moves_request(struct moves *m, struct wd40_shared *shared, wd40_handle task, uint32_t target)
{
	struct wd40_task *t = arena_task(shared, task);
	struct request *r;

	if (!moves_room(m) || !alive(t, task) || READ(t->move))
		return false;
	r = &m->requests[m->counts.pending];
	*r = (struct request){ m->free_slots[moves_room(m) - 1], target, m->last_id + 1, task };
	shared->moves[r->slot] = (struct wd40_move){ r->id, task, target, WD40_MOVE_PENDING };
	if (!swap_word(t, 0, word_of(r))) {
		shared->moves[r->slot].answer = WD40_MOVE_FREE;
		return false;
	}
	m->last_id++;
	m->counts.pending++;
	m->counts.requested++;
	return true;
}

/*
 * Ends a request that BPF has not answered, if there is reason to and BPF has not just taken it. True
 * when it ended.
 */
static bool take_back(struct moves *m, struct wd40_shared *shared, const struct request *r,
		      enum wd40_move_answer *ret)
{
	struct wd40_task *t = arena_task(shared, r->task);
	bool dead = !alive(t, r->task);

	if (!dead && READ(t->flags) & WD40_TASK_RUNNABLE)
		return false;
	if (!swap_word(t, word_of(r), 0))
		return false;
	*ret = dead ? WD40_MOVE_STALE : WD40_MOVE_FREE;
	return true;
}

/*
 * The answer to a request, or true by the daemon's own doing; false while it is pending. Of one that is no
 * answer nothing is known but that the request is over.
 */
static bool has_ended(struct moves *m, struct wd40_shared *shared, const struct request *r,
		      enum wd40_move_answer *ret)
{
	u32 answer = __atomic_load_n(&shared->moves[r->slot].answer, __ATOMIC_ACQUIRE);

	if (answer == WD40_MOVE_PENDING)
		return take_back(m, shared, r, ret);
	*ret = answer < WD40_NR_MOVE_ANSWERS ? answer : WD40_MOVE_STALE;
	return true;
}

static void count(struct moves *m, const struct request *r, enum wd40_move_answer answer)
{
	m->counts.pending--;
	if (answer == WD40_MOVE_FREE)
		m->counts.withdrawn++;
	else
		m->counts.answers[answer]++;
	if (answer == WD40_MOVE_APPLIED)
		m->applied_to[r->target]++;
}

void moves_collect(struct moves *m, struct wd40_shared *shared, moves_ended ended, void *userdata)
{
	for (uint32_t i = 0; i < m->counts.pending;) {
		struct request r = m->requests[i];
		enum wd40_move_answer answer;

		if (!has_ended(m, shared, &r, &answer)) {
			i++;
			continue;
		}
		__atomic_store_n(&shared->moves[r.slot].answer, WD40_MOVE_FREE, __ATOMIC_RELEASE);
		m->free_slots[moves_room(m)] = r.slot;
		m->requests[i] = m->requests[m->counts.pending - 1];
		count(m, &r, answer);
		ended(r.task, answer, userdata);
	}
}
