/* SPDX-License-Identifier: GPL-2.0-only */
/* Schedulers to compare wd40 with, on the same native kernel. */
#pragma once

#include "tests/native/native.h"

struct sim_scheduler {
	const char *name, *help;
	const struct sched_ext_ops *ops;
};

/* "wd40" and the baselines; ended by an entry without a name. */
extern const struct sim_scheduler sim_schedulers[];
