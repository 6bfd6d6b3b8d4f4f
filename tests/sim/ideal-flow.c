// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>

#include "tests/sim/ideal-flow.h"
#include "tests/sim/report-memory.h"

/* Capacities are numbers of CPUs: less than this is rounding. */
#define NOTHING 1e-9

#define NO_EDGE (~0u)

/* Edge e ^ 1 is e the other way round. */
struct edge {
	u32 to, next; /* of the same from; NO_EDGE: last */
	double capacity, left;
};

struct node {
	u32 first, current; /* edges; current: the first that may still lead to the sink */
	u32 distance;       /* from the source + 1, 0 = not reached */
};

struct flow {
	struct node *nodes;
	struct edge *edges;
	u32 *queue;
	u32 nr_nodes, nr_edges, room_nodes, room_edges;
	u64 work;
};

struct flow *flow_new(void)
{
	return calloc(1, sizeof(struct flow));
}

struct flow *flow_free(struct flow *f)
{
	if (!f)
		return NULL;
	free(f->nodes);
	free(f->edges);
	free(f->queue);
	free(f);
	return NULL;
}

void flow_reset(struct flow *f, u32 nr_nodes)
{
	if (nr_nodes > f->room_nodes) {
		f->room_nodes = 2 * nr_nodes;
		f->nodes = sim_grow(f->nodes, f->room_nodes, sizeof(*f->nodes));
		f->queue = sim_grow(f->queue, f->room_nodes, sizeof(*f->queue));
	}
	f->nr_nodes = nr_nodes;
	f->nr_edges = 0;
	for (u32 i = 0; i < nr_nodes; i++)
		f->nodes[i] = (struct node){ .first = NO_EDGE };
}

static void add(struct flow *f, u32 from, u32 to, double capacity)
{
	if (f->nr_edges == f->room_edges) {
		f->room_edges = f->room_edges ? 2 * f->room_edges : 256;
		f->edges = sim_grow(f->edges, f->room_edges, sizeof(*f->edges));
	}
	f->edges[f->nr_edges] =
		(struct edge){ .to = to, .next = f->nodes[from].first, .capacity = capacity };
	f->nodes[from].first = f->nr_edges++;
}

u32 flow_edge(struct flow *f, u32 from, u32 to, double capacity)
{
	add(f, from, to, capacity);
	add(f, to, from, 0);
	return f->nr_edges - 2;
}

void flow_set(struct flow *f, u32 edge, double capacity)
{
	f->edges[edge].capacity = capacity;
}

/* Breadth first; the sink is reached or not. */
static bool measure_distances(struct flow *f)
{
	u32 head = 0, tail = 0;

	for (u32 i = 0; i < f->nr_nodes; i++) {
		f->nodes[i].distance = 0;
		f->nodes[i].current = f->nodes[i].first;
	}
	f->nodes[FLOW_SOURCE].distance = 1;
	f->queue[tail++] = FLOW_SOURCE;
	while (head < tail) {
		u32 from = f->queue[head++];

		for (u32 e = f->nodes[from].first; e != NO_EDGE; e = f->edges[e].next) {
			struct node *to = &f->nodes[f->edges[e].to];

			f->work++;
			if (to->distance || f->edges[e].left < NOTHING)
				continue;
			to->distance = f->nodes[from].distance + 1;
			f->queue[tail++] = f->edges[e].to;
		}
	}
	return f->nodes[FLOW_SINK].distance;
}

/* Sends up to limit from the node on along shortest paths; what arrived. */
static double send(struct flow *f, u32 from, double limit)
{
	struct node *n = &f->nodes[from];
	double sent = 0;

	if (from == FLOW_SINK)
		return limit;
	for (; n->current != NO_EDGE; n->current = f->edges[n->current].next) {
		struct edge *e = &f->edges[n->current];
		double part = 0;

		f->work++;
		if (e->left >= NOTHING && f->nodes[e->to].distance == n->distance + 1)
			part = send(f, e->to, fmin(limit - sent, e->left));
		e->left -= part;
		f->edges[n->current ^ 1].left += part;
		sent += part;
		if (limit - sent < NOTHING)
			break;
	}
	return sent;
}

double flow_run(struct flow *f)
{
	double total = 0;

	for (u32 e = 0; e < f->nr_edges; e++)
		f->edges[e].left = f->edges[e].capacity;
	while (measure_distances(f))
		total += send(f, FLOW_SOURCE, INFINITY);
	return total;
}

bool flow_is_limited(const struct flow *f, u32 node)
{
	return f->nodes[node].distance;
}

u64 flow_work(const struct flow *f)
{
	return f->work;
}
