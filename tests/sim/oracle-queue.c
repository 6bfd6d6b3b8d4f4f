// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues: one that goes by virtual time is in that order and gives its first task that may run on the
 * CPU ("queue-order"); a task is in the queue that it was put into and in no other ("two-places").
 */
#include "tests/sim/oracle-private.h"

static bool vtime_before(const struct task_struct *a, const struct task_struct *b)
{
	return (s64)(a->scx.dsq_vtime - b->scx.dsq_vtime) < 0;
}

/* A CPU that looks for work takes the task: nobody who could go there was before it. On one that leaves none can. */
static void check_taken(struct sim_oracles *o, const struct oracle_task *t, s32 cpu)
{
	const struct native_dsq *q = native_dsq(t->dsq);
	const struct task_struct *first = q ? q->first : NULL;

	if (first && q->root && native.cpus[cpu].choosing && native.cpus[cpu].active &&
	    native_allowed(first, cpu) && vtime_before(first, t->p))
		oracle_fail(o, "queue-order", t, cpu,
			    "taken with virtual time %llu while task %d was queued with %llu",
			    t->p->scx.dsq_vtime, first->pid, first->scx.dsq_vtime);
}

static void check_place(struct sim_oracles *o, const struct oracle_task *t, u64 dsq)
{
	const struct task_struct *p = t->p, *prev = p->native.prev, *next = p->native.next;
	const struct native_dsq *q = p->native.dsq;

	if (!q || is_builtin_queue(dsq) || !q->root)
		return;
	if ((prev && vtime_before(p, prev)) || (next && vtime_before(next, p)))
		oracle_fail(o, "queue-order", t, -1,
			    "queue %llu is not in the order of virtual time", dsq);
}

/* Before the model follows: t->dsq is where the task was. */
void oracle_queue_event(struct sim_oracles *o, const struct native_event *e)
{
	const struct oracle_task *t = oracle_task(e->p);

	if (!t)
		return;
	if (t->state == TASK_WAITS && !is_builtin_queue(t->dsq) && is_builtin_queue(e->dsq)) {
		check_taken(o, t, e->cpu);
		if (o->context.is_wd40 && native.cpus[e->cpu].choosing)
			oracle_idle_taken(o, t, e->cpu);
	}
	check_place(o, t, e->dsq);
}

/* --- All queues. -------------------------------------------------------------------------------- */

static bool belongs(const struct oracle_task *t, const struct native_dsq *q)
{
	return t && t->state == TASK_WAITS && t->dsq == q->id &&
	       (q->id != DSQ_LOCAL || t->cpu == q->cpu);
}

/* Returns the number of its tasks. */
static u32 walk(struct sim_oracles *o, const struct native_dsq *q)
{
	const struct task_struct *last = NULL;
	u32 nr = 0;

	for (const struct task_struct *p = q->first; p; last = p, p = p->native.next, nr++) {
		if (!belongs(oracle_task(p), q))
			oracle_fail(o, "two-places", oracle_task(p), -1,
				    "a task is in queue %llx, where it does not belong", q->id);
		if (q->root && last && vtime_before(p, last))
			oracle_fail(o, "queue-order", oracle_task(p), -1,
				    "queue %llu is not in the order of virtual time", q->id);
	}
	if (nr != q->nr)
		oracle_fail(o, "queue-order", NULL, -1, "queue %llx has %u tasks and says %u",
			    q->id, nr, q->nr);
	return nr;
}

static u32 walk_all(struct sim_oracles *o)
{
	u32 nr = 0;

	for (u32 slot = 0; slot < native.dsq_slots; slot++)
		if (native.dsqs[slot])
			nr += walk(o, native.dsqs[slot]);
	for (u32 node = 0; node < native.nr_nodes; node++)
		nr += walk(o, &native.global[node]);
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		nr += walk(o, &native.cpus[cpu].local);
	return nr;
}

void oracle_queue_sweep(struct sim_oracles *o)
{
	const struct oracle_task *t;
	u32 nr_queued = walk_all(o), nr_waiting = 0;

	TAILQ_FOREACH(t, &o->all, all)
	nr_waiting += t->state == TASK_WAITS;
	if (nr_queued != nr_waiting)
		oracle_fail(o, "lost-task", NULL, -1, "%u tasks wait, and the queues have %u",
			    nr_waiting, nr_queued);
}
