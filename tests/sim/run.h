/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run as a value: sim_run boots the machine, attaches the scheduler, starts the workload, lets the
 * daemon's policies and the script act, and watches with oracles and a report. The native kernel is
 * one in a process, so is a run at a time; nothing is left behind for the next one.
 */
#pragma once

#include <stdio.h>

#include "tests/sim/baseline.h"
#include "tests/sim/machine.h"
#include "tests/sim/script.h"
#include "tests/sim/settings.h"
#include "tests/sim/workload.h"

#define SIM_TASKS_MAX (1u << 20)

/* Everything is borrowed. */
struct sim_run {
	const struct sim_machine *machine;
	struct sim_workload *workload;   /* loaded for this run: it is used up */
	const char *const *settings;     /* as sim_settings_new */
	const struct sim_script *script; /* NULL: none */
	const struct sim_scheduler *scheduler;
	u64 seed; /* the workload's, for messages */
	u64 duration_ns;
	u64 tick_ns;   /* see struct native_machine */
	u32 tasks_max; /* room for so many tasks; 0: SIM_TASKS_MAX */

	FILE *trace, *report; /* NULL: none */
	bool json;            /* form of the report */
};

struct sim_result {
	char *violation; /* what the oracles found, NULL: nothing */
	bool restarts;   /* the scheduler asked to be attached anew, which ended the run early */
	u64 ran_ns;      /* virtual time */
	char why[SIM_WHY_SIZE]; /* of an error */
};

/*
 * Errors, with a reason in ret->why: -EINVAL (the settings, the script or the domains cannot be),
 * -ENOMEM, init's error. 0, whether there was a violation or not. ret: sim_result_done.
 */
int sim_run(const struct sim_run *run, struct sim_result *ret);
void sim_result_done(struct sim_result *r);

/* The scheduler of that name, or NULL. */
const struct sim_scheduler *sim_scheduler_find(const char *name);
