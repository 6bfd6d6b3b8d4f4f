/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Machines to simulate: built-in ones, text files, and captures of real machines' sysfs. Ids of CPUs
 * and nodes may be sparse, CPUs offline, nodes without CPUs.
 */
#pragma once

#include <stdio.h>

#include "daemon/topology.h"
#include "tests/native/native.h"

struct sim_cpu {
	u32 id;
	bool online;
	u32 core, l2, llc; /* dense, by their lowest CPU; a core is in one l2, that in one llc */
	u32 node;          /* the kernel's id */
	u32 capacity;      /* 1..1024 */
};

struct sim_machine {
	char *name;
	struct sim_cpu *cpus; /* ascending ids */
	u32 nr_cpus;
	u32 *node_ids; /* ascending; those without CPUs too */
	u32 nr_nodes;
	u32 *distances; /* nr_nodes * nr_nodes, by position in node_ids; 10 = itself */
};

/*
 * NAME of a built-in machine, or the path of a text file or of a capture (sim --capture). Errors:
 * -ENOENT, -EINVAL (why says line and reason), -ENOMEM, those of read.
 */
int sim_machine_load(const char *name, char why[256], struct sim_machine **ret);
struct sim_machine *sim_machine_free(struct sim_machine *m);
DEFINE_CLEANUP(struct sim_machine, sim_machine_free)

/* The same machine as a text file, which sim_machine_load reads. */
void sim_machine_print(const struct sim_machine *m, FILE *to);

/* Prints the built-in machines, a line each with name and description. */
void sim_machine_list(FILE *to);

/* The sysfs of the machine below root ("" = this one) as a capture. -errno. */
int sim_machine_capture(const char *root, FILE *to);

/*
 * Its division into domains by the daemon's rules for cache-level and cpumasks (daemon/topology.h).
 * -EINVAL, why says it; -ENOMEM.
 */
int sim_machine_topology(const struct sim_machine *m, u32 cache_level, const char *cpumasks,
			 char why[256], struct topology **ret);

/* Boots the native kernel with it, whose CPUs are online as m says. tick_ns: see struct native_machine. */
void sim_machine_boot(const struct sim_machine *m, const struct topology *t, u32 tasks_max,
		      u64 tick_ns);

/* Whether the native kernel has that CPU online now. */
bool sim_is_online(u32 cpu);
