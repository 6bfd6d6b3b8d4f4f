/* SPDX-License-Identifier: GPL-2.0-only */
/* Generators by name, their keys, and their chance. */
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "tests/sim/generator.h"

/* splitmix64: each state gives a number that looks independent of the one before. */
static u64 next_random(struct sim_recipe *recipe)
{
	u64 x = recipe->random += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

u32 sim_random(struct sim_recipe *recipe, u32 min, u32 max)
{
	return min + (u32)(next_random(recipe) % ((u64)max - min + 1));
}

u32 sim_recipe_cpus(const struct sim_recipe *recipe)
{
	u32 nr = 0;

	for (u32 i = 0; i < recipe->machine->nr_cpus; i++)
		nr += recipe->machine->cpus[i].online;
	return nr;
}

struct sim_kind *sim_recipe_kind(struct sim_workload *w, u32 instances, const char *name, ...)
{
	char text[32];
	struct sim_kind *k;
	va_list args;

	va_start(args, name);
	vsnprintf(text, sizeof(text), name, args);
	va_end(args);
	k = sim_workload_add_kind(w, text);
	if (k)
		k->instances = instances;
	return k;
}

void sim_recipe_room(struct sim_workload *w, u32 items)
{
	struct sim_kind *k = sim_recipe_kind(w, 1, "room");

	sim_workload_add_named(w, sim_workload_add_phase(w, k, (s32)items), SIM_POST, "room");
	if (k)
		k->loop = 1;
}

/* --- The text of a recipe. ---------------------------------------------------------------------- */

static const struct sim_generator *find(const char *spec, size_t length)
{
	for (const struct sim_generator *g = sim_generators; g->name; g++)
		if (strlen(g->name) == length && !strncmp(g->name, spec, length))
			return g;
	return NULL;
}

/* One "key=value" of so many bytes. */
static int set_key(const struct sim_generator *g, const char *setting, size_t length, char why[256],
		   struct sim_recipe *recipe)
{
	const char *equals = memchr(setting, '=', length);
	size_t name = equals ? (size_t)(equals - setting) : length;
	char *end;

	for (u32 i = 0; i < SIM_GENERATOR_KEYS && g->keys[i].name; i++) {
		const struct sim_generator_key *key = &g->keys[i];
		unsigned long value;

		if (strlen(key->name) != name || strncmp(key->name, setting, name))
			continue;
		value = equals ? strtoul(equals + 1, &end, 10) : ULONG_MAX;
		if (!equals || end == equals + 1 || end != setting + length || value < key->min ||
		    value > key->max) {
			snprintf(why, 256, "%s: %s must be a number of %u to %u", g->name,
				 key->name, key->min, key->max);
			return -EINVAL;
		}
		recipe->values[i] = (u32)value;
		return 0;
	}
	snprintf(why, 256, "%s: there is no key %.*s", g->name, (int)name, setting);
	return -EINVAL;
}

static int set_keys(const struct sim_generator *g, const char *settings, char why[256],
		    struct sim_recipe *recipe)
{
	int err = 0;

	for (u32 i = 0; i < SIM_GENERATOR_KEYS; i++)
		recipe->values[i] = g->keys[i].value;
	while (!err && *settings) {
		size_t length = strcspn(settings, ",");

		err = set_key(g, settings, length, why, recipe);
		settings += length + (settings[length] == ',');
	}
	return err;
}

int sim_generate(const char *spec, const struct sim_machine *m, u64 seed, char why[256],
		 struct sim_workload *w)
{
	size_t length = strcspn(spec, ":");
	const struct sim_generator *g = find(spec, length);
	struct sim_recipe recipe = { .machine = m, .random = seed };
	int err;

	if (!g) {
		snprintf(why, 256, "%.200s: neither a file nor a generator", spec);
		return -ENOENT;
	}
	err = set_keys(g, spec + length + (spec[length] == ':'), why, &recipe);
	if (err)
		return err;
	g->build(w, &recipe);
	return w->failed ? -ENOMEM : 0;
}

void sim_workload_list(FILE *to)
{
	for (const struct sim_generator *g = sim_generators; g->name; g++) {
		fprintf(to, "%s: %s\n", g->name, g->help);
		for (u32 i = 0; i < SIM_GENERATOR_KEYS && g->keys[i].name; i++) {
			const struct sim_generator_key *key = &g->keys[i];

			fprintf(to, "    %s=%u (%u..%u): %s\n", key->name, key->value, key->min,
				key->max, key->help);
		}
	}
}
