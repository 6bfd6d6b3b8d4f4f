/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that load the machine, each by itself. */
#include <math.h>

#include "tests/sim/generator.h"

#define HOG_US 1000000 /* any: the next run follows at once */

enum {
	TASKS,
	PERCENT,
	LEVELS,
	LOAD = LEVELS
};

static u32 tasks_of(const struct sim_recipe *recipe)
{
	u64 tasks = (u64)sim_recipe_cpus(recipe) * recipe->values[PERCENT] / 100;

	return recipe->values[TASKS] ?: (u32)tasks ?: 1;
}

/* What falls to part i when a number is divided into parts that differ by no more than one. */
static u32 part(u32 number, u32 parts, u32 i)
{
	return number / parts + (i < number % parts);
}

static void add_hog(struct sim_workload *w, struct sim_kind *k)
{
	sim_workload_add_time(w, sim_workload_add_phase(w, k, 1), SIM_RUN, HOG_US);
}

void sim_build_hogs(struct sim_workload *w, struct sim_recipe *recipe)
{
	add_hog(w, sim_recipe_kind(w, tasks_of(recipe), "hog"));
}

void sim_build_nice(struct sim_workload *w, struct sim_recipe *recipe)
{
	u32 levels = recipe->values[LEVELS];

	for (u32 i = 0; i < levels; i++) {
		s32 nice = -20 + (s32)(i * 39 / (levels - 1));
		struct sim_kind *k =
			sim_recipe_kind(w, part(tasks_of(recipe), levels, i), "nice%d", nice);

		if (k)
			k->attributes.nice = nice;
		add_hog(w, k);
	}
}

static void add_sleeper(struct sim_workload *w, struct sim_recipe *recipe, struct sim_kind *k)
{
	struct sim_phase *phase = sim_workload_add_phase(w, k, 1);

	sim_workload_add_time(w, phase, SIM_RUN, sim_random(recipe, 1000, 5000));
	sim_workload_add_time(w, phase, SIM_SLEEP, sim_random(recipe, 1000, 10000));
}

/* Every second task of a weight sleeps. */
static void add_weights(struct sim_workload *w, struct sim_recipe *recipe, u32 levels)
{
	for (u32 i = 0; i < levels; i++) {
		u32 weight = (u32)lround(pow(10000, (double)i / (levels - 1)));
		u32 tasks = part(tasks_of(recipe), levels, i);
		struct sim_kind *hog = sim_recipe_kind(w, tasks - tasks / 2, "hog%u", weight);
		struct sim_kind *sleeper = sim_recipe_kind(w, tasks / 2, "sleep%u", weight);

		if (!hog || !sleeper)
			return;
		hog->attributes.weight = sleeper->attributes.weight = weight;
		add_hog(w, hog);
		add_sleeper(w, recipe, sleeper);
	}
}

void sim_build_weights(struct sim_workload *w, struct sim_recipe *recipe)
{
	add_weights(w, recipe, recipe->values[LEVELS]);
}

/* --- A skew. ------------------------------------------------------------------------------------- */

enum {
	WEIGHTS = LEVELS,
	CACHES,
	FREE_MS
};

static bool is_of_cache(const struct sim_cpu *c, u32 cache)
{
	return c->online && c->llc == cache;
}

static bool allow_cache(struct sim_workload *w, const struct sim_machine *m,
			struct sim_attributes *a, u32 cache)
{
	bool any = false;

	for (u32 i = 0; i < m->nr_cpus; i++) {
		if (!is_of_cache(&m->cpus[i], cache))
			continue;
		sim_workload_allow(w, a, m->cpus[i].id);
		any = true;
	}
	return any;
}

static u32 nr_caches(const struct sim_machine *m)
{
	u32 nr = 0;

	for (u32 i = 0; i < m->nr_cpus; i++)
		nr = m->cpus[i].llc >= nr ? m->cpus[i].llc + 1 : nr;
	return nr;
}

/* Tasks begin on the CPUs of the first caches. */
static void crowd(struct sim_workload *w, const struct sim_recipe *recipe, struct sim_kind *k)
{
	u32 all = nr_caches(recipe->machine), wanted = recipe->values[CACHES] ?: (all + 7) / 8;

	k->ready = true;
	for (u32 cache = 0; cache < all && wanted; cache++)
		wanted -= allow_cache(w, recipe->machine, &k->attributes, cache);
}

