/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ideal share: what each task would get if the machine were a fluid that can be divided at will
 * (generalised processor sharing).
 *
 * The model. At each moment the tasks that want to run get rates, in CPUs of capacity 1024, that are
 * weighted max-min fair: nobody's rate / weight can grow but at the cost of somebody whose rate /
 * weight is no larger. Rates are possible when no task is on two CPUs at once (so a weight that is
 * too heavy for that is capped, and the others share the rest) and no task is where its affinity
 * forbids it. A CPU of capacity c counts as a stack of layers, one for each capacity in the machine
 * up to c, each of which serves one task at a time. That is exact when tasks may run everywhere, and
 * when capacities are equal; with affinities on unequal CPUs it may promise a little too much, since
 * a task may then be in layers of two CPUs. Frequencies and SMT are not part of it.
 *
 * How it is computed. Tasks of one affinity and weight are a class, CPUs of one capacity that are
 * in the same affinities a cell: their numbers count, not those of tasks and CPUs. The possible rates
 * are those of flows classes -> affinities -> cells, and the fair ones are found by dividing the
 * classes at bottlenecks: a maximum flow for each of at most 2 x (different values of rate / weight).
 *
 * When. Rates are valid from ideal_settle on, which computes them anew when something has changed,
 * but only after interval_ns, and later the more the last computation cost. A task that always wants
 * to run gets the right share on average nevertheless, for the moments do not depend on it.
 */
#pragma once

#include "tests/sim/report-masks.h"

struct ideal;

/*
 * No CPU is online. masks: borrowed; capacity[cpu] is of 1024. interval_ns 0: at every change. NULL:
 * no memory.
 */
struct ideal *ideal_new(struct mask_table *masks, const u32 *capacity, u64 interval_ns);
struct ideal *ideal_free(struct ideal *m);

void ideal_set_online(struct ideal *m, s32 cpu, bool online);

/* Somebody else has the CPU for so long, after those who have it already. */
void ideal_occupy(struct ideal *m, s32 cpu, u64 now_ns, u64 ns);

/* The class of tasks of that affinity (an id of masks) and weight. */
u32 ideal_class(struct ideal *m, u32 mask, u32 weight);

/*
 * A task of the class begins or ends wanting to run. Returns the work, in ns of a CPU of capacity
 * 1024, that one task of the class had got by now, had it been there since ever: the difference is
 * what this one got.
 */
double ideal_enter(struct ideal *m, u32 class, u64 now_ns);
double ideal_leave(struct ideal *m, u32 class, u64 now_ns);
double ideal_work_ns(struct ideal *m, u32 class, u64 now_ns);

/* All changes of this moment are made. */
void ideal_settle(struct ideal *m, u64 now_ns);

/* The work that all tasks together should have got by now. */
double ideal_total_ns(const struct ideal *m, u64 now_ns);

/*
 * May the total since the last call be wrong? It is what the CPUs can do where that was less than tasks
 * wanted each time that it was computed; else changes that came too soon for a computation are missing.
 */
bool ideal_take_doubt(struct ideal *m);

/* How often rates were computed. */
u64 ideal_nr_solved(const struct ideal *m);
