/* SPDX-License-Identifier: GPL-2.0-only */
/* What the balance*.c files share. */
#pragma once

#include "daemon/balance.h"

/* Between which groups there shall be evenness. */
struct balance_scope {
	uint32_t number;     /* 0: all nodes; 1 + node: its domains */
	uint32_t first, end; /* domains */
	bool far;
	double tolerance;
	double gain_least; /* part of the load moved, and */
	double cost;       /* CPUs */
};

static inline void balance_group_add(struct balance_group *g, double load, double capacity)
{
	g->load += load;
	g->capacity += capacity;
	g->ratio = g->load / g->capacity;
}

static inline struct balance_group *balance_node_group(const struct balance *b, uint32_t domain)
{
	return &b->nodes[b->domains[domain].node];
}

/*
 * Adds the move of one task from a domain to another to the plan, if there is one that is worth it;
 * when it is urgent also of one that was moved lately. The index has been filled for the plan.
 */
bool balance_move_one(struct balance *b, const struct balance_input *in,
		      const struct balance_scope *s, uint32_t from, uint32_t to, bool urgent);
