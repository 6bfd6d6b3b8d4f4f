/* SPDX-License-Identifier: GPL-2.0-only */
/* Which task moves from one domain to another. */
#include <math.h>

#include "daemon/arena.h"
#include "daemon/balance-private.h"

#define LOOKS_MAX 64u /* tasks looked at for one move, in each direction from the aim */

/* A move in search of its task. */
struct wish {
	uint32_t from, to;
	double even;     /* load that would make both even */
	double aim;      /* load to look for: not more than leads to the mean */
	uint32_t waived; /* rounds at the end of a rest that do not count */
};

static double even_load(const struct balance_group *from, const struct balance_group *to)
{
	return (from->ratio - to->ratio) * from->capacity * to->capacity /
	       (from->capacity + to->capacity);
}

static struct wish make_wish(const struct balance *b, const struct balance_scope *s, uint32_t from,
			     uint32_t to)
{
	const struct balance_group *giver = &b->domains[from], *taker = &b->domains[to];
	double mean = balance_node_group(b, from)->ratio, surplus, deficit;
	struct wish w = { from, to, even_load(giver, taker), 0, 0 };

	if (s->far) {
		giver = balance_node_group(b, from);
		taker = balance_node_group(b, to);
		mean = b->mean;
		w.even = fmin(w.even, even_load(giver, taker));
	}
	surplus = giver->load - mean * giver->capacity;
	deficit = mean * taker->capacity - taker->load;
	w.aim = w.even;
	if (surplus > 0)
		w.aim = fmin(w.aim, surplus);
	if (deficit > 0)
		w.aim = fmin(w.aim, deficit);
	return w;
}

static double gain(const struct wish *w, double load)
{
	return fmin(load, 2 * w->even - load);
}

/* Its memory policy's nodes go before evenness: BPF would send it back there. */
static bool is_allowed(const struct wd40_shared *shared, wd40_handle task, uint32_t domain)
{
	const struct wd40_task *t = arena_task(shared, task);
	u64 word =
		__atomic_load_n(&t->allowed_domains[domain / WD40_BITS_PER_WORD], __ATOMIC_RELAXED);
	u64 nodes = __atomic_load_n(&t->preferred_nodes, __ATOMIC_RELAXED);
	u32 node = shared->domains[domain].node_id;

	if (nodes && (node >= WD40_BITS_PER_WORD || !(nodes >> node & 1)))
		return false;
	return word >> domain % WD40_BITS_PER_WORD & 1;
}

static bool is_good(const struct balance_input *in, const struct balance_scope *s,
		    const struct wish *w, const struct load_task *t)
{
	double gained = gain(w, t->load);

	return gained > 0 && gained >= s->cost && gained >= s->gain_least * t->load &&
	       !rest_in(in->rest, t->handle, in->round + w->waived) &&
	       is_allowed(in->shared, t->handle, w->to);
}

/* The link to the first good task in a bucket, NULL when there is none or *looks run out. */
static uint32_t *search_bucket(struct balance *b, const struct balance_input *in,
			       const struct balance_scope *s, const struct wish *w, uint32_t bucket,
			       uint32_t *looks)
{
	uint32_t *link = balance_index_head(&b->index, w->from, bucket);

	for (; *link != BALANCE_NO_TASK && *looks; link = &b->index.next[*link], (*looks)--)
		if (is_good(in, s, w, &in->load->tasks[*link]))
			return link;
	return NULL;
}

/* The nearest below the aim, or else above it. */
static uint32_t *search(struct balance *b, const struct balance_input *in,
			const struct balance_scope *s, const struct wish *w)
{
	uint32_t aim = balance_bucket((float)w->aim), least = balance_bucket((float)s->cost);
	uint32_t most = balance_bucket((float)(2 * w->even)), looks = LOOKS_MAX;
	uint32_t *found = NULL;

	for (uint32_t i = aim + 1; i-- > least && !found;)
		found = search_bucket(b, in, s, w, i, &looks);
	looks += LOOKS_MAX;
	for (uint32_t i = aim + 1; i <= most && !found; i++)
		found = search_bucket(b, in, s, w, i, &looks);
	return found;
}

static void transfer(struct balance_group *from, struct balance_group *to, double load)
{
	balance_group_add(from, -load, 0);
	balance_group_add(to, load, 0);
}

bool balance_move_one(struct balance *b, const struct balance_input *in,
		      const struct balance_scope *s, uint32_t from, uint32_t to, bool urgent)
{
	struct wish w = make_wish(b, s, from, to);
	uint32_t *link = w.even > 0 ? search(b, in, s, &w) : NULL;
	const struct load_task *t;

	if (!link && w.even > 0 && urgent) {
		w.waived = BALANCE_REST_WAIVED;
		link = search(b, in, s, &w);
	}
	if (!link)
		return false;
	t = &in->load->tasks[*link];
	*link = b->index.next[*link];
	b->moves[b->nr_moves++] =
		(struct balance_move){ t->handle, from, to, t->load, (float)gain(&w, t->load),
				       s->far };
	transfer(&b->domains[from], &b->domains[to], t->load);
	transfer(balance_node_group(b, from), balance_node_group(b, to), t->load);
	return true;
}