static void add_liberation(struct sim_workload *w, struct sim_phase *phase, u32 kind)
{
	struct sim_event *e = sim_workload_add_event(w, phase, SIM_SET);

	if (!e)
		return;
	e->ref = kind;
	e->attributes = calloc(1, sizeof(*e->attributes));
	if (!e->attributes) {
		w->failed = true;
		return;
	}
	e->attributes->nice = SIM_NICE_UNSAID;
	for (u32 cpu = 0; cpu < w->nr_cpu_ids; cpu++)
		sim_workload_allow(w, e->attributes, cpu);
}

/* The last kind sets all others free. */
void sim_build_skew(struct sim_workload *w, struct sim_recipe *recipe)
{
	struct sim_kind *liberator;
	struct sim_phase *phase;

	add_weights(w, recipe, recipe->values[WEIGHTS]);
	for (u32 i = 0; i < w->nr_kinds; i++)
		crowd(w, recipe, w->kinds[i]);
	liberator = sim_recipe_kind(w, 1, "liberator");
	if (!liberator)
		return;
	liberator->ready = true;
	liberator->loop = 1;
	liberator->attributes.weight = WD40_MAX_WEIGHT;
	liberator->delay_ns = recipe->values[FREE_MS] * 1000000ull;
	phase = sim_workload_add_phase(w, liberator, 1);
	for (u32 i = 0; i < liberator->index; i++)
		add_liberation(w, phase, i);
}

/* --- Timers. -------------------------------------------------------------------------------------- */

#define PERIODS 16

void sim_build_periodic(struct sim_workload *w, struct sim_recipe *recipe)
{
	u32 tasks = tasks_of(recipe), kinds = tasks < PERIODS ? tasks : PERIODS;

	for (u32 i = 0; i < kinds; i++) {
		u32 period_us = sim_random(recipe, 4000, 40000);
		struct sim_kind *k = sim_recipe_kind(w, part(tasks, kinds, i), "timer%u", i);
		struct sim_phase *phase = sim_workload_add_phase(w, k, 1);

		if (k)
			k->delay_ns = sim_random(recipe, 0, period_us) * 1000ull;
		sim_workload_add_time(w, phase, SIM_RUN,
				      (u64)period_us * recipe->values[LOAD] / 100);
		sim_workload_add_timer(w, k, phase, "unique", period_us);
	}
}

/* --- Affinities. -------------------------------------------------------------------------------- */

#define FLOATERS 32
#define CHANGES  6

enum {
	NR_FLOATERS,
	CHANGE_MS
};

/* A part of the machine: a stretch of its CPUs, some of which are left out. */
static void allow_some(struct sim_workload *w, struct sim_recipe *recipe, struct sim_attributes *a)
{
	const struct sim_machine *m = recipe->machine;
	u32 first = sim_random(recipe, 0, m->nr_cpus - 1), nr = sim_random(recipe, 1, m->nr_cpus);
	u32 share_pct = sim_random(recipe, 30, 100);

	while (!m->cpus[first].online)
		first = (first + 1) % m->nr_cpus;
	sim_workload_allow(w, a, m->cpus[first].id);
	for (u32 i = 1; i < nr; i++)
		if (sim_random(recipe, 1, 100) <= share_pct)
			sim_workload_allow(w, a, m->cpus[(first + i) % m->nr_cpus].id);
}

static void add_floater(struct sim_workload *w, struct sim_recipe *recipe, struct sim_kind *k)
{
	for (u32 i = 0; i < CHANGES; i++) {
		struct sim_phase *phase = sim_workload_add_phase(w, k, 1);

		if (!phase)
			return;
		allow_some(w, recipe, &phase->attributes);
		sim_workload_add_time(w, phase, SIM_RUN, recipe->values[CHANGE_MS] * 1000ull);
	}
}

void sim_build_pinned(struct sim_workload *w, struct sim_recipe *recipe)
{
	const struct sim_machine *m = recipe->machine;
	u32 floaters = recipe->values[NR_FLOATERS] ?: sim_recipe_cpus(recipe);
	u32 kinds = floaters < FLOATERS ? floaters : FLOATERS;

	for (u32 i = 0; i < m->nr_cpus && !w->failed; i++) {
		struct sim_kind *k;

		if (!m->cpus[i].online)
			continue;
		k = sim_recipe_kind(w, 1, "cpu%u", m->cpus[i].id);
		if (k)
			sim_workload_allow(w, &k->attributes, m->cpus[i].id);
		add_hog(w, k);
	}
	for (u32 i = 0; i < kinds; i++)
		add_floater(w, recipe, sim_recipe_kind(w, part(floaters, kinds, i), "float%u", i));
}
