/* SPDX-License-Identifier: GPL-2.0-only */
/* How a task comes to want a CPU, and into a queue: the first half of what core.c says. */
#include "tests/native/core.h"

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
	if (native.on_call)
		native.on_call(NATIVE_VERDICT);
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
