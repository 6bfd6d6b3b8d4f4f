/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workloads: what the tasks of a run do. One model for all: task kinds with phases of events, as
 * rt-app's JSON describes them (the subset that sim.1 documents); the generators make such a model
 * too, so that any workload can be printed as a file, shrunk and run by the real rt-app where it
 * keeps to what that knows.
 */
#pragma once

#include <stdio.h>

#include "tests/native/native.h"
#include "tests/sim/machine.h"

struct sim_workload;

/*
 * A path of an rt-app JSON file, or "GENERATOR[:key=value,...]". m: what "as many as CPUs" refers to;
 * seed: the same gives the same. Errors: -ENOENT, -EINVAL (why says where and what), -ENOMEM.
 */
int sim_workload_load(const char *name, const struct sim_machine *m, u64 seed, char why[256],
		      struct sim_workload **ret);
struct sim_workload *sim_workload_free(struct sim_workload *w);
DEFINE_CLEANUP(struct sim_workload, sim_workload_free)

/* As an rt-app JSON file, which sim_workload_load reads. */
void sim_workload_print(const struct sim_workload *w, FILE *to);

/* Prints the generators with their keys. */
void sim_workload_list(FILE *to);

/*
 * Starts its tasks on the native kernel, now and as their delays say; once. native_run then does the rest.
 * It frees them as they exit, and sim_workload_free what is left, after native_halt.
 */
void sim_workload_start(struct sim_workload *w);

/*
 * Name of the task's kind and its number among all tasks, as rt-app names its logs: "hog-3". Valid while
 * the task lives; "-" for a task of somebody else.
 */
const char *sim_task_name(const struct task_struct *p);

/*
 * For shrinking: number of task kinds, and the same workload without kind i, and without what others do
 * with it, or with half its instances. -EINVAL: nothing is left, or nothing to halve; -ENOMEM.
 */
u32 sim_workload_nr_kinds(const struct sim_workload *w);
int sim_workload_without(const struct sim_workload *w, u32 kind, bool half,
			 struct sim_workload **ret);
