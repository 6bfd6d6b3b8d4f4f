/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of workloads share: a machine, a workload from a text, and what became of its tasks. */
#pragma once

#include "tests/sim/workload-model.h"
#include "tests/unit/sim/machines.h"

#define USEC 1000ull
#define MSEC 1000000ull

#define TASKS_MAX 200000

/* The kernel's own defaults are a scheduler too: one queue, first come first served, 20 ms slices. */
static const struct sched_ext_ops fifo = { .name = "fifo" };

static inline struct sim_machine *machine_of(const char *text)
{
	_cleanup_(drop_filep) char *path = make_file(text);

	return load(path);
}

/* A text in which ' stands for ". */
static inline int load_workload(const char *text, const struct sim_machine *m, char why[256],
				struct sim_workload **ret)
{
	_cleanup_(freep) char *json = strdup(text);
	_cleanup_(drop_filep) char *path = NULL;

	for (char *quote; (quote = strchr(json, '\''));)
		*quote = '"';
	path = make_file(json);

	return sim_workload_load(path, m, 1, why, ret);
}

static inline struct sim_workload *generate(const char *spec, const struct sim_machine *m, u64 seed)
{
	struct sim_workload *w = NULL;
	char why[256] = "";

	if (sim_workload_load(spec, m, seed, why, &w))
		fail_msg("%s: %s", spec, why);
	return w;
}

static inline char *text_of(const struct sim_workload *w)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	sim_workload_print(w, f);
	fclose(f);
	return text;
}

/* --- Runs. -------------------------------------------------------------------------------------- */

struct run {
	struct native_observer observer;
	struct sim_machine *machine;
	struct topology *topology;
	struct sim_workload *workload;
	struct left {
		char name[32];
		u64 at_ns, ran_ns;
	} left[64]; /* the first that left */
	u32 nr_left, nr_joined;
	u64 hash; /* of all events */
	u64 began_ns;
};

static inline void note(struct native_observer *o, const struct native_event *e)
{
	struct run *r = (struct run *)o;
	const u64 facts[] = { r->hash, native.now_ns - r->began_ns, e->kind, (u64)e->cpu,
			      e->value };

	r->hash = 0;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		r->hash = (r->hash ^ facts[i]) * 0x100000001b3ull;
	r->nr_joined += e->kind == NATIVE_EVENT_JOIN;
	if (e->kind != NATIVE_EVENT_LEAVE || r->nr_left++ >= ARRAY_SIZE(r->left))
		return;
	snprintf(r->left[r->nr_left - 1].name, 32, "%s", sim_task_name(e->p));
	r->left[r->nr_left - 1].at_ns = native.now_ns;
	r->left[r->nr_left - 1].ran_ns = e->p->native.ran;
}

static inline void begin(struct run *r, const char *machine, struct sim_workload *w)
{
	*r = (struct run){ .observer.event = note, .workload = w };
	r->machine = machine_of(machine);
	r->topology = topology_of(r->machine, 3, "");
	sim_machine_boot(r->machine, r->topology, TASKS_MAX, 0);
	r->began_ns = native.now_ns;
	native_observe(&r->observer);
	assert_int_equal(native_attach(&fifo), 0);
	sim_workload_start(w);
}

/* The workload as text, its tasks at the start. */
static inline void begin_text(struct run *r, const char *machine, const char *text)
{
	struct sim_machine *m = machine_of(machine);
	struct sim_workload *w = NULL;
	char why[256] = "";

	if (load_workload(text, m, why, &w))
		fail_msg("%s", why);
	sim_machine_free(m);
	begin(r, machine, w);
}

static inline void end(struct run *r)
{
	native_detach();
	native_halt();
	sim_workload_free(r->workload);
	topology_free(r->topology);
	sim_machine_free(r->machine);
}

/* A task that is there; NULL: none. */
static inline struct task_struct *task(const char *name)
{
	for (struct task_struct *p = native.tasks; p; p = p->native.older)
		if (!strcmp(sim_task_name(p), name))
			return p;
	return NULL;
}

/* When a task has left, since the begin; it must have. */
static inline u64 left_at(const struct run *r, const char *name)
{
	for (u32 i = 0; i < r->nr_left && i < ARRAY_SIZE(r->left); i++)
		if (!strcmp(r->left[i].name, name))
			return r->left[i].at_ns - r->began_ns;
	fail_msg("%s has not left", name);
	return 0;
}
