/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that do anything that tasks can do. */
#include "tests/sim/generator.h"

enum {
	KINDS,
	TASKS,
	ALIVE
};

#define CHILDREN 4

static bool chance(struct sim_recipe *recipe, u32 percent)
{
	return sim_random(recipe, 1, 100) <= percent;
}

/* Times of all magnitudes, from a microsecond to sixteen milliseconds. */
static u32 any_us(struct sim_recipe *recipe)
{
	return sim_random(recipe, 1, 1u << sim_random(recipe, 1, 14));
}

static void add_any_time(struct sim_workload *w, struct sim_recipe *recipe, struct sim_phase *phase,
			 enum sim_event_kind kind)
{
	sim_workload_add_time(w, phase, kind, any_us(recipe));
}

/* --- Attributes. -------------------------------------------------------------------------------- */

static void choose_cpus(struct sim_workload *w, struct sim_recipe *recipe, struct sim_attributes *a)
{
	const struct sim_machine *m = recipe->machine;
	u32 first = sim_random(recipe, 0, m->nr_cpus - 1);
	u32 nr = chance(recipe, 30) ? 1 : sim_random(recipe, 1, m->nr_cpus);

	for (u32 i = 0; i < nr; i++)
		sim_workload_allow(w, a, m->cpus[(first + i) % m->nr_cpus].id);
}

static void choose_memory(struct sim_recipe *recipe, struct sim_attributes *a)
{
	static const u32 modes[] = { MPOL_BIND, MPOL_PREFERRED, MPOL_PREFERRED_MANY };
	const struct sim_machine *m = recipe->machine;
	u32 node = m->node_ids[sim_random(recipe, 0, m->nr_nodes - 1)];
	u32 other = m->node_ids[sim_random(recipe, 0, m->nr_nodes - 1)];

	if (node > 63 || other > 63)
		return;
	a->memory_mode = modes[sim_random(recipe, 0, node == other ? 1 : 2)];
	a->memory_nodes = 1ull << node;
	if (a->memory_mode == MPOL_PREFERRED_MANY)
		a->memory_nodes |= 1ull << other;
}

static void choose_attributes(struct sim_workload *w, struct sim_recipe *recipe,
			      struct sim_attributes *a, u32 percent)
{
	if (chance(recipe, percent))
		a->nice = (s32)sim_random(recipe, 0, 39) - 20;
	else if (chance(recipe, percent / 2))
		a->weight = chance(recipe, 50) ? sim_random(recipe, 1, 200)
					       : sim_random(recipe, 1, 10000);
	if (chance(recipe, percent))
		choose_cpus(w, recipe, a);
	if (chance(recipe, percent / 3))
		choose_memory(recipe, a);
}

/* --- Events. ------------------------------------------------------------------------------------ */

/* Something between a first event and its counterpart. */
static void add_pair(struct sim_workload *w, struct sim_recipe *recipe, struct sim_phase *phase,
		     enum sim_event_kind first, enum sim_event_kind last, const char *name)
{
	if (name)
		sim_workload_add_named(w, phase, first, name);
	else
		sim_workload_add_event(w, phase, first);
	add_any_time(w, recipe, phase, SIM_RUN);
	if (chance(recipe, 40))
		add_any_time(w, recipe, phase, SIM_SLEEP);
	if (name)
		sim_workload_add_named(w, phase, last, name);
	else
		sim_workload_add_event(w, phase, last);
}

/* Of any kind, its own too. */
static void add_set(struct sim_workload *w, struct sim_recipe *recipe, struct sim_phase *phase)
{
	struct sim_event *e = sim_workload_add_event(w, phase, SIM_SET);

	if (!e)
		return;
	e->ref = sim_random(recipe, 0, w->nr_kinds - 1);
	e->attributes = calloc(1, sizeof(*e->attributes));
	if (!e->attributes) {
		w->failed = true;
		return;
	}
	e->attributes->nice = SIM_NICE_UNSAID;
	choose_attributes(w, recipe, e->attributes, 60);
}

