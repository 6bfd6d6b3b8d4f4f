/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Maximum flow from node 0 to node 1 by Dinic's method, with real capacities. The edges stay, their
 * capacities change between runs: that is how the ideal share asks many questions of one network.
 */
#pragma once

#include <stdbool.h>

#include "bpf/shared.h"

#define FLOW_SOURCE 0u
#define FLOW_SINK   1u

struct flow;

struct flow *flow_new(void);
struct flow *flow_free(struct flow *f);

/* Forgets all edges; node numbers are 0 .. nr_nodes - 1 from now on. */
void flow_reset(struct flow *f, u32 nr_nodes);

/* Returns the number of the edge, for flow_set. A capacity may be INFINITY. */
u32 flow_edge(struct flow *f, u32 from, u32 to, double capacity);
void flow_set(struct flow *f, u32 edge, double capacity);

/* The largest flow. */
double flow_run(struct flow *f);

/* After a run: is the node on the source's side of the cut that limits the flow? */
bool flow_is_limited(const struct flow *f, u32 node);

/* Edges looked at in all runs: what they cost, without a clock. */
u64 flow_work(const struct flow *f);
