/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's scheduling core as a sched_ext scheduler meets it: which callback comes when, as
 * kernel/sched/ext/ext.c of v7.3 has it. What a test may rely on:
 *
 *	wakeup	select_cpu (not for a task bound to one CPU, or that must not migrate), runnable, then
 *		enqueue unless select_cpu has inserted the task; what either inserts goes into its queue
 *		after the callback; the task's CPU is woken when it is idle, wherever the task is queued
 *	choice	a running task with slice left stays; else the local queue; else dispatch, with the
 *		running task as prev; else prev stays, without any callback, with a slice if it has none
 *	switch	stopping of prev, then enqueue of it if it is runnable; running of the next
 *	sleep	stopping and quiescent, before the CPU's choice
 *	idle	update_idle when the CPU begins and ends being idle, not when it finds nothing again
 */
#include "tests/native/core.h"

#define DISPATCH_LOOPS 32 /* SCX_DSP_MAX_LOOPS */

/* scx_dispatch_sched; true: prev goes on. */
static bool dispatch(s32 cpu, struct task_struct *prev)
{
	struct native_cpu *c = &native.cpus[cpu];
	int loops = DISPATCH_LOOPS;

	if (native_consume(&native.global[c->node], cpu) || !native.ops->dispatch)
		return false;
	if (!c->active && !(c->leaving && native.asks_leaving))
		return false;
	do {
		native.nr_dispatched = 0;
		c->dispatched_at = native.now_ns;
		native.dispatching = true;
		native.ops->dispatch(cpu, prev);
		native_flush_dispatch();
		native.dispatching = false;
		if (prev && is_queued(prev) && prev->scx.slice)
			return true;
		if (c->local.nr || native_consume(&native.global[c->node], cpu))
			return false;
		if (!--loops) {
			native_resched(c);
			return false;
		}
	} while (native.nr_dispatched);
	return false;
}

/* dispatch_one and do_pick_task_scx */
static struct task_struct *pick(s32 cpu, struct task_struct *prev)
{
	struct native_cpu *c = &native.cpus[cpu];
	bool runnable = prev && is_queued(prev);
	struct task_struct *next;

	if (runnable && prev->scx.slice)
		return prev;
	if (!c->local.nr && dispatch(cpu, prev))
		return prev;
	next = c->local.first;
	if (!next && runnable && !(native.ops->flags & OPS_ENQ_LAST))
		next = prev;
	if (next && !next->scx.slice)
		next->scx.slice = SLICE_DEFAULT_NS;
	return next;
}

/* put_prev_task_scx of a task that goes on wanting to run */
void native_put(struct native_cpu *c, u64 enq_flags)
{
	struct task_struct *prev = c->running;

	native_settle_work(c);
	CALL(stopping, prev, true);
	native_count_busy(c);
	c->running = NULL;
	native_tell(NATIVE_EVENT_STOP, number_of(c), prev, 0, 1);
	prev->native.waiting_since = native.now_ns;
	native_begin_wait(prev);
	if (prev->scx.slice)
		native_insert_local(c, prev, ENQ_HEAD);
	else
		native_do_enqueue(prev, enq_flags);
}

/* set_next_task_scx */
void native_set_running(struct native_cpu *c, struct task_struct *p)
{
	u64 waited = native.now_ns - p->native.waiting_since;

	if (waited > p->native.longest_wait)
		p->native.longest_wait = waited;
	native_unqueue(p);
	native_count_busy(c);
	c->running = p;
	c->accounted_at = c->work_from = native.now_ns;
	CALL(running, p);
	native_end_wait(p);
	native_tell(NATIVE_EVENT_RUN, number_of(c), p, 0, waited);
}

/* dequeue_task_scx of a task that goes to sleep, or dies */
static void block(struct native_cpu *c)
{
	struct task_struct *p = c->running;

	native_settle_work(c);
	CALL(stopping, p, false);
	native_count_busy(c);
	c->running = NULL;
	native_tell(NATIVE_EVENT_STOP, number_of(c), p, 0, 0);
	CALL(quiescent, p, DEQ_SLEEP);
	p->scx.flags &= ~TASK_QUEUED;
	native_tell(NATIVE_EVENT_SLEEP, number_of(c), p, 0, 0);
	if (p->native.step.kind == NATIVE_SLEEP)
		native_heap_set(&native.timers, &p->native.timer, p->native.step.ns);
}

static bool blocks(const struct task_struct *p)
{
	enum native_step_kind kind = p->native.step.kind;

	if (p->native.step_due)
		return false;
	return kind == NATIVE_SLEEP || kind == NATIVE_BLOCK || kind == NATIVE_EXIT;
}

void native_change_idle(struct native_cpu *c, bool idle)
{
	s32 cpu = number_of(c);
	bool notify = c->idle != idle;

	c->idle = idle;
	native_set_idle(cpu, idle);
	if (notify) {
		CALL(update_idle, cpu, idle);
		native_tell(NATIVE_EVENT_IDLE, cpu, NULL, 0, idle);
	}
	if (idle && c->local.nr) /* a task put with ENQ_LAST */
		native_resched(c);
}

/* A CPU that is leaving pushes away what it has, and is idle. It may be asked, but can take nobody. */
void native_leave_on(struct native_cpu *c)
{
	native.cpu = number_of(c);
	native.current = NULL;
	native_push_away(c);
	c->choosing = true;
	dispatch(native.cpu, NULL);
	c->choosing = false;
	native_change_idle(c, true);
}

/* __schedule, as far as tasks of sched_ext are concerned */
void native_schedule(s32 cpu)
{
	struct native_cpu *c = &native.cpus[cpu];
	struct task_struct *was = c->running, *next;

	c->resched_later = c->in_irq;
	if (c->leaving)
		native_leave_on(c);
	if (c->in_irq || c->in_rt || !c->active)
		return;
	native.cpu = cpu;
	native.current = was;
	native_account(c);
	if (was && blocks(was))
		block(c);
	c->choosing = true;
	next = pick(cpu, was);
	c->choosing = false;
	if (!next || next != c->running) {
		if (c->running)
			native_put(c, next ? 0 : ENQ_LAST);
		if (!next || c->idle)
			native_change_idle(c, !next);
		if (next)
			native_set_running(c, next);
	}
	native_arm(c);
	if (was && was != c->running)
		native_pin(was);
	if (was && was->native.step.kind == NATIVE_EXIT)
		native_bury(was);
}
