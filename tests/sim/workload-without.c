/* SPDX-License-Identifier: GPL-2.0-only */
/* Smaller workloads made of a workload, for shrinking one that shows a fault. */
#include <string.h>

#include "tests/sim/workload-model.h"

/* A copy in the making: which kind of the original becomes which of the copy. */
struct copy {
	const struct sim_workload *from;
	struct sim_workload *to;
	struct sim_kind **kinds; /* of the copy, by the original's index; NULL: left out */
	bool *out;
};

static bool refers_to_out(const struct copy *c, const struct sim_event *e)
{
	enum sim_argument with = sim_event_forms[e->kind].with;

	return (with == SIM_WITH_KIND || with == SIM_WITH_ATTRIBUTES) && c->out[e->ref];
}

static bool keeps_an_event(const struct copy *c, const struct sim_phase *phase)
{
	for (u32 i = 0; i < phase->nr_events; i++)
		if (!refers_to_out(c, &phase->events[i]))
			return true;
	return false;
}

static bool keeps_a_phase(const struct copy *c, const struct sim_kind *k)
{
	for (u32 i = 0; i < k->nr_phases; i++)
		if (keeps_an_event(c, k->phases[i]))
			return true;
	return false;
}

/* Who did nothing but fork what is left out has nothing left to do, and so on. */
static void leave_out(struct copy *c, u32 kind)
{
	bool more = true;

	c->out[kind] = true;
	while (more) {
		more = false;
		for (u32 i = 0; i < c->from->nr_kinds; i++)
			if (!c->out[i] && !keeps_a_phase(c, c->from->kinds[i]))
				c->out[i] = more = true;
	}
}

static void copy_attributes(struct sim_workload *w, const struct sim_attributes *from,
			    struct sim_attributes *to)
{
	size_t size = WD40_WORDS(w->nr_cpu_ids) * sizeof(long);

	*to = *from;
	if (!from->cpus)
		return;
	to->cpus = malloc(size);
	if (to->cpus)
		memcpy(to->cpus, from->cpus, size);
	else
		w->failed = true;
}

static void copy_event(struct copy *c, const struct sim_event *from, struct sim_phase *phase)
{
	struct sim_event *e = sim_workload_add_event(c->to, phase, from->kind);
	enum sim_argument with = sim_event_forms[from->kind].with;

	if (!e)
		return;
	*e = *from; /* names have the same indices in both */
	e->attributes = NULL;
	if (with != SIM_WITH_KIND && with != SIM_WITH_ATTRIBUTES)
		return;
	e->ref = c->kinds[from->ref]->index;
	if (with == SIM_WITH_ATTRIBUTES && (e->attributes = malloc(sizeof(*e->attributes))))
		copy_attributes(c->to, from->attributes, e->attributes);
	else if (with == SIM_WITH_ATTRIBUTES)
		c->to->failed = true;
}

static void copy_names(struct sim_workload *w, const struct sim_names *from, struct sim_names *to)
{
	for (u32 i = 0; i < from->nr; i++) {
		u32 index = sim_workload_name(w, to, from->names[i].text);

		if (!w->failed)
			to->names[index].absolute = from->names[i].absolute;
	}
}

static void copy_phases(struct copy *c, const struct sim_kind *from, struct sim_kind *k)
{
	for (u32 i = 0; i < from->nr_phases; i++) {
		const struct sim_phase *old = from->phases[i];
		struct sim_phase *phase;

		if (!keeps_an_event(c, old))
			continue;
		phase = sim_workload_add_phase(c->to, k, old->loop);
		if (!phase)
			return;
		copy_attributes(c->to, &old->attributes, &phase->attributes);
		for (u32 e = 0; e < old->nr_events; e++)
			if (!refers_to_out(c, &old->events[e]))
				copy_event(c, &old->events[e], phase);
	}
}

static void copy_kind(struct copy *c, const struct sim_kind *from)
{
	struct sim_kind *k = sim_workload_add_kind(c->to, from->name);

	c->kinds[from->index] = k;
	if (!k)
		return;
	k->instances = from->instances;
	k->delay_ns = from->delay_ns;
	k->ready = from->ready;
	k->loop = from->loop;
	copy_attributes(c->to, &from->attributes, &k->attributes);
	copy_names(c->to, &from->timers, &k->timers);
}

static void copy_all(struct copy *c)
{
	const struct sim_workload *from = c->from;
	struct sim_workload *to = c->to;

	to->duration_s = from->duration_s;
	copy_names(to, &from->timers, &to->timers);
	copy_names(to, &from->mutexes, &to->mutexes);
	copy_names(to, &from->conditions, &to->conditions);
	copy_names(to, &from->barriers, &to->barriers);
	copy_names(to, &from->pipes, &to->pipes);
	for (u32 i = 0; i < from->nr_kinds; i++)
		if (!c->out[i])
			copy_kind(c, from->kinds[i]);
	for (u32 i = 0; i < from->nr_kinds && !to->failed; i++)
		if (!c->out[i])
			copy_phases(c, from->kinds[i], c->kinds[i]);
}

int sim_workload_without(const struct sim_workload *w, u32 kind, bool half,
			 struct sim_workload **ret)
{
	_cleanup_(sim_workload_freep) struct sim_workload *to = sim_workload_new(w->nr_cpu_ids);
	_cleanup_(freep) struct sim_kind **kinds = calloc(w->nr_kinds, sizeof(struct sim_kind *));
	_cleanup_(freep) bool *out = calloc(w->nr_kinds, sizeof(*out));
	struct copy c = { w, to, kinds, out };
	int err;

	if (!to || !kinds || !out)
		return -ENOMEM;
	if (half && w->kinds[kind]->instances < 2)
		return -EINVAL;
	if (!half)
		leave_out(&c, kind);
	copy_all(&c);
	if (!to->nr_kinds)
		return to->failed ? -ENOMEM : -EINVAL;
	if (half && kinds[kind])
		kinds[kind]->instances /= 2;
	err = sim_workload_prepare(to);
	if (!err)
		*ret = TAKE_PTR(to);
	return err;
}
