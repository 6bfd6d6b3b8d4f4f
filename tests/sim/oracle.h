/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Oracles: what must hold at every event of a run. A violation is printed with seed, time, and the
 * last events of the task and the CPU concerned; the first one ends the run.
 */
#pragma once

#include <stdio.h>

#include "tests/native/native.h"

/* What the run as a whole knows and an oracle needs. Borrowed. */
struct sim_context {
	const struct topology *topology;
	const struct tunable_set *values; /* in force, changes with re-tunes */
	u64 seed;
	bool is_wd40; /* another scheduler has no arena tasks, so only what holds for all is checked */
};

struct sim_oracles;

/* Starts to observe the native kernel, which has been booted. -ENOMEM. */
int sim_oracles_new(const struct sim_context *context, struct sim_oracles **ret);
struct sim_oracles *sim_oracles_free(struct sim_oracles *o);

/* The first violation as text, NULL while there is none. */
const char *sim_oracles_violation(const struct sim_oracles *o);

/* Name of the oracle that found it, as "queue-order"; NULL while there is none. */
const char *sim_oracles_violated(const struct sim_oracles *o);

/* Checks at once what is looked at every so often only: the whole arena and all queues. */
void sim_oracles_check_all(struct sim_oracles *o);

/* At the end, when all tasks have left: nothing may be left behind (I5). */
void sim_oracles_finish(struct sim_oracles *o);
