/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A workload that runs: its tasks and what they share. Tasks are interpreted as rt-app's threads act;
 * what rt-app does in no time takes none here.
 */
#pragma once

#include "tests/sim/workload-model.h"

struct sim_timer {
	bool used;
	u64 next_ns; /* when it goes off */
};

struct sim_task {
	struct workload_run *run;
	const struct sim_kind *kind;
	struct task_struct *p;
	char name[32];
	struct sim_task *before, *after; /* of the tasks of its kind */
	struct sim_task *next;           /* behind it: in a queue of waiters, dead, or free */

	/* where it is */
	bool begun;   /* its delay is over */
	bool entered; /* the phase's attributes are set */
	u32 phase, event;
	u32 stage; /* of an event that takes time: how often it was asked for a step */
	u64 loops, phase_loops;
	u64 until_ns; /* of SIM_RUNTIME */

	/* the last that it set itself */
	const unsigned long *cpus;
	const struct sim_attributes *priority;

	struct sim_timer timers[]; /* unique ones: as many as the kind with most has */
};

/* Those who wait, first come first served. */
struct sim_queue {
	struct sim_task *first, *last;
};

struct sim_mutex {
	struct sim_task *owner;
	struct sim_queue waiters;
};

struct sim_barrier {
	u32 missing; /* that must come before the last one */
	struct sim_queue waiters;
};

struct sim_pipe {
	u64 items;
	struct sim_queue readers;
};

struct workload_run {
	struct native_observer observer;
	struct sim_workload *workload;
	u64 started_ns;
	unsigned long *all_cpus;
	u32 nr_tasks; /* ever */
	struct sim_timer *timers;
	struct sim_mutex *mutexes;
	struct sim_queue *conditions;
	struct sim_barrier *barriers;
	struct sim_pipe *pipes;

	/* tasks: alive by kind, left but not freed yet, memory of freed ones, and all memory */
	struct sim_task **alive, *dead, *spare;
	void **slabs;
	u32 nr_slabs, nr_fresh; /* unused places of the last slab */
	size_t task_size;
};

/* --- Tasks (workload-task.c). ------------------------------------------------------------------- */

/* A new task of a kind, as a child of parent (NULL: nobody's). None if memory is short. */
void sim_task_fork(struct workload_run *run, const struct sim_kind *kind,
		   struct task_struct *parent);

/* Sees which tasks leave. */
void sim_task_event(struct native_observer *o, const struct native_event *e);

/* Sets what attributes say of another task. */
void sim_task_set(struct sim_task *t, const struct sim_attributes *a);

/* The program of all tasks. */
struct native_step sim_task_step(struct task_struct *p);

/* --- Events (workload-event.c). ----------------------------------------------------------------- */

/*
 * Does an event, which takes a step when the return is false: then it is asked again after that step,
 * with one more stage.
 */
bool sim_event_do(struct sim_task *t, const struct sim_event *e, struct native_step *ret);
