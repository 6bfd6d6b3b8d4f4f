/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Preemption: who needs little gets a CPU at once, who computes keeps it else.
 *
 * A wakeup is *prompt* when an event is its cause: an interrupt (a timer, a device) woke the task, or a task
 * did that is prompt itself, while all who were woken one by the other since that event have not run for longer
 * than PREEMPT_CHAIN_NS together: what is left is handed on with the wakeup. Tasks that feed each other,
 * as in messaging, wake each other on their own time and are not prompt: there a switch for each message would
 * help nobody, since the receiver runs out of messages at once and the sender has lost its cache. Nor is a
 * new task, whoever its parent is. Nor a wakeup of which the CPU of the woken is told by another
 * (SCX_OPS_ALLOW_QUEUED_WAKEUP), unless select_cpu was called on that: the cause is known there alone.
 *
 * A prompt task that finds no idle CPU takes its CPU from the task that runs there when
 *
 *	- it is owed service: its whole request fits into what it lags behind its domain's time,
 *	- it would be the next anyway: nobody in the queue who may run there has an earlier deadline,
 *	- the other is not prompt itself, or has run for PREEMPT_CHAIN_NS, and was not rescued by the guard,
 *	- nobody else has taken the CPU and waits for the switch,
 *	- the CPU is there: another CPU than the waker's has had a tick in the last PREEMPT_TICKS_NS,
 *	- the CPU was not preempted too often: once in PREEMPT_INTERVAL_NS in the mean, and PREEMPT_BURST times in
 *	  a row. So a storm of wakeups costs the same few switches, whatever causes it.
 *
 * The deadline of who runs is not asked for. It may be the earlier one, and then is the next: it is queued
 * with what it has left, and each comes to what it is owed one short run later.
 *
 * So preemption changes when the first of a queue runs, never who is first: shares and the bound of waits are as
 * without it. A prompt task that came too early for that gets a CPU at the next tick of one that it may run on, if
 * it is the first of the queue and owed service then. Without wakeup-preemption, or with fifo-sched, nobody is
 * preempted.
 */
#pragma once

#include "bpf/deadline.bpf.h"
#include "bpf/policy.bpf.h"

#define PREEMPT_CHAIN_NS    1000000ull
#define PREEMPT_UNIT_NS     4000ull
#define PREEMPT_INTERVAL_NS 250000ull
#define PREEMPT_BURST       8
#define PREEMPT_TICKS_NS    12000000ull /* beyond one tick at 100 Hz */

/* The task wakes up, by what this CPU does now, or for the first time: is it prompt? */
static __always_inline void preempt_judge(struct task_struct *p, struct wd40_task __arena *t,
					  const struct wd40_cpu __arena *here, u64 now, bool is_new)
{
	u64 left_ns = here && now < here->prompt_until ? here->prompt_until - now : 0;

	if (kernel_in_event())
		left_ns = PREEMPT_CHAIN_NS;
	if (is_new || p->policy == SCHED_BATCH || p->policy == SCHED_IDLE)
		left_ns = 0;
	t->prompt = left_ns / PREEMPT_UNIT_NS;
}

/* Does a deadline of the domain's queue, or about to be in it, belong to a task that is owed service? */
static __always_inline bool preempt_is_owed(const struct wd40_domain __arena *dom, u64 deadline)
{
	return deadline_before(deadline, READ_ONCE(dom->min_vtime));
}

/* May the task, whose deadline is set, take the CPU that it is on from who runs there? It does then. */
bool preempt_claim(struct task_struct *p __arg_trusted,
		   const struct wd40_task __arena *t __arg_arena,
		   const struct wd40_config __arena *config __arg_arena, u64 now);

/* At a tick of a CPU: is it time for the first of its queue? */
bool preempt_at_tick(s32 cpu, const struct wd40_config __arena *config __arg_arena, u64 now);

/* The task begins to run on c, the caller's CPU; goes on there with a new slice; and ends. */
static __always_inline void preempt_begin_run(struct wd40_cpu __arena *c,
					      const struct wd40_task __arena *t, u64 now)
{
	WRITE_ONCE(c->prompt_until, t->prompt ? now + t->prompt * PREEMPT_UNIT_NS : 0);
	WRITE_ONCE(c->yields_at, now + (t->prompt ? PREEMPT_CHAIN_NS : 0));
	WRITE_ONCE(c->ticked_at, now);
}

static __always_inline void preempt_go_on(struct wd40_cpu __arena *c, u64 now)
{
	WRITE_ONCE(c->yields_at, now);
	WRITE_ONCE(c->ticked_at, now);
}

static __always_inline void preempt_end_run(struct wd40_cpu __arena *c)
{
	WRITE_ONCE(c->prompt_until, 0);
	WRITE_ONCE(c->yields_at, WD40_YIELDS_NEVER);
}
