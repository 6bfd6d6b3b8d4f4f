// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network of flows that are possible rates:
 *
 *	source -> class                       what is asked for it
 *	class -> layer of its affinity        nr x thickness: a task is in a layer once
 *	layer of an affinity -> of a cell     any
 *	layer of a cell -> sink               CPUs x thickness
 *
 * Fair rates come from Fujishige's decomposition: ask for all classes the level (rate / weight) that
 * would use all they can get together. Either they get it, or the cut shows those that are limited to
 * less; they get all they can together, the others what is then left, and so on for both parts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/ideal-cells.h"
#include "tests/sim/ideal-flow.h"
#include "tests/sim/ideal-network.h"
#include "tests/sim/report-memory.h"

#define FULL_CAPACITY 1024.0
#define NOTHING       1e-7 /* of a CPU */

/* A class that has tasks. */
struct part {
	struct ideal_class *class;
	u32 node, edge; /* from the source */
};

struct network {
	const struct mask_table *masks;
	struct flow *flow;
	struct cells cells;

	/* a CPU is in layers 0 .. layers_of_cpu - 1, whose thickness adds up to its capacity */
	double *thickness;
	u32 nr_layers;
	u32 *layers_of_cpu;

	/* of the moment */
	struct part *parts; /* while they are divided: the more limited first */
	u32 nr_parts, room_parts;
	u32 *used; /* affinities, and where each of all is in there + 1 */
	u32 *place, nr_used, room_masks;
};

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return (x > y) - (x < y);
}

static void make_layers(struct network *n, const u32 *capacity, u32 nr_cpus)
{
	u32 *sorted = sim_grow(NULL, nr_cpus, sizeof(*sorted)), below = 0;

	memcpy(sorted, capacity, nr_cpus * sizeof(*sorted));
	qsort(sorted, nr_cpus, sizeof(*sorted), compare_u32);
	for (u32 i = 0; i < nr_cpus; i++) {
		if (sorted[i] == below)
			continue;
		n->thickness[n->nr_layers++] = (sorted[i] - below) / FULL_CAPACITY;
		for (u32 cpu = 0; cpu < nr_cpus; cpu++)
			n->layers_of_cpu[cpu] += capacity[cpu] >= sorted[i];
		below = sorted[i];
	}
	free(sorted);
}

struct network *network_new(const struct mask_table *masks, const u32 *capacity)
{
	struct network *n = calloc(1, sizeof(*n));
	u32 nr_cpus = mask_table_nr_bits(masks);

	if (!n)
		return NULL;
	n->masks = masks;
	n->flow = flow_new();
	n->thickness = calloc(nr_cpus, sizeof(*n->thickness));
	n->layers_of_cpu = calloc(nr_cpus, sizeof(*n->layers_of_cpu));
	if (cells_init(&n->cells, masks) < 0 || !n->flow || !n->thickness || !n->layers_of_cpu)
		return network_free(n);
	make_layers(n, capacity, nr_cpus);
	return n;
}

struct network *network_free(struct network *n)
{
	if (!n)
		return NULL;
	flow_free(n->flow);
	cells_done(&n->cells);
	free(n->thickness);
	free(n->layers_of_cpu);
	free(n->parts);
	free(n->used);
	free(n->place);
	free(n);
	return NULL;
}

static void use_mask(struct network *n, u32 mask)
{
	if (mask >= n->room_masks) {
		u32 room = 2 * (mask + 1);

		n->used = sim_grow(n->used, room, sizeof(*n->used));
		n->place = sim_grow(n->place, room, sizeof(*n->place));
		memset(n->place + n->room_masks, 0, (room - n->room_masks) * sizeof(*n->place));
		n->room_masks = room;
	}
	if (n->place[mask])
		return;
	n->used[n->nr_used++] = mask;
	n->place[mask] = n->nr_used;
}

static void use_classes(struct network *n, struct ideal_class *classes, u32 nr)
{
	while (n->nr_used)
		n->place[n->used[--n->nr_used]] = 0;
	n->nr_parts = 0;
	if (nr > n->room_parts) {
		n->room_parts = 2 * nr;
		n->parts = sim_grow(n->parts, n->room_parts, sizeof(*n->parts));
	}
	for (u32 i = 0; i < nr; i++) {
		classes[i].rate = 0;
		if (!classes[i].nr)
			continue;
		use_mask(n, classes[i].mask);
		n->parts[n->nr_parts++].class = &classes[i];
	}
}

/* --- Nodes and edges. --------------------------------------------------------------------------- */

static u32 node_of_mask(const struct network *n, u32 place, u32 layer)
{
	return FLOW_SINK + 1 + n->nr_parts + place * n->nr_layers + layer;
}

