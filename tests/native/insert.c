/* SPDX-License-Identifier: GPL-2.0-only */
/* How tasks come into queues and out of them: direct dispatch, dispatch, and what is not allowed. */
#include "tests/native/core.h"

/* rq_owned_post_enq: the CPU learns of it. */
static void tell_cpu(struct native_cpu *c, u64 flags)
{
	if (c->idle)
		native_resched(c);
	if (flags & ENQ_PREEMPT && c->running && !c->choosing) {
		native_account(c);
		c->running->scx.slice = 0;
		native_resched(c);
	}
}

/* scx_dispatch_enqueue */
static void put_into(struct native_dsq *q, struct task_struct *p, u64 vtime, u64 flags)
{
	bool by_vtime = flags & ENQ_BY_VTIME;

	if (by_vtime && q->id & DSQ_BUILTIN) {
		native_fail(SCX_EXIT_ERROR, "cannot use vtime ordering for built-in DSQs");
		by_vtime = false;
	}
	if (q->nr && by_vtime != !!q->root) {
		native_fail(SCX_EXIT_ERROR, "DSQ ID 0x%016llx already had %s-enqueued tasks", q->id,
			    by_vtime ? "FIFO" : "PRIQ");
		by_vtime = !by_vtime; /* it is over; the queue stays in order */
	}
	p->native.custody = 0;
	if (by_vtime)
		native_queue_by_vtime(q, p, vtime);
	else if (flags & (ENQ_HEAD | ENQ_PREEMPT))
		native_queue_head(q, p);
	else
		native_queue_tail(q, p);
	native_tell(NATIVE_EVENT_QUEUE, q->cpu, p, q->id, vtime);
	if (q->id == DSQ_LOCAL)
		tell_cpu(&native.cpus[q->cpu], flags);
}

void native_insert_local(struct native_cpu *c, struct task_struct *p, u64 flags)
{
	put_into(&c->local, p, 0, flags);
}

void native_insert_global(struct task_struct *p)
{
	put_into(&native.global[cpu_of(p)->node], p, 0, 0);
}

/*
 * task_can_run_on_remote_rq. Of its own CPU its callers do not ask: a task that was just forbidden to
 * run there is moved by who forbade it.
 */
static bool can_run_on(const struct task_struct *p, s32 cpu)
{
	return p->native.cpu == cpu || (cpubits_test(p->cpus_ptr->bits, (u32)cpu) &&
					!p->native.migration_disabled && native.cpus[cpu].active);
}

/* dispatch_to_local_dsq: another CPU's queue, if the task may run there. */
static struct native_dsq *local_for(struct task_struct *p, struct native_cpu *c)
{
	s32 cpu = number_of(c);

	if (can_run_on(p, cpu)) {
		native_move(p, cpu);
		return &c->local;
	}
	if (p->native.migration_disabled)
		native_fail(
			SCX_EXIT_ERROR,
			"SCX_DSQ_LOCAL[_ON] cannot move migration disabled task[%d] from CPU %d to %d",
			p->pid, p->native.cpu, cpu);
	else if (!cpubits_test(p->cpus_ptr->bits, (u32)cpu))
		native_fail(SCX_EXIT_ERROR,
			    "SCX_DSQ_LOCAL[_ON] target CPU %d not allowed for task[%d]", cpu,
			    p->pid);
	return &native.global[cpu_of(p)->node];
}

/* find_dsq_for_dispatch; apply_slice_vtime */
void native_insert(struct task_struct *p, const struct native_verdict *v, struct native_cpu *c)
{
	struct native_dsq *q = v->dsq == DSQ_LOCAL ? &c->local : native_dsq(v->dsq);

	if (!q) {
		native_fail(SCX_EXIT_ERROR, "non-existent DSQ 0x%llx", v->dsq);
		q = &native.global[cpu_of(p)->node];
	}
	if (q->id == DSQ_LOCAL)
		q = local_for(p, &native.cpus[q->cpu]);
	else if (q->id == DSQ_GLOBAL)
		q = &native.global[cpu_of(p)->node];
	p->scx.slice = v->slice ?: p->scx.slice ?: 1;
	if (v->flags & ENQ_BY_VTIME)
		p->scx.dsq_vtime = v->vtime;
	put_into(q, p, v->vtime, v->flags);
}

