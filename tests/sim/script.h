/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scripts: what happens to the machine and to the configuration while a run lasts. An action is
 *
 *	set:KEY=VALUE[,KEY=VALUE]...	a re-tune, all of it at once
 *	offline:CPUS online:CPUS	hotplug, CPU by CPU
 *	occupy:CPUS:rt|irq:DURATION	tasks of a higher class, or an interrupt, take the CPUs
 *	frequency:CPUS:N		of 1024
 */
#pragma once

#include "daemon/cpuset.h"
#include "tests/native/native.h"
#include "tests/sim/machine.h"
#include "tests/sim/settings.h"

enum sim_act {
	SIM_ACT_SET,
	SIM_ACT_OFFLINE,
	SIM_ACT_ONLINE,
	SIM_ACT_OCCUPY,
	SIM_ACT_FREQUENCY,
	NR_SIM_ACTS
};

struct sim_action {
	u64 at_ns; /* since the run began */
	enum sim_act act;
	char *settings;          /* SIM_ACT_SET */
	struct cpuset *cpus;     /* the others */
	enum native_thief thief; /* SIM_ACT_OCCUPY */
	u64 ns;
	u32 frequency; /* SIM_ACT_FREQUENCY: 1..1024 */
};

struct sim_script {
	struct sim_action *actions; /* as they were added */
	u32 nr;
};

/* The word that an action begins with. */
const char *sim_act_name(enum sim_act act);

/* "10s", "500ms", "20us", "7ns", with a fraction if need be. -EINVAL, -ERANGE (above 10^6 s). */
int sim_parse_duration(const char *text, u64 *ret_ns);

/* Adds an action. -EINVAL (why says it), -ENOMEM. Values of tunables are sim_script_check's. */
int sim_script_add(struct sim_script *s, const char *time, const char *action,
		   char why[SIM_WHY_SIZE]);
void sim_script_done(struct sim_script *s);

/* Tries all re-tunes in the order of time on c, which is changed by that. Errors as above. */
int sim_script_check(const struct sim_script *s, struct config *c, char why[SIM_WHY_SIZE]);

/*
 * Refuses what would have no effect in a run on that machine and of that length: CPUs that it has not, times
 * behind the end. -EINVAL (why says it).
 */
int sim_script_fits(const struct sim_script *s, const struct sim_machine *m, u64 duration_ns,
		    char why[SIM_WHY_SIZE]);

/* Does an action that is none of SIM_ACT_SET on the native kernel. CPUs that cannot take part are left out. */
void sim_action_do(const struct sim_action *a);
