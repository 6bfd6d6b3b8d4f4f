/* SPDX-License-Identifier: GPL-2.0-only */
/* Idle while queued: CPU time lost while a task that may run there waited somewhere. */
#pragma once

#include <stdbool.h>

#include "tests/sim/report-masks.h"

struct idle_watch;

/* masks: borrowed. No CPU is idle, nobody waits. NULL: no memory. */
struct idle_watch *idle_watch_new(const struct mask_table *masks);
struct idle_watch *idle_watch_free(struct idle_watch *w);

void idle_watch_set_idle(struct idle_watch *w, s32 cpu, bool idle);

/* A task of that affinity (an id of masks) begins to wait, or ends. */
void idle_watch_wait(struct idle_watch *w, u32 mask, bool waits);

/* All changes of this moment are made. */
void idle_watch_settle(struct idle_watch *w, u64 now_ns);

/* Over all CPUs, and of one CPU without a break; both up to now_ns, which has been settled. */
u64 idle_watch_total_ns(const struct idle_watch *w, u64 now_ns);
u64 idle_watch_longest_ns(const struct idle_watch *w, u64 now_ns);
