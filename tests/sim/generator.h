/* SPDX-License-Identifier: GPL-2.0-only */
/* Workloads that are made by rule and chance. The same seed gives the same. */
#pragma once

#include "tests/sim/workload-model.h"
#include "util/macro.h"

#define SIM_GENERATOR_KEYS 5

struct sim_generator_key {
	const char *name;
	u32 value, min, max; /* the default one, and the range */
	const char *help;
};

/* What a generator goes by. */
struct sim_recipe {
	const struct sim_machine *machine;
	u64 random;                     /* state of sim_random */
	u32 values[SIM_GENERATOR_KEYS]; /* of its keys, in their order */
};

struct sim_generator {
	const char *name, *help;
	struct sim_generator_key keys[SIM_GENERATOR_KEYS];
	void (*build)(struct sim_workload *w, struct sim_recipe *recipe);
};

/* Ended by one without a name. */
extern const struct sim_generator sim_generators[];

/* Adds to an empty workload what "NAME[:key=value,...]" makes. -EINVAL, why says what; -ENOMEM. */
int sim_generate(const char *spec, const struct sim_machine *m, u64 seed, char why[256],
		 struct sim_workload *w);

/* A number between both, which are included. */
u32 sim_random(struct sim_recipe *recipe, u32 min, u32 max);

/* Online CPUs of the machine. */
u32 sim_recipe_cpus(const struct sim_recipe *recipe);

/* A kind with a name by format and so many instances. */
_printf_(3, 4) struct sim_kind *sim_recipe_kind(struct sim_workload *w, u32 instances,
						const char *name, ...);

/* A kind "room" that puts so many items into a pipe of that name, for others to take before they fork. */
void sim_recipe_room(struct sim_workload *w, u32 items);

/* --- The generators' functions, by the names in the table (generator-table.c). ------------------ */

void sim_build_hogs(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_nice(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_weights(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_skew(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_periodic(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_pinned(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_chains(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_servers(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_make(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_forks(struct sim_workload *w, struct sim_recipe *recipe);
void sim_build_random(struct sim_workload *w, struct sim_recipe *recipe);
