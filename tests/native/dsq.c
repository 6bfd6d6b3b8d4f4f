/* SPDX-License-Identifier: GPL-2.0-only */
/* Dispatch queues, with what the kernel demands of them. */
#include "tests/native/native.h"

struct native_dsq *native_dsq(u64 id)
{
	u32 cpu = id == DSQ_LOCAL ? (u32)native.cpu : (u32)id;

	if (id == DSQ_LOCAL || (id & DSQ_LOCAL_ON) == DSQ_LOCAL_ON) {
		if (cpu >= native.nr_cpu_ids)
			native_die("local queue of CPU %u", cpu);
		return &native.cpus[cpu].local;
	}
	return id < NATIVE_DSQS && native.dsqs[id].exists ? &native.dsqs[id] : NULL;
}

s32 scx_bpf_create_dsq(u64 id, s32 node)
{
	native_enter(__func__);
	if (native.fail_dsqs) {
		native.fail_dsqs--;
		return -ENOMEM;
	}
	if (id >= NATIVE_DSQS)
		return -EINVAL;
	if (native.dsqs[id].exists)
		return -EEXIST;
	native.dsqs[id] = (struct native_dsq){ .exists = true };
	return 0;
}

s32 scx_bpf_dsq_nr_queued(u64 id)
{
	struct native_dsq *q = native_dsq(id);

	native_enter(__func__);
	return q ? (s32)q->nr : -ENOENT;
}

/* Links the task in before *at. */
static void link_before(struct native_dsq *q, struct task_struct **at, struct task_struct *p)
{
	if (p->native.dsq)
		native_die("task %d is queued twice", p->pid);
	p->native.next = *at;
	p->native.dsq = q;
	*at = p;
	q->nr++;
}

void native_queue_head(struct native_dsq *q, struct task_struct *p)
{
	link_before(q, &q->first, p);
}

void native_queue_tail(struct native_dsq *q, struct task_struct *p)
{
	struct task_struct **at = &q->first;

	while (*at)
		at = &(*at)->native.next;
	link_before(q, at, p);
}

void native_unqueue(struct task_struct *p)
{
	struct native_dsq *q = p->native.dsq;
	struct task_struct **at = &q->first;

	while (*at != p)
		at = &(*at)->native.next;
	*at = p->native.next;
	p->native.dsq = NULL;
	q->nr--;
}

/* The local queue is that of the task's CPU. */
static struct native_dsq *queue_for(struct task_struct *p, u64 id, bool by_vtime)
{
	struct native_dsq *q = native_dsq(id == DSQ_LOCAL ? DSQ_LOCAL_ON | (u32)p->native.cpu : id);

	if (id == DSQ_LOCAL && !native_allowed(p, p->native.cpu))
		native_die("task %d goes to CPU %d, where it may not run", p->pid, p->native.cpu);
	if (!q)
		native_die("task %d goes to queue %llu, which does not exist", p->pid, id);
	if (q->nr && q->by_vtime != by_vtime)
		native_die("queue %llu has two orders", id);
	q->by_vtime = by_vtime;
	return q;
}

void kernel_insert(struct task_struct *p, u64 id, u64 slice_ns, u64 flags)
{
	native_enter(__func__);
	p->scx.slice = slice_ns;
	if (native.selecting == p && id == DSQ_LOCAL)
		p->native.direct = true;
	else
		native_queue_tail(queue_for(p, id, false), p);
}

/* Of equals the first goes first. */
void kernel_insert_vtime(struct task_struct *p, u64 id, u64 slice_ns, u64 vtime, u64 flags)
{
	struct native_dsq *q = queue_for(p, id, true);
	struct task_struct **at = &q->first;

	native_enter(__func__);
	if (id & 1ull << 63)
		native_die("virtual time in queue %llx", id);
	p->scx.slice = slice_ns;
	p->scx.dsq_vtime = vtime;
	while (*at && (s64)((*at)->scx.dsq_vtime - vtime) <= 0)
		at = &(*at)->native.next;
	link_before(q, at, p);
}

bool kernel_move_to_local(u64 id)
{
	struct native_dsq *q = native_dsq(id);
	struct task_struct *p;

	native_enter(__func__);
	if (!q)
		native_die("queue %llu does not exist", id);
	for (p = q->first; p && !native_allowed(p, native.cpu); p = p->native.next)
		;
	if (!p)
		return false;
	native_unqueue(p);
	p->native.cpu = native.cpu;
	native_queue_tail(&native.cpus[native.cpu].local, p);
	return true;
}

struct native_view native_view(u64 id)
{
	struct native_view view = { .nr = 0 };
	struct native_dsq *q = native_dsq(id);

	native_enter(__func__);
	for (struct task_struct *p = q->first; p && view.nr < 256; p = p->native.next)
		view.tasks[view.nr++] = p;
	return view;
}

bool kernel_requeue(struct task_struct *p, u64 id, u64 slice_ns, u64 vtime)
{
	native_enter(__func__);
	if (p->native.dsq != native_dsq(id))
		return false;
	native_unqueue(p);
	kernel_insert_vtime(p, id, slice_ns, vtime, 0);
	return true;
}

bool kernel_queue_head(u64 id, u64 *ret_deadline)
{
	struct native_dsq *q = native_dsq(id);

	native_enter(__func__);
	if (native.cannot_peek || !q || !q->first)
		return false;
	*ret_deadline = q->first->scx.dsq_vtime;
	return true;
}
