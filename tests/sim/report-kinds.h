/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of tasks of one kind: whose names differ in the number at their end ("hog-3" is a hog). */
#pragma once

#include "tests/sim/report-histogram.h"

struct kind {
	char *name;
	u64 nr_tasks, ran_ns;
	struct histogram waits;
};

struct kinds {
	struct kind **sorted; /* by name */
	u32 nr;
};

/* The kind of a task of that name, which is made when it is new. It stays until kinds_done. */
struct kind *kinds_get(struct kinds *k, const char *task_name);
void kinds_done(struct kinds *k);
