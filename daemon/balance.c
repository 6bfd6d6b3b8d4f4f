/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/balance-private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEAN_LEAST 0.5 /* tolerances are parts of the mean, or of this when that is less */
#define TRIES_MAX  16u /* domains that one is tried to be relieved into */

int balance_new(uint32_t nr_domains, uint32_t nr_nodes, struct balance **ret)
{
	_cleanup_(balance_freep) struct balance *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->nr_domains = nr_domains;
	b->nr_nodes = nr_nodes;
	b->moves = calloc(WD40_MOVE_SLOTS, sizeof(b->moves[0]));
	b->domains = calloc(nr_domains, sizeof(b->domains[0]));
	b->nodes = calloc(nr_nodes, sizeof(b->nodes[0]));
	b->uneven = calloc(nr_nodes + 1, sizeof(b->uneven[0]));
	b->uneven_now = calloc(nr_nodes + 1, sizeof(b->uneven_now[0]));
	b->tried = calloc(nr_domains, sizeof(b->tried[0]));
	b->dry = calloc(nr_domains, sizeof(b->dry[0]));
	if (!b->moves || !b->domains || !b->nodes || !b->uneven || !b->uneven_now || !b->tried ||
	    !b->dry || balance_index_init(&b->index, nr_domains) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(b);
	return 0;
}

struct balance *balance_free(struct balance *b)
{
	if (!b)
		return NULL;
	balance_index_done(&b->index);
	free(b->moves);
	free(b->domains);
	free(b->nodes);
	free(b->uneven);
	free(b->uneven_now);
	free(b->tried);
	free(b->dry);
	free(b);
	return NULL;
}

/* --- Who is to be relieved, and by whom. --------------------------------------------------------- */

/* What domains are compared by: their nodes first, which are the same unless the scope is all nodes. */
struct height {
	double node, domain;
};

static struct height height_of(const struct balance *b, uint32_t domain)
{
	return (struct height){ balance_node_group(b, domain)->ratio, b->domains[domain].ratio };
}

static bool is_higher(struct height x, struct height y)
{
	return x.node != y.node ? x.node > y.node : x.domain > y.domain;
}

static uint32_t highest(const struct balance *b, const struct balance_scope *s)
{
	struct height best = { -INFINITY, -INFINITY };
	uint32_t found = WD40_NO_DOMAIN;

	for (uint32_t d = s->first; d < s->end; d++) {
		struct height h = height_of(b, d);

		if (!is_higher(h, best) || b->dry[d] || !(b->domains[d].capacity > 0))
			continue;
		best = h;
		found = d;
	}
	return found;
}

/* The lowest that was not tried in this attempt to relieve a domain. */
static uint32_t lowest(const struct balance *b, const struct balance_scope *s, uint32_t from)
{
	struct height best = { INFINITY, INFINITY };
	uint32_t found = WD40_NO_DOMAIN;

	for (uint32_t d = s->first; d < s->end; d++) {
		struct height h = height_of(b, d);

		if (!is_higher(best, h) || b->tried[d] == b->attempt ||
		    !(b->domains[d].capacity > 0))
			continue;
		if (s->far ? b->domains[d].node == b->domains[from].node : d == from)
			continue;
		best = h;
		found = d;
	}
	return found;
}

/* Difference of load for capacity, as a part of the machine's mean. */
static double difference(const struct balance *b, const struct balance_scope *s, uint32_t from,
			 uint32_t to)
{
	double d = b->domains[from].ratio - b->domains[to].ratio;

	if (s->far)
		d = balance_node_group(b, from)->ratio - balance_node_group(b, to)->ratio;
	return d / fmax(b->mean, MEAN_LEAST);
}

/* --- The rounds of a scope. ---------------------------------------------------------------------- */

enum relief {
	MOVED,
	DRY,  /* no task is worth a move */
	EVEN, /* nobody differs from it by more than the tolerance */
};

static enum relief relieve(struct balance *b, const struct balance_input *in,
			   const struct balance_scope *s, uint32_t from)
{
	b->attempt++;
	for (uint32_t i = 0; i < TRIES_MAX; i++) {
		uint32_t to = lowest(b, s, from);
		double differ = to == WD40_NO_DOMAIN ? 0 : difference(b, s, from, to);

		if (differ <= s->tolerance)
			return i ? DRY : EVEN;
		if (balance_move_one(b, in, s, from, to, differ > BALANCE_APART))
			return MOVED;
		b->tried[to] = b->attempt;
	}
	return DRY;
}

/* How much the highest and the lowest of the scope differ. */
static double unevenness(struct balance *b, const struct balance_scope *s)
{
	uint32_t from = highest(b, s), to = WD40_NO_DOMAIN;

	b->attempt++;
	if (from != WD40_NO_DOMAIN)
		to = lowest(b, s, from);
	return to == WD40_NO_DOMAIN ? 0 : difference(b, s, from, to);
}

/* Most rounds find nothing uneven and need none. */
static int make_index(struct balance *b, const struct balance_input *in)
{
	int r = b->indexed ? 0 : balance_index_fill(&b->index, in->load, in->kworkers);

	b->indexed = r == 0;
	return r;
}

static int even_out(struct balance *b, const struct balance_input *in,
		    const struct balance_scope *s)
{
	enum relief last = MOVED;
	double uneven;
	uint32_t from;
	int r;

	memset(b->dry, 0, b->nr_domains * sizeof(b->dry[0]));
	uneven = unevenness(b, s);
	b->uneven_now[s->number] = uneven > s->tolerance;
	if (uneven <= (b->uneven[s->number] ? s->tolerance : BALANCE_LARGE))
		return 0;
	r = make_index(b, in);
	if (r < 0)
		return r;
	while (b->nr_moves < in->moves_max && last != EVEN &&
	       (from = highest(b, s)) != WD40_NO_DOMAIN) {
		last = relieve(b, in, s, from);
		b->dry[from] = last == DRY;
	}
	return 0;
}

static bool is_full(const struct balance *b, uint32_t domain, double mean)
{
	return b->domains[domain].capacity > 0 &&
	       b->load->domains[domain].captive > mean * b->domains[domain].capacity;
}

/* What the plan starts from: the moves under way count as done. */
static void set_domains(struct balance *b)
{
	for (uint32_t d = 0; d < b->nr_domains; d++) {
		const struct load_domain *from = &b->load->domains[d];

		b->domains[d] = (struct balance_group){ .node = from->node };
		balance_group_add(&b->domains[d], from->load + from->coming, from->capacity);
	}
}

/*
 * The mean that can be reached. Where captives are more than their domain's part nobody can help: it
 * is full, and the others share what is left. Each domain found full lowers the mean, so that others
 * may be full too.
 */
static double find_mean(struct balance *b)
{
	double mean = INFINITY, before;

	do {
		struct balance_group rest = { 0 };

		before = mean;
		for (uint32_t d = 0; d < b->nr_domains; d++) {
			const struct balance_group *g = &b->domains[d];

			if (is_full(b, d, before))
				rest.load += g->load - b->load->domains[d].captive;
			else if (g->capacity > 0)
				balance_group_add(&rest, g->load, g->capacity);
		}
		if (rest.capacity > 0)
			mean = rest.ratio;
	} while (mean < before);
	return mean < INFINITY ? mean : 0;
}

/* A full domain counts in its node with no more than its part, and those who may leave it. */
static void set_nodes(struct balance *b)
{
	memset(b->nodes, 0, b->nr_nodes * sizeof(b->nodes[0]));
	for (uint32_t d = 0; d < b->nr_domains; d++) {
		const struct balance_group *g = &b->domains[d];
		double load = g->load;

		if (!(g->capacity > 0))
			continue;
		if (is_full(b, d, b->mean))
			load += b->mean * g->capacity - b->load->domains[d].captive;
		balance_group_add(balance_node_group(b, d), load, g->capacity);
	}
}

int balance_plan(struct balance *b, const struct balance_input *in)
{
	struct balance_scope s = { .far = true,
				   .end = b->nr_domains,
				   .tolerance = BALANCE_TOLERANCE_NODE,
				   .gain_least = 1. / 4,
				   .cost = BALANCE_COLD_NODE_NS / (double)in->interval_ns };
	int r;

	b->nr_moves = 0;
	b->load = in->load;
	b->indexed = false;
	set_domains(b);
	b->mean = find_mean(b);
	set_nodes(b);
	r = even_out(b, in, &s);
	s.far = false;
	s.tolerance = BALANCE_TOLERANCE_DOMAIN;
	s.gain_least = 1. / 8;
	s.cost = BALANCE_COLD_DOMAIN_NS / (double)in->interval_ns;
	for (s.end = 0; r >= 0 && s.end < b->nr_domains;) {
		s.first = s.end;
		s.number = 1 + b->domains[s.first].node;
		while (s.end < b->nr_domains && b->domains[s.end].node == b->domains[s.first].node)
			s.end++;
		r = even_out(b, in, &s);
	}
	if (r < 0)
		b->nr_moves = 0;
	return r;
}

void balance_note(struct balance *b)
{
	bool *last = b->uneven;

	b->uneven = b->uneven_now;
	b->uneven_now = last;
}
