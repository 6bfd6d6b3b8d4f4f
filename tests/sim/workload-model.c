/* SPDX-License-Identifier: GPL-2.0-only */
/* Building and freeing a workload. */
#include <string.h>

#include "tests/sim/workload-model.h"
#include "util/macro.h"

const struct sim_event_form sim_event_forms[] = {
	[SIM_RUN] = { "run", SIM_WITH_TIME },
	[SIM_RUNTIME] = { "runtime", SIM_WITH_TIME },
	[SIM_SLEEP] = { "sleep", SIM_WITH_TIME },
	[SIM_TIMER] = { "timer", SIM_WITH_TIMER },
	[SIM_SUSPEND] = { "suspend", SIM_WITH_CONDITION },
	[SIM_RESUME] = { "resume", SIM_WITH_CONDITION },
	[SIM_LOCK] = { "lock", SIM_WITH_MUTEX },
	[SIM_UNLOCK] = { "unlock", SIM_WITH_MUTEX },
	[SIM_WAIT] = { "wait", SIM_WITH_CONDITION_AND_MUTEX },
	[SIM_SIGNAL] = { "signal", SIM_WITH_CONDITION },
	[SIM_BROAD] = { "broad", SIM_WITH_CONDITION },
	[SIM_SYNC] = { "sync", SIM_WITH_CONDITION_AND_MUTEX },
	[SIM_BARRIER] = { "barrier", SIM_WITH_BARRIER },
	[SIM_YIELD] = { "yield", SIM_WITH_NOTHING },
	[SIM_FORK] = { "fork", SIM_WITH_KIND },
	[SIM_TAKE] = { "sim_take", SIM_WITH_PIPE },
	[SIM_POST] = { "sim_post", SIM_WITH_PIPE },
	[SIM_EXEC] = { "sim_exec", SIM_WITH_NOTHING },
	[SIM_SET] = { "sim_set", SIM_WITH_ATTRIBUTES },
	[SIM_PIN] = { "sim_pin", SIM_WITH_NOTHING },
	[SIM_UNPIN] = { "sim_unpin", SIM_WITH_NOTHING },
};
_Static_assert(ARRAY_SIZE(sim_event_forms) == SIM_NR_EVENTS, "an event has no form");

/* Room for one more element at the end of an array, a pointer to which is at array; it is zero. */
static void *grow(struct sim_workload *w, void *array, u32 *nr, size_t size)
{
	char *elements;

	memcpy(&elements, array, sizeof(elements));
	if (!(*nr & (*nr - 1))) /* a power of two, or none: the room is used up */
		elements = realloc(elements, (*nr ? 2 * *nr : 1) * size);
	if (!elements) {
		w->failed = true;
		return NULL;
	}
	memcpy(array, &elements, sizeof(elements));
	return memset(elements + (*nr)++ * size, 0, size);
}

struct sim_workload *sim_workload_new(u32 nr_cpu_ids)
{
	struct sim_workload *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->nr_cpu_ids = nr_cpu_ids;
	w->duration_s = -1;
	return w;
}

struct sim_kind *sim_workload_add_kind(struct sim_workload *w, const char *name)
{
	struct sim_kind **at = grow(w, &w->kinds, &w->nr_kinds, sizeof(*at)), *k;

	if (!at)
		return NULL;
	k = *at = calloc(1, sizeof(*k));
	if (!k || !(k->name = strdup(name))) {
		free(k);
		w->nr_kinds--;
		w->failed = true;
		return NULL;
	}
	k->index = w->nr_kinds - 1;
	k->instances = 1;
	k->loop = SIM_ENDLESS;
	k->attributes.nice = SIM_NICE_UNSAID;
	return k;
}

struct sim_phase *sim_workload_add_phase(struct sim_workload *w, struct sim_kind *k, s32 loop)
{
	struct sim_phase **at = k ? grow(w, &k->phases, &k->nr_phases, sizeof(*at)) : NULL;

	if (!at)
		return NULL;
	*at = calloc(1, sizeof(**at));
	if (!*at) {
		k->nr_phases--;
		w->failed = true;
		return NULL;
	}
	(*at)->loop = loop;
	(*at)->attributes.nice = SIM_NICE_UNSAID;
	return *at;
}

struct sim_event *sim_workload_add_event(struct sim_workload *w, struct sim_phase *phase,
					 enum sim_event_kind kind)
{
	struct sim_event *e = phase ? grow(w, &phase->events, &phase->nr_events, sizeof(*e)) : NULL;

	if (e)
		e->kind = kind;
	return e;
}

