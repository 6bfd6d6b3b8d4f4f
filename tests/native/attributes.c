/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of tasks that run or wait: weight, affinity, migration. sched_change_begin and sched_change_end. */
#include <stdlib.h>
#include <string.h>

#include "tests/native/core.h"

/*
 * dequeue_task_scx for a change: the task is off its queue, and runs on only as far as time goes. The
 * callbacks run on the CPU of who makes the change.
 */
bool native_pause(struct task_struct *p)
{
	struct native_cpu *c = cpu_of(p);
	bool running = c->running == p;

	if (!is_queued(p))
		return false;
	native_end_wait(p);
	p->native.custody = 0;
	if (running) {
		native_settle_work(c);
		CALL(stopping, p, false);
	}
	CALL(quiescent, p, DEQ_SAVE | DEQ_SCHED_CHANGE);
	p->scx.flags &= ~TASK_QUEUED;
	native_unqueue(p);
	return true;
}

/* enqueue_task_scx with ENQUEUE_RESTORE; set_next_task_scx of the running task */
static void resume(struct task_struct *p)
{
	struct native_cpu *c = cpu_of(p);

	p->scx.flags |= TASK_QUEUED;
	CALL(runnable, p, ENQ_RESTORE);
	if (c->running == p) {
		CALL(running, p);
		native_arm(c);
		return;
	}
	native_begin_wait(p);
	native_do_enqueue(p, ENQ_RESTORE);
}

void native_requeue_task(struct task_struct *p)
{
	if (native_pause(p))
		resume(p);
}

void native_set_weight(struct task_struct *p, u32 weight)
{
	bool paused = native_pause(p);

	p->scx.weight = weight;
	CALL(set_weight, p, weight);
	if (paused)
		resume(p);
	native_tell(NATIVE_EVENT_ATTR, p->native.cpu, p, 0, 0);
}

/* do_set_cpus_allowed; mask NULL: p->cpus_ptr has been changed */
static void change_mask(struct task_struct *p, const struct cpumask *to, const unsigned long *mask)
{
	bool paused = native_pause(p);

	if (mask)
		native_allow_mask(p, mask);
	if (to)
		p->cpus_ptr = to;
	CALL(set_cpumask, p, p->cpus_ptr);
	if (paused)
		resume(p);
	native_tell(NATIVE_EVENT_ATTR, p->native.cpu, p, 0, 0);
}

/* move_queued_task: no runnable, no quiescent */
void native_push(struct task_struct *p)
{
	s32 to = native_fallback_cpu(p);

	native_unqueue(p);
	p->native.custody = 0;
	native_move(p, to);
	native_do_enqueue(p, 0);
	if (cpu_of(p)->idle)
		native_resched(cpu_of(p));
}

/*
 * affine_move_task: a task that may no longer be where it is is moved: a running one by the stopper,
 * a higher class, which puts it first.
 */
static void move_away(struct task_struct *p)
{
	struct native_cpu *c = cpu_of(p);
	s32 cpu = native.cpu;

	if (native_may_run_on(p, p->native.cpu) || p->native.migration_disabled || !is_queued(p))
		return;
	if (c->running == p) {
		native.cpu = p->native.cpu;
		native_put(c, 0);
		native_arm(c);
		native_resched(c);
	}
	native_push(p);
	native.cpu = cpu;
}

s32 native_set_mask(struct task_struct *p, const unsigned long *mask)
{
	if (cpubits_next_and(mask, native.online, WD40_WORDS(native.nr_cpu_ids), 0) < 0)
		return -EINVAL;
	change_mask(p, NULL, mask);
	move_away(p);
	return 0;
}

void native_set_affinity(struct task_struct *p, u32 first, u32 n)
{
	unsigned long *mask = calloc(WD40_WORDS(native.nr_cpu_ids), sizeof(long));

	for (u32 cpu = first; cpu < first + n; cpu++)
		cpubits_assign(mask, cpu, true);
	if (native_set_mask(p, mask))
		native_die("task %d may run nowhere", p->pid);
	free(mask);
}

/* set_cpus_allowed_force: all its CPUs are gone. */
void native_force_affinity(struct task_struct *p)
{
	native_allow_mask(p, native.everywhere);
	CALL(set_cpumask, p, p->cpus_ptr);
	native_tell(NATIVE_EVENT_ATTR, p->native.cpu, p, 0, 0);
}

/* --- Migration. --------------------------------------------------------------------------------- */

static unsigned long *own_mask(const struct task_struct *p)
{
	return p->native.mask ?: native.everywhere;
}

kernel_mask kernel_mask_affinity(struct task_struct *p)
{
	return (kernel_mask)own_mask(p);
}

void native_migrate_disable(struct task_struct *p)
{
	p->native.migration_disabled++;
}

/* The CPU has switched away from a task that must not migrate. */
void native_pin(struct task_struct *p)
{
	size_t size = WD40_WORDS(native.nr_cpu_ids) * sizeof(long);

	if (!p->native.migration_disabled || p->cpus_ptr->bits != own_mask(p))
		return;
	if (!p->native.pinned)
		p->native.pinned = malloc(size);
	memset(p->native.pinned, 0, size);
	cpubits_assign(p->native.pinned, (u32)p->native.cpu, true);
	change_mask(p, (const struct cpumask *)p->native.pinned, NULL);
}

static void unpin(struct task_struct *p)
{
	p->native.migration_disabled = 0;
	if (p->cpus_ptr->bits != own_mask(p))
		change_mask(p, (const struct cpumask *)own_mask(p), NULL);
}

/* The kernel would wait with the offlining until the task lets go. */
void native_release(struct task_struct *p)
{
	if (p->native.migration_disabled)
		unpin(p);
}

void native_migrate_enable(struct task_struct *p)
{
	if (p->native.migration_disabled > 1) {
		p->native.migration_disabled--;
		return;
	}
	if (p->native.migration_disabled)
		unpin(p);
	move_away(p);
}
