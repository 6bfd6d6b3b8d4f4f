/* SPDX-License-Identifier: GPL-2.0-only */
/* The ideal share at one moment: classes of tasks and CPUs in, rates out. Pure. */
#pragma once

#include <stdbool.h>

#include "tests/sim/report-masks.h"

struct ideal_class {
	u32 mask, weight;
	u32 nr;      /* tasks that want to run */
	double rate; /* of each, in CPUs of capacity 1024 */

	/* ideal.c */
	double work_ns; /* up to at_ns */
	u64 at_ns;
	u32 next; /* of the same affinity */
};

struct network;

/* masks: borrowed; capacity[cpu] is of 1024. NULL: no memory. */
struct network *network_new(const struct mask_table *masks, const u32 *capacity);
struct network *network_free(struct network *n);

/* Sets the rates of the classes. available: a flag a CPU. Returns what it cost: edges looked at. */
u64 network_solve(struct network *n, struct ideal_class *classes, u32 nr, const bool *available);