/* --- Kfuncs that insert: scx_dsq_insert_commit. ------------------------------------------------- */

static void direct(struct task_struct *p, struct native_verdict v)
{
	if (p != native.asked)
		native_fail(SCX_EXIT_ERROR,
			    "scheduling for task[%d] but trying to direct-dispatch task[%d]",
			    native.asked->pid, p->pid);
	else if (p->native.verdict.given)
		native_fail(SCX_EXIT_ERROR, "task[%d] already direct-dispatched", p->pid);
	else
		p->native.verdict = v;
}

static void buffer(struct task_struct *p, struct native_verdict v)
{
	if (native.nr_buffered == native.buffer_size)
		native_fail(SCX_EXIT_ERROR, "dispatch buffer overflow");
	else
		native.buffer[native.nr_buffered++] =
			(struct native_buffered){ p, p->native.custody, v };
}

/* finish_dispatch: of tasks that the scheduler still has, and has had since. */
void native_flush_dispatch(void)
{
	for (u32 i = 0; i < native.nr_buffered; i++) {
		struct native_buffered *b = &native.buffer[i];

		if (b->custody && b->p->native.custody == b->custody)
			native_insert(b->p, &b->verdict, &native.cpus[native.cpu]);
	}
	native.nr_dispatched += native.nr_buffered;
	native.nr_buffered = 0;
}

/* Outside of the callbacks that may insert it is a test that does, at once. */
static void insert(struct task_struct *p, struct native_verdict v)
{
	if (native.asked)
		direct(p, v);
	else if (native.dispatching)
		buffer(p, v);
	else
		native_insert(p, &v, cpu_of(p));
}

void kernel_insert(struct task_struct *p, u64 id, u64 slice_ns, u64 flags)
{
	native_enter(__func__);
	insert(p, (struct native_verdict){ true, id, slice_ns, 0, flags });
}

void kernel_insert_vtime(struct task_struct *p, u64 id, u64 slice_ns, u64 vtime, u64 flags)
{
	native_enter(__func__);
	insert(p, (struct native_verdict){ true, id, slice_ns, vtime, flags | ENQ_BY_VTIME });
}

/* --- Kfuncs that take.         ----------------------------------------------------------------- */

bool native_consume(struct native_dsq *q, s32 cpu)
{
	for (struct task_struct *p = q->first; p; p = p->native.next) {
		if (!can_run_on(p, cpu))
			continue;
		native_unqueue(p);
		native_move(p, cpu);
		put_into(&native.cpus[cpu].local, p, 0, 0);
		return true;
	}
	return false;
}

bool kernel_move_to_local(u64 id)
{
	struct native_dsq *q;

	native_enter(__func__);
	native_flush_dispatch();
	q = native_dsq(id);
	if (!q || q->id & DSQ_BUILTIN) {
		native_fail(SCX_EXIT_ERROR, "invalid DSQ ID 0x%016llx", id);
		return false;
	}
	if (!native_consume(q, native.cpu))
		return false;
	native.nr_dispatched++;
	return true;
}

/* scx_bpf_dsq_move_vtime */
bool kernel_requeue(struct task_struct *p, u64 from, u64 to, u64 slice_ns, u64 vtime)
{
	struct native_verdict v = { true, to, slice_ns, vtime, ENQ_BY_VTIME };

	native_enter(__func__);
	if (!p->native.dsq || p->native.dsq != native_dsq(from))
		return false;
	native_unqueue(p);
	native_insert(p, &v, cpu_of(p));
	return true;
}
