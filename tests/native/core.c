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

void native_resched(struct native_cpu *c)
{
	cpubits_set_add(&native.resched, (u32)number_of(c));
}

/* --- Waiting: set_task_runnable, clr_task_runnable. --------------------------------------------- */

static void list_waiter(struct native_cpu *c, struct task_struct *p)
{
	p->native.waits = true;
	p->native.waits_behind = NULL;
	p->native.waits_before = c->last_waiter;
	*(c->last_waiter ? &c->last_waiter->native.waits_behind : &c->first_waiter) = p;
	c->last_waiter = p;
}

void native_end_wait(struct task_struct *p)
{
	struct native_cpu *c = cpu_of(p);
	struct native_task *n = &p->native;

	if (!n->waits)
		return;
	n->waits = false;
	*(n->waits_before ? &n->waits_before->native.waits_behind : &c->first_waiter) =
		n->waits_behind;
	*(n->waits_behind ? &n->waits_behind->native.waits_before : &c->last_waiter) =
		n->waits_before;
}

void native_begin_wait(struct task_struct *p)
{
	list_waiter(cpu_of(p), p);
}

/* The task becomes another CPU's: set_task_cpu. */
void native_move(struct task_struct *p, s32 cpu)
{
	bool waits = p->native.waits;

	if (p->native.cpu == cpu)
		return;
	native_end_wait(p);
	p->native.cpu = cpu;
	if (waits)
		native_begin_wait(p);
}

/* --- Enqueueing. -------------------------------------------------------------------------------- */

/* Which tasks the kernel never asks the scheduler about; the flags are those of the scheduler's ops. */
static bool skips_enqueue(const struct task_struct *p)
{
	if (p->flags & PF_EXITING && !(native.ops->flags & OPS_ENQ_EXITING))
		return true;
	return p->native.migration_disabled && !(native.ops->flags & OPS_ENQ_MIGRATION_DISABLED);
}

static void ask_enqueue(struct task_struct *p, u64 enq_flags)
{
	native.asked = p;
	native.ops->enqueue(p, enq_flags);
	native.asked = NULL;
	if (!p->native.verdict.given)
		p->native.custody = ++native.enqueues;
}

/* scx_do_enqueue_task */
void native_do_enqueue(struct task_struct *p, u64 enq_flags)
{
	struct native_cpu *c = cpu_of(p);
	struct native_verdict *v = &p->native.verdict;

	if (!c->active || (!v->given && skips_enqueue(p))) {
		p->scx.slice = SLICE_DEFAULT_NS;
		v->given = false;
		native_insert_local(c, p, enq_flags);
		return;
	}
	if (!v->given && !native.ops->enqueue) {
		p->scx.slice = SLICE_DEFAULT_NS;
		native_insert_global(p);
		return;
	}
	if (!v->given)
		ask_enqueue(p, enq_flags);
	if (!v->given)
		return;
	v->given = false;
	v->flags |= enq_flags;
	native_insert(p, v, c);
}

/* enqueue_task_scx; then wakeup_preempt, for which an idle CPU chooses anew. */
void native_enqueue_task(struct task_struct *p, u64 enq_flags)
{
	struct native_cpu *c = cpu_of(p);

	native_begin_wait(p);
	p->scx.flags |= TASK_QUEUED;
	CALL(runnable, p, enq_flags);
	native_do_enqueue(p, enq_flags);
	if (c->idle)
		native_resched(c);
}

/* --- Wakeups. ----------------------------------------------------------------------------------- */

bool native_may_run_on(const struct task_struct *p, s32 cpu)
{
	if (!cpubits_test(p->cpus_ptr->bits, (u32)cpu))
		return false;
	return native.cpus[cpu].active ||
	       (p->native.migration_disabled && cpubits_test(native.online, (u32)cpu));
}

s32 native_fallback_cpu(struct task_struct *p)
{
	const unsigned long *node = native.node_cpus[cpu_of(p)->node];
	u32 words = WD40_WORDS(native.nr_cpu_ids);

	for (int forced = 0; forced < 2; forced++) {
		const unsigned long *allowed = p->cpus_ptr->bits;

		for (s32 cpu = -1;
		     (cpu = cpubits_next_and(allowed, node, words, (u32)cpu + 1)) >= 0;)
			if (native_may_run_on(p, cpu))
				return cpu;
		for (s32 cpu = -1;
		     (cpu = cpubits_next_and(allowed, native.online, words, (u32)cpu + 1)) >= 0;)
			if (native_may_run_on(p, cpu))
				return cpu;
		native_force_affinity(p);
	}
	native_die("no CPU is left for task %d", p->pid);
}

/* select_task_rq */
static s32 select_cpu(struct task_struct *p, u64 wake_flags, u64 *enq_flags)
{
	s32 cpu = p->native.cpu, chosen;

	if (p->nr_cpus_allowed > 1 && !p->native.migration_disabled) {
		*enq_flags |= ENQ_CPU_SELECTED;
		native.asked = p;
		chosen = native.ops->select_cpu ? native.ops->select_cpu(p, cpu, wake_flags)
						: native_select_cpu_default(p, cpu, wake_flags);
		native.asked = NULL;
		if ((u32)chosen < native.nr_cpu_ids && native.cpus[chosen].present)
			cpu = chosen;
		else
			native_fail(SCX_EXIT_ERROR, "invalid CPU %d from ops.select_cpu()", chosen);
	}
	return native_may_run_on(p, cpu) ? cpu : native_fallback_cpu(p);
}

void native_wake_on(struct task_struct *p, u64 wake_flags, u64 enq_flags)
{
	p->native.verdict.given = false;
	p->native.step.kind = NATIVE_RUN;
	p->native.waiting_since = native.now_ns;
	native_tell(NATIVE_EVENT_WAKE, native.cpu, p, 0, wake_flags);
	p->native.cpu = select_cpu(p, wake_flags, &enq_flags);
	native_enqueue_task(p, enq_flags);
}

void native_wake(struct task_struct *p, u64 wake_flags)
{
	if (is_queued(p) || native.ended)
		return;
	native_heap_cancel(&native.timers, &p->native.timer);
	p->native.run_left = p->native.program ? 0 : p->native.run;
	p->native.nr_wakes++;
	native_wake_on(p, wake_flags | WAKE_TTWU, ENQ_WAKEUP);
}

/* --- A CPU's choice. ---------------------------------------------------------------------------- */

/* scx_dispatch_sched; true: prev goes on. */
static bool dispatch(s32 cpu, struct task_struct *prev)
{
	struct native_cpu *c = &native.cpus[cpu];
	int loops = DISPATCH_LOOPS;

	if (native_consume(&native.global[c->node], cpu) || !native.ops->dispatch || !c->active)
		return false;
	do {
		native.nr_dispatched = 0;
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

/* __schedule, as far as tasks of sched_ext are concerned */
void native_schedule(s32 cpu)
{
	struct native_cpu *c = &native.cpus[cpu];
	struct task_struct *was = c->running, *next;

	c->resched_later = c->in_irq;
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
