/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace in the Trace Event Format of Chrome, which Perfetto's viewer (ui.perfetto.dev) and
 * chrome://tracing open. Times are microseconds of virtual time.
 *
 *	process "CPUs"      a thread a CPU: a slice each time a task runs; an arrow from where it was
 *	                    woken; instants for kicks, hotplug, thieves, stalls and errors
 *	process "domains"   a counter a domain: waiting tasks, and load in units of base weight
 */
#pragma once

#include <stdio.h>

#include "tests/native/native.h"

struct topology;
struct sim_trace;

/* Writes to to, which stays the caller's, until it is freed. t: borrowed. NULL: no memory. */
struct sim_trace *sim_trace_new(FILE *to, const struct topology *t);

/* Ends what is under way, and the file. */
struct sim_trace *sim_trace_free(struct sim_trace *t);

void sim_trace_event(struct sim_trace *t, const struct native_event *e);

/* From a task that ran and woke another to where that runs now. */
void sim_trace_arrow(struct sim_trace *t, s32 from_cpu, u64 from_ns, s32 to_cpu);

/* Writes a domain's counters if they have changed. weight: of the tasks that want to run. */
void sim_trace_domain(struct sim_trace *t, u32 domain, u32 nr_waiting, u64 weight);
