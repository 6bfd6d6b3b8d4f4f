/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs that make no difference to anybody: in the same affinities, of the same capacity. */
#pragma once

#include <stdbool.h>

#include "tests/sim/report-masks.h"

#define NO_CELL (~0u)

struct cell {
	u64 signature; /* of the affinities that its CPUs are in, and their capacity */
	u32 kind;      /* of its CPUs */
	u32 nr_cpus;
};

struct cells {
	const struct mask_table *masks; /* borrowed */
	struct cell *at;
	u32 nr;
	u32 *of_cpu; /* NO_CELL: the CPU is not available */
	u64 *signatures;
	u32 *slots; /* open hashing: cell + 1, 0 = free */
	u32 nr_slots;
};

int cells_init(struct cells *c, const struct mask_table *masks); /* -ENOMEM */
void cells_done(struct cells *c);

/* kind[cpu]: CPUs of different kinds are kept apart. available: a flag a CPU. used: ids of affinities. */
void cells_divide(struct cells *c, const u32 *kind, const bool *available, const u32 *used,
		  u32 nr_used);