/* The children are the first kinds. */
static void add_birth(struct sim_workload *w, struct sim_recipe *recipe, struct sim_phase *phase)
{
	sim_workload_add_named(w, phase, SIM_TAKE, "room");
	sim_workload_add_fork(w, phase, w->kinds[sim_random(recipe, 0, CHILDREN - 1)]);
	add_any_time(w, recipe, phase, SIM_RUN);
}

static void add_any(struct sim_workload *w, struct sim_recipe *recipe, struct sim_kind *k,
		    struct sim_phase *phase)
{
	static const char *const names[] = { "a", "b", "c" };
	const char *name = names[sim_random(recipe, 0, 2)];

	switch (sim_random(recipe, 0, 13)) {
	case 0: add_any_time(w, recipe, phase, SIM_RUNTIME); break;
	case 1: sim_workload_add_timer(w, k, phase, "unique", any_us(recipe)); break;
	case 2: sim_workload_add_event(w, phase, SIM_YIELD); break;
	case 3: sim_workload_add_event(w, phase, SIM_EXEC); break;
	case 4: add_pair(w, recipe, phase, SIM_PIN, SIM_UNPIN, NULL); break;
	case 5: add_pair(w, recipe, phase, SIM_LOCK, SIM_UNLOCK, name); break;
	case 6: add_set(w, recipe, phase); break;
	case 7: sim_workload_add_named(w, phase, SIM_SUSPEND, name); break;
	case 8: sim_workload_add_named(w, phase, SIM_RESUME, name); break;
	case 9: sim_workload_add_named(w, phase, SIM_POST, name); break;
	case 10: sim_workload_add_named(w, phase, SIM_TAKE, name); break;
	default: add_any_time(w, recipe, phase, SIM_SLEEP); break;
	}
}

/* --- Kinds. ------------------------------------------------------------------------------------- */

static void add_phases(struct sim_workload *w, struct sim_recipe *recipe, struct sim_kind *k)
{
	for (u32 n = sim_random(recipe, 1, 3); n; n--) {
		s32 loop = (s32)sim_random(recipe, 1, 5);
		struct sim_phase *phase = sim_workload_add_phase(w, k, loop);

		if (!phase)
			return;
		choose_attributes(w, recipe, &phase->attributes, 15);
		add_any_time(w, recipe, phase, SIM_RUN);
		for (u32 e = sim_random(recipe, 0, 4); e; e--)
			add_any(w, recipe, k, phase);
	}
}

static void add_child(struct sim_workload *w, struct sim_recipe *recipe, u32 i)
{
	struct sim_kind *k = sim_recipe_kind(w, 0, "child%u", i);
	struct sim_phase *phase;

	if (!k)
		return;
	k->loop = 1;
	choose_attributes(w, recipe, &k->attributes, 20);
	phase = sim_workload_add_phase(w, k, (s32)sim_random(recipe, 1, 3));
	add_any_time(w, recipe, phase, SIM_RUN);
	if (chance(recipe, 50))
		add_any_time(w, recipe, phase, SIM_SLEEP);
	sim_workload_add_named(w, sim_workload_add_phase(w, k, 1), SIM_POST, "room");
}

static void add_kind(struct sim_workload *w, struct sim_recipe *recipe, u32 i, u32 instances)
{
	struct sim_kind *k = sim_recipe_kind(w, instances, "any%u", i);

	if (!k)
		return;
	k->delay_ns = chance(recipe, 30) ? any_us(recipe) * 10000ull : 0;
	k->loop = chance(recipe, 25) ? (s32)sim_random(recipe, 1, 50) : SIM_ENDLESS;
	choose_attributes(w, recipe, &k->attributes, 30);
	add_phases(w, recipe, k);
	if (chance(recipe, 30))
		add_birth(w, recipe, k->phases[0]);
}

void sim_build_random(struct sim_workload *w, struct sim_recipe *recipe)
{
	u32 kinds = recipe->values[KINDS];
	u32 tasks = recipe->values[TASKS] ?: 3 * sim_recipe_cpus(recipe);

	for (u32 i = 0; i < CHILDREN; i++)
		add_child(w, recipe, i);
	sim_recipe_room(w, recipe->values[ALIVE]);
	for (u32 i = 0; i < kinds && !w->failed; i++)
		add_kind(w, recipe, i, tasks / kinds + (i < tasks % kinds));
}
