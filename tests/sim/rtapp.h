/* SPDX-License-Identifier: GPL-2.0-only */
/* Workloads as rt-app's JSON: the subset and the extensions that sim.1 documents. */
#pragma once

#include "tests/sim/workload-model.h"

/*
 * Adds to an empty workload what the file says. Its CPUs are those of m. Errors as sim_workload_load, which
 * puts the file's name before why.
 */
int sim_rtapp_read(const char *path, const struct sim_machine *m, char why[256],
		   struct sim_workload *w);
