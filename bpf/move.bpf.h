/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests of the daemon to move a task to another domain (struct wd40_move in bpf/shared.h): each is
 * validated and answered exactly once.
 */
#pragma once

#include "bpf/kernel.bpf.h"

/*
 * Takes the task's pending request, if any, applies or refuses it and stores the answer, which is
 * also returned (enum wd40_move_answer; WD40_MOVE_FREE: nothing was pending). Call it in a callback
 * of the task where its domain may change: it is not queued.
 */
u32 move_serve(struct wd40_task __arena *t __arg_arena, u64 load_now, u64 lag_limit_ns);

/*
 * The domain that the task's pending request would take it to, were it served now; WD40_NO_DOMAIN when
 * there is none or it would be refused, or that cannot be said before the task is placed anew.
 * Changes nothing: also for a task that is queued.
 */
u32 move_wanted(const struct wd40_task __arena *t __arg_arena);

/* Answers a request left in a slot whose task has ended. True when there was one. */
bool move_answer_stale(struct wd40_task __arena *t __arg_arena);
