/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A workload as data: kinds of tasks, their phases, and the events of these. The reader of rt-app's
 * JSON and the generators build it, the printer writes it, the interpreter runs it.
 *
 * Functions that add something return NULL when memory is short, note that in the workload's failed, and
 * take such a NULL again and do nothing: one look at the end is enough.
 */
#pragma once

#include "tests/sim/workload.h"

#define SIM_ENDLESS     (-1) /* of loops */
#define SIM_NICE_UNSAID 100

enum sim_event_kind {
	SIM_RUN,     /* work that takes so long on the fastest CPU */
	SIM_RUNTIME, /* work until so much time has passed, whether the task had a CPU or not */
	SIM_SLEEP,
	SIM_TIMER,
	SIM_SUSPEND,
	SIM_RESUME,
	SIM_LOCK,
	SIM_UNLOCK,
	SIM_WAIT,
	SIM_SIGNAL,
	SIM_BROAD,
	SIM_SYNC,
	SIM_BARRIER,
	SIM_YIELD,
	SIM_FORK,

	/* ours: rt-app does not know them, and passes over them */
	SIM_TAKE,  /* reads an item from a pipe, which may have to come first */
	SIM_POST,  /* writes one, with a sync wakeup */
	SIM_EXEC,  /* execve */
	SIM_SET,   /* changes attributes of all tasks of a kind from outside */
	SIM_PIN,   /* migrate_disable */
	SIM_UNPIN, /* migrate_enable */

	SIM_NR_EVENTS,
};

/* What else an event has besides its name. */
enum sim_argument {
	SIM_WITH_NOTHING,
	SIM_WITH_TIME,
	SIM_WITH_TIMER,
	SIM_WITH_MUTEX,
	SIM_WITH_CONDITION,
	SIM_WITH_CONDITION_AND_MUTEX,
	SIM_WITH_BARRIER,
	SIM_WITH_PIPE,
	SIM_WITH_KIND,
	SIM_WITH_ATTRIBUTES, /* and a kind */
};

struct sim_event_form {
	const char *key; /* in a file; anything may follow, which makes it unique there */
	enum sim_argument with;
};
extern const struct sim_event_form sim_event_forms[SIM_NR_EVENTS];

struct sim_attributes {
	s32 nice;            /* SIM_NICE_UNSAID: see weight */
	u32 weight;          /* as sched_ext has it, 1..10000; 0: unsaid */
	unsigned long *cpus; /* sim_workload.nr_cpu_ids bits; NULL: unsaid */
	u32 memory_mode;     /* enum MPOL_...; 0: unsaid */
	u64 memory_nodes;
};

struct sim_event {
	enum sim_event_kind kind;
	bool unique; /* timer: each task has its own, and ref is of sim_kind.timers */
	u32 ref;     /* index of what it is about: kind, or name in the table for its argument */
	u32 mutex;
	u64 ns; /* time, or the timer's period */
	struct sim_attributes *attributes;
};

struct sim_phase {
	s32 loop; /* above 0, or SIM_ENDLESS */
	struct sim_attributes attributes;
	struct sim_event *events;
	u32 nr_events;
};

struct sim_names {
	struct sim_name {
		char *text;
		bool absolute; /* of timers: a missed time does not move the later ones */
	} *names;
	u32 nr;
};

struct sim_kind {
	char *name;
	u32 index;
	u32 instances; /* at the start; more come by fork */
	u64 delay_ns;  /* of its first phase, from the start of the run on */
	bool ready;    /* it has its attributes before it begins, as from taskset and nice */
	s32 loop;      /* above 0, or SIM_ENDLESS; then the task exits */
	struct sim_attributes attributes;
	struct sim_phase **phases;
	u32 nr_phases;
	struct sim_names timers;
};

struct sim_workload {
	u32 nr_cpu_ids;
	s32 duration_s; /* of "global", which rt-app needs and the simulator does not; -1: no end */
	struct sim_kind **kinds;
	u32 nr_kinds;
	struct sim_names timers, mutexes, conditions, barriers, pipes;
	bool failed; /* memory was short */
	struct workload_run *run;
};

/* An empty one for CPU ids below nr_cpu_ids. NULL: no memory. */
struct sim_workload *sim_workload_new(u32 nr_cpu_ids);

/* One instance, endless, without phases. */
struct sim_kind *sim_workload_add_kind(struct sim_workload *w, const char *name);
struct sim_phase *sim_workload_add_phase(struct sim_workload *w, struct sim_kind *k, s32 loop);

/* The event is to be filled in, besides its kind. */
struct sim_event *sim_workload_add_event(struct sim_workload *w, struct sim_phase *phase,
					 enum sim_event_kind kind);

/* Those that need a time, a name (of the table that goes with the event's kind), or a kind of task. */
void sim_workload_add_time(struct sim_workload *w, struct sim_phase *phase,
			   enum sim_event_kind kind, u64 us);
void sim_workload_add_named(struct sim_workload *w, struct sim_phase *phase,
			    enum sim_event_kind kind, const char *name);
void sim_workload_add_fork(struct sim_workload *w, struct sim_phase *phase,
			   const struct sim_kind *child);

/* The timer is unique (each task has its own) if its name begins so. */
struct sim_event *sim_workload_add_timer(struct sim_workload *w, struct sim_kind *k,
					 struct sim_phase *phase, const char *name, u64 period_us);

/* Index of a name in a table, which gets it if it is new. */
u32 sim_workload_name(struct sim_workload *w, struct sim_names *table, const char *name);

/* The table of names that an event's ref refers to; NULL: it does not. */
struct sim_names *sim_workload_table(const struct sim_workload *w, enum sim_argument with);

/* The table of a timer event, which is one of k's. */
struct sim_names *sim_workload_timers(struct sim_workload *w, struct sim_kind *k,
				      const struct sim_event *e);

/* Allows a CPU, besides those that were allowed before. */
void sim_workload_allow(struct sim_workload *w, struct sim_attributes *a, u32 cpu);

/* Kind of that name; NULL: there is none. */
struct sim_kind *sim_workload_find_kind(const struct sim_workload *w, const char *name);

/* Weight in sched_ext of a nice value, as the kernel computes it. */
u32 sim_weight_of_nice(s32 nice);

/* The rest of a workload that is complete: what it needs to run. -ENOMEM, also when failed says so. */
int sim_workload_prepare(struct sim_workload *w);
struct workload_run *workload_run_free(struct workload_run *run);
