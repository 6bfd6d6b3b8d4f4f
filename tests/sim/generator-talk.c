/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that wake each other, and tasks that make others. */
#include "tests/sim/generator.h"

/* --- Wakeups. ----------------------------------------------------------------------------------- */

static void add_link(struct sim_workload *w, const struct sim_recipe *recipe, u32 chain, u32 i)
{
	enum {
		CHAINS,
		LENGTH,
		RUN_US,
		PERIOD_US
	};
	struct sim_kind *k = sim_recipe_kind(w, 1, "c%u-%u", chain, i);
	struct sim_phase *phase = sim_workload_add_phase(w, k, 1);
	char next[32];

	if (!k)
		return;
	if (i)
		sim_workload_add_named(w, phase, SIM_SUSPEND, k->name);
	else
		sim_workload_add_timer(w, k, phase, "unique", recipe->values[PERIOD_US]);
	sim_workload_add_time(w, phase, SIM_RUN, recipe->values[RUN_US]);
	snprintf(next, sizeof(next), "c%u-%u", chain, i + 1);
	if (i + 1 < recipe->values[LENGTH])
		sim_workload_add_named(w, phase, SIM_RESUME, next);
}

void sim_build_chains(struct sim_workload *w, struct sim_recipe *recipe)
{
	u32 chains = recipe->values[0] ?: (sim_recipe_cpus(recipe) + 1) / 2;
	u32 length = recipe->values[1];

	for (u32 c = 0; c < chains; c++)
		for (u32 i = 0; i < length && !w->failed; i++)
			add_link(w, recipe, c, i);
}

/* No two requests are alike, or all would go in step for ever. */
#define SERVER_KINDS 8
#define REQUESTS     5 /* until a task begins anew */

/* About that long: half of it to half as much again. */
static u32 about(struct sim_recipe *recipe, u32 us)
{
	return sim_random(recipe, us / 2, us + us / 2);
}

static void add_client(struct sim_workload *w, struct sim_recipe *recipe, struct sim_kind *k,
		       u32 think_us)
{
	struct sim_phase *phase = sim_workload_add_phase(w, k, 1);

	for (u32 i = 0; i < REQUESTS; i++) {
		sim_workload_add_time(w, phase, SIM_SLEEP, about(recipe, think_us));
		sim_workload_add_time(w, phase, SIM_RUN, 20);
		sim_workload_add_named(w, phase, SIM_POST, "requests");
		sim_workload_add_named(w, phase, SIM_TAKE, "answers");
	}
}

static void add_server(struct sim_workload *w, struct sim_recipe *recipe, struct sim_kind *k,
		       u32 run_us)
{
	struct sim_phase *phase = sim_workload_add_phase(w, k, 1);

	for (u32 i = 0; i < REQUESTS; i++) {
		sim_workload_add_named(w, phase, SIM_TAKE, "requests");
		sim_workload_add_time(w, phase, SIM_RUN, about(recipe, run_us));
		sim_workload_add_named(w, phase, SIM_POST, "answers");
	}
}

/* How many of n tasks are of that kind. */
static u32 part_of(u32 n, u32 kind)
{
	return n / SERVER_KINDS + (kind < n % SERVER_KINDS);
}

void sim_build_servers(struct sim_workload *w, struct sim_recipe *recipe)
{
	enum {
		CLIENTS,
		SERVERS,
		THINK_US,
		RUN_US
	};
	u32 cpus = sim_recipe_cpus(recipe);
	u32 clients = recipe->values[CLIENTS] ?: 2 * cpus;
	u32 servers = recipe->values[SERVERS] ?: cpus;

	for (u32 i = 0; i < SERVER_KINDS; i++) {
		if (part_of(clients, i))
			add_client(w, recipe,
				   sim_recipe_kind(w, part_of(clients, i), "client%u", i),
				   recipe->values[THINK_US]);
		if (part_of(servers, i))
			add_server(w, recipe,
				   sim_recipe_kind(w, part_of(servers, i), "server%u", i),
				   recipe->values[RUN_US]);
	}
}

/* --- Forks: who forks takes an item of the room, which the child puts back at its end. ---------- */

static void add_child_end(struct sim_workload *w, struct sim_phase *phase, struct sim_kind *k)
{
	sim_workload_add_named(w, phase, SIM_POST, "room");
	if (k)
		k->loop = 1;
}

/* Reads its files from a cold disk now and then, and its phases are of different length. */
static struct sim_kind *add_compiler(struct sim_workload *w, struct sim_recipe *recipe, u32 i,
				     u32 longest_us)
{
	struct sim_kind *k = sim_recipe_kind(w, 0, "cc%u", i);
	struct sim_phase *phase = sim_workload_add_phase(w, k, 1);

	sim_workload_add_time(w, phase, SIM_RUN, 150);
	sim_workload_add_event(w, phase, SIM_EXEC);
	for (u32 n = sim_random(recipe, 1, 4); n; n--) {
		sim_workload_add_time(w, phase, SIM_SLEEP, sim_random(recipe, 20, 400));
		sim_workload_add_time(w, phase, SIM_RUN, sim_random(recipe, 100, longest_us / 4));
	}
	add_child_end(w, phase, k);
	return k;
}

#define COMPILERS 12

void sim_build_make(struct sim_workload *w, struct sim_recipe *recipe)
{
	u32 jobs = recipe->values[0] ?: sim_recipe_cpus(recipe);
	struct sim_kind *make = sim_recipe_kind(w, 1, "make");

	sim_recipe_room(w, jobs);
	for (u32 i = 0; i < COMPILERS; i++) {
		struct sim_phase *phase = sim_workload_add_phase(w, make, 1);

		sim_workload_add_named(w, phase, SIM_TAKE, "room");
		sim_workload_add_time(w, phase, SIM_RUN, 100);
		sim_workload_add_fork(w, phase,
				      add_compiler(w, recipe, i, sim_random(recipe, 500, 40000)));
	}
}

void sim_build_forks(struct sim_workload *w, struct sim_recipe *recipe)
{
	enum {
		PARENTS,
		ALIVE,
		CHILD_US
	};
	u32 parents = recipe->values[PARENTS] ?: (sim_recipe_cpus(recipe) + 3) / 4;
	struct sim_kind *child = sim_recipe_kind(w, 0, "child");
	struct sim_phase *life = sim_workload_add_phase(w, child, 1);
	struct sim_kind *parent = sim_recipe_kind(w, parents, "parent");
	struct sim_phase *phase = sim_workload_add_phase(w, parent, 1);

	sim_recipe_room(w, recipe->values[ALIVE]);
	sim_workload_add_time(w, life, SIM_RUN, recipe->values[CHILD_US]);
	add_child_end(w, life, child);
	sim_workload_add_named(w, phase, SIM_TAKE, "room");
	sim_workload_add_fork(w, phase, child);
	sim_workload_add_time(w, phase, SIM_RUN, 20);
}
