/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a run that ended in a violation smaller, as long as the same oracle fires: fewer kinds and
 * instances of tasks, fewer settings and actions, a shorter duration. What remains is given as a
 * workload file and a command line of sim.
 */
#pragma once

#include "tests/sim/run.h"

struct sim_shrunk {
	char *workload;        /* text of an rt-app file */
	const char **settings; /* those of the run that are left; NULL-terminated */
	struct sim_script script;
	u64 duration_ns;
	char *violation; /* of the smaller run */
	u32 nr_runs;     /* it took */
};

/*
 * run: as it was when it ended in the violation, of which its workload is used up. Repeats it up to
 * runs_max times, and begins no more after seconds_max of real time (0: no limit). -ENOENT: the run does not repeat itself from its printed workload, so nothing is made
 * smaller; -ENOMEM, those of sim_run. *ret borrows the texts of run's settings and actions:
 * sim_shrunk_done.
 */
int sim_shrink(const struct sim_run *run, const char *violation, u32 runs_max, u32 seconds_max,
	       struct sim_shrunk *ret);
void sim_shrunk_done(struct sim_shrunk *s);

/* The violation, the command line, and the files that it names: workload and machine. */
void sim_shrunk_print(const struct sim_shrunk *s, const struct sim_run *run, FILE *to);