static u32 node_of_cell(const struct network *n, u32 cell, u32 layer)
{
	return node_of_mask(n, n->nr_used + cell, layer);
}

static void link_part(struct network *n, u32 i)
{
	struct part *part = &n->parts[i];
	u32 place = n->place[part->class->mask] - 1;

	part->node = FLOW_SINK + 1 + i;
	part->edge = flow_edge(n->flow, FLOW_SOURCE, part->node, INFINITY);
	for (u32 layer = 0; layer < n->nr_layers; layer++)
		flow_edge(n->flow, part->node, node_of_mask(n, place, layer),
			  part->class->nr * n->thickness[layer]);
}

/* An affinity with the cells in it, each of which is met first at some CPU: seen[cell] tells. */
static void link_mask(struct network *n, u32 place, u32 *seen)
{
	struct mask_range range = mask_table_get(n->masks, n->used[place]);

	for (u32 w = range.first_word; w < range.end_word; w++)
		for (unsigned long bits = range.words[w]; bits; bits &= bits - 1) {
			u32 cell = n->cells.of_cpu[w * 64 + (u32)__builtin_ctzl(bits)];

			if (cell == NO_CELL || seen[cell] == place + 1)
				continue;
			seen[cell] = place + 1;
			for (u32 layer = 0; layer < n->cells.at[cell].kind; layer++)
				flow_edge(n->flow, node_of_mask(n, place, layer),
					  node_of_cell(n, cell, layer), INFINITY);
		}
}

static void build(struct network *n)
{
	u32 *seen = sim_grow(NULL, n->cells.nr + 1, sizeof(*seen));

	memset(seen, 0, n->cells.nr * sizeof(*seen));
	flow_reset(n->flow, node_of_cell(n, n->cells.nr, 0));
	for (u32 i = 0; i < n->nr_parts; i++)
		link_part(n, i);
	for (u32 i = 0; i < n->nr_used; i++)
		link_mask(n, i, seen);
	for (u32 cell = 0; cell < n->cells.nr; cell++)
		for (u32 layer = 0; layer < n->cells.at[cell].kind; layer++)
			flow_edge(n->flow, node_of_cell(n, cell, layer), FLOW_SINK,
				  n->cells.at[cell].nr_cpus * n->thickness[layer]);
	free(seen);
}

/* --- Fair rates. -------------------------------------------------------------------------------- */

static double weight_of(const struct part *part)
{
	return (double)part->class->nr * part->class->weight;
}

static double weight_between(const struct network *n, u32 from, u32 to)
{
	double sum = 0;

	for (u32 i = from; i < to; i++)
		sum += weight_of(&n->parts[i]);
	return sum;
}

/* What all get together when those before from take all they can, and those up to to ask for level. */
static double ask(struct network *n, u32 from, u32 to, double level)
{
	for (u32 i = 0; i < n->nr_parts; i++)
		flow_set(n->flow, n->parts[i].edge,
			 i < from ? INFINITY
			 : i < to ? level * weight_of(&n->parts[i])
				  : 0);
	return flow_run(n->flow);
}

/* Those in [from, to) that the cut limits come first; where the others begin. */
static u32 divide(struct network *n, u32 from, u32 to)
{
	u32 middle = from;

	for (u32 i = from; i < to; i++)
		if (flow_is_limited(n->flow, n->parts[i].node)) {
			struct part part = n->parts[i];

			n->parts[i] = n->parts[middle];
			n->parts[middle++] = part;
		}
	return middle;
}

/* Rates of [from, to). all_before: what those before from get together; all: and with these. */
static void share(struct network *n, u32 from, u32 to, double all_before, double all)
{
	double level = (all - all_before) / weight_between(n, from, to);
	double got = ask(n, from, to, level);
	u32 middle = divide(n, from, to);

	if (got > all - NOTHING || middle == from || middle == to) {
		for (u32 i = from; i < to; i++)
			n->parts[i].class->rate = level * n->parts[i].class->weight;
		return;
	}
	got -= level * weight_between(n, middle, to);
	share(n, from, middle, all_before, got);
	share(n, middle, to, got, all);
}

u64 network_solve(struct network *n, struct ideal_class *classes, u32 nr, const bool *available)
{
	u64 before = flow_work(n->flow);

	use_classes(n, classes, nr);
	if (!n->nr_parts)
		return 0;
	cells_divide(&n->cells, n->layers_of_cpu, available, n->used, n->nr_used);
	build(n);
	share(n, 0, n->nr_parts, 0, ask(n, n->nr_parts, n->nr_parts, 0));
	return flow_work(n->flow) - before;
}
