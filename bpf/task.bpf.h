/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a task: its context in the arena, from init_task to exit_task, and the domain that it
 * lives in. That changes by the balancer's request, by its affinity and memory policy, and when CPUs
 * go; only at points where the task is in no queue and the kernel serialises its callbacks.
 */
#pragma once

#include "bpf/kernel.bpf.h"
#include "bpf/policy.bpf.h"

/* The context of a task; NULL is counted, and the task then gets the simplest treatment. */
__hidden struct wd40_task __arena *task_of(struct task_struct *p);

/*
 * Gives a new task a context (sleepable): near its parent, which is the current task when it was
 * forked, or where it is when the scheduler has just begun. -ENOMEM: the task is refused.
 */
__hidden s32 task_begin(struct task_struct *p, bool forked, struct policy policy);

/* Takes it back; does nothing for a task that has none. */
__hidden void task_end(struct task_struct *p, struct policy policy);

/*
 * The task's affinity has changed, or whether it may migrate, or CPUs have gone or come. The domain stays as
 * long as one of its CPUs is online and allowed, else it is the nearest such one; a task that cannot migrate
 * for now stays at home.
 */
__hidden void task_look_up(struct task_struct *p, struct wd40_task __arena *t,
			   struct policy policy);

/* Serves the request to move that the task had pending. */
__hidden void task_take_move(struct wd40_task __arena *t, struct policy policy);

/* Where the task's domain may change: since CPUs came or went, or by a request to move it. */
static __always_inline void task_catch_up(struct task_struct *p, struct wd40_task __arena *t,
					  struct policy policy)
{
	if (domain_allowed_is_old(t))
		task_look_up(p, t, policy);
	if (READ_ONCE(t->move))
		task_take_move(t, policy);
}

/*
 * The task is about to be placed: serves a request to move, then sees that its domain is one that its
 * memory policy prefers, if that shall count, and never one without a CPU online for it.
 */
__hidden void task_settle(struct task_struct *p, struct wd40_task __arena *t, struct policy policy);
