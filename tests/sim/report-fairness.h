/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far tasks are from their ideal share (ideal.h). A task's error is |got - ideal| / ideal; both are
 * work, in ns of a CPU of capacity 1024. Judged are tasks with enough demand to tell: those that lived
 * for FAIRNESS_LIFE_NS or longer, wanted to run for FAIRNESS_DEMAND_PCT of that, and got, or should
 * have got, FAIRNESS_WORK_NS: less is a matter of a few slices.
 */
#pragma once

#include <stdbool.h>

#include "tests/sim/ideal.h"

#define FAIRNESS_LIFE_NS    200000000ull
#define FAIRNESS_DEMAND_PCT 90
#define FAIRNESS_WORK_NS    100000000ull

/* Of a task. */
struct fair_share {
	u32 class; /* of ideal.h */
	bool wants_run;
	u64 born_ns, wanted_from_ns, wanted_ns;
	double ideal_from_ns, ideal_ns, got_ns;
};

struct fairness {
	double *errors; /* of judged tasks; 1 = 100 % */
	u32 nr, room;
	double off_ns, ideal_ns; /* sums */
};

void fair_share_set_wants_run(struct fair_share *s, struct ideal *m, bool wants_run, u64 now_ns);

/* Its weight or affinity changed. */
void fair_share_set_class(struct fair_share *s, struct ideal *m, u32 class, u64 now_ns);

/* Adds the task's error if it can be judged, as of now. */
void fairness_judge(struct fairness *f, struct fair_share s, struct ideal *m, u64 now_ns);

/* Adds the errors of other. */
void fairness_join(struct fairness *f, const struct fairness *other);
void fairness_done(struct fairness *f);

/* The error that percentile (0..100) of the tasks do not exceed; 0 without tasks. Sorts. */
double fairness_percentile(struct fairness *f, double percentile);
double fairness_mean(const struct fairness *f);

/* All that somebody got too much or too little, relative to all there was to get. */
double fairness_overall(const struct fairness *f);