void sim_workload_add_time(struct sim_workload *w, struct sim_phase *phase,
			   enum sim_event_kind kind, u64 us)
{
	struct sim_event *e = sim_workload_add_event(w, phase, kind);

	if (e)
		e->ns = us * 1000;
}

u32 sim_workload_name(struct sim_workload *w, struct sim_names *table, const char *name)
{
	struct sim_name *n;

	for (u32 i = 0; i < table->nr; i++)
		if (!strcmp(table->names[i].text, name))
			return i;
	n = grow(w, &table->names, &table->nr, sizeof(*n));
	if (!n)
		return 0;
	n->text = strdup(name);
	if (!n->text) {
		table->nr--;
		w->failed = true;
		return 0;
	}
	return table->nr - 1;
}

struct sim_names *sim_workload_table(const struct sim_workload *w, enum sim_argument with)
{
	struct sim_workload *tables = (struct sim_workload *)w; /* as strchr does */

	switch (with) {
	case SIM_WITH_MUTEX: return &tables->mutexes;
	case SIM_WITH_CONDITION:
	case SIM_WITH_CONDITION_AND_MUTEX: return &tables->conditions;
	case SIM_WITH_BARRIER: return &tables->barriers;
	case SIM_WITH_PIPE: return &tables->pipes;
	default: return NULL;
	}
}

void sim_workload_add_named(struct sim_workload *w, struct sim_phase *phase,
			    enum sim_event_kind kind, const char *name)
{
	struct sim_event *e = sim_workload_add_event(w, phase, kind);

	if (e)
		e->ref = sim_workload_name(w, sim_workload_table(w, sim_event_forms[kind].with),
					   name);
}

void sim_workload_add_fork(struct sim_workload *w, struct sim_phase *phase,
			   const struct sim_kind *child)
{
	struct sim_event *e = sim_workload_add_event(w, phase, SIM_FORK);

	if (e && child)
		e->ref = child->index;
}

struct sim_names *sim_workload_timers(struct sim_workload *w, struct sim_kind *k,
				      const struct sim_event *e)
{
	return e->unique ? &k->timers : &w->timers;
}

struct sim_event *sim_workload_add_timer(struct sim_workload *w, struct sim_kind *k,
					 struct sim_phase *phase, const char *name, u64 period_us)
{
	struct sim_event *e = sim_workload_add_event(w, phase, SIM_TIMER);

	if (!e)
		return NULL;
	e->unique = !strncmp(name, "unique", strlen("unique"));
	e->ref = sim_workload_name(w, sim_workload_timers(w, k, e), name);
	e->ns = period_us * 1000;
	return e;
}

void sim_workload_allow(struct sim_workload *w, struct sim_attributes *a, u32 cpu)
{
	if (!a->cpus)
		a->cpus = calloc(WD40_WORDS(w->nr_cpu_ids), sizeof(long));
	if (a->cpus)
		a->cpus[cpu / WD40_BITS_PER_WORD] |= 1ul << cpu % WD40_BITS_PER_WORD;
	else
		w->failed = true;
}

struct sim_kind *sim_workload_find_kind(const struct sim_workload *w, const char *name)
{
	for (u32 i = 0; i < w->nr_kinds; i++)
		if (!strcmp(w->kinds[i]->name, name))
			return w->kinds[i];
	return NULL;
}

/* --- The end. ----------------------------------------------------------------------------------- */

static void free_names(struct sim_names *table)
{
	for (u32 i = 0; i < table->nr; i++)
		free(table->names[i].text);
	free(table->names);
}

static void free_phase(struct sim_phase *phase)
{
	for (u32 i = 0; i < phase->nr_events; i++) {
		if (phase->events[i].attributes)
			free(phase->events[i].attributes->cpus);
		free(phase->events[i].attributes);
	}
	free(phase->events);
	free(phase->attributes.cpus);
	free(phase);
}

static void free_kind(struct sim_kind *k)
{
	for (u32 i = 0; i < k->nr_phases; i++)
		free_phase(k->phases[i]);
	free(k->phases);
	free_names(&k->timers);
	free(k->attributes.cpus);
	free(k->name);
	free(k);
}

struct sim_workload *sim_workload_free(struct sim_workload *w)
{
	if (!w)
		return NULL;
	workload_run_free(w->run);
	for (u32 i = 0; i < w->nr_kinds; i++)
		free_kind(w->kinds[i]);
	free(w->kinds);
	free_names(&w->timers);
	free_names(&w->mutexes);
	free_names(&w->conditions);
	free_names(&w->barriers);
	free_names(&w->pipes);
	free(w);
	return NULL;
}
