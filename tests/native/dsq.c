/* SPDX-License-Identifier: GPL-2.0-only */
/* Dispatch queues: which there are, and the order of the tasks in them. */
#include <stdlib.h>

#include "tests/native/core.h"
#include "tests/native/tree.h"

/* --- Which queues there are. -------------------------------------------------------------------- */

static struct native_dsq **slot_of(u64 id)
{
	u32 mask = native.dsq_slots - 1;
	u32 i = (u32)(id * 0x9e3779b97f4a7c15ull >> 32) & mask;

	while (native.dsqs[i] && native.dsqs[i]->id != id)
		i = (i + 1) & mask;
	return &native.dsqs[i];
}

struct native_dsq *native_dsq(u64 id)
{
	u32 cpu = id == DSQ_LOCAL ? (u32)native.cpu : (u32)id;

	if (id == DSQ_GLOBAL)
		return &native.global[native.cpus[native.cpu].node];
	if (id == DSQ_LOCAL || (id & DSQ_LOCAL_ON) == DSQ_LOCAL_ON)
		return cpu < native.nr_cpu_ids ? &native.cpus[cpu].local : NULL;
	return native.dsq_slots ? *slot_of(id) : NULL;
}

static void make_room(void)
{
	struct native_dsq **old = native.dsqs;
	u32 slots = native.dsq_slots;

	if (2 * native.nr_dsqs < slots)
		return;
	native.dsq_slots = slots ? 2 * slots : 64;
	native.dsqs = calloc(native.dsq_slots, sizeof(native.dsqs[0]));
	if (!native.dsqs)
		native_die("no memory for %u queues", native.dsq_slots);
	for (u32 i = 0; i < slots; i++)
		if (old[i])
			*slot_of(old[i]->id) = old[i];
	free(old);
}

s32 scx_bpf_create_dsq(u64 id, s32 node)
{
	struct native_dsq *q;

	native_enter(__func__);
	if (native.fail_dsqs) {
		native.fail_dsqs--;
		return -ENOMEM;
	}
	if (id & DSQ_BUILTIN)
		return -EINVAL;
	if (native_dsq(id))
		return -EEXIST;
	make_room();
	q = calloc(1, sizeof(*q));
	if (!q)
		native_die("no memory for a queue");
	*q = (struct native_dsq){ .id = id, .cpu = -1 };
	*slot_of(id) = q;
	native.nr_dsqs++;
	return 0;
}

void native_drop_queues(void)
{
	for (u32 i = 0; i < native.dsq_slots; i++)
		free(native.dsqs[i]);
	free(native.dsqs);
	native.dsqs = NULL;
	native.nr_dsqs = native.dsq_slots = 0;
}

s32 scx_bpf_dsq_nr_queued(u64 id)
{
	struct native_dsq *q = native_dsq(id);

	native_enter(__func__);
	return q ? (s32)q->nr : -ENOENT;
}

/* --- Order. ------------------------------------------------------------------------------------- */

/* Links the task in behind another one; NULL: as the first. */
static void link_behind(struct native_dsq *q, struct task_struct *prev, struct task_struct *p)
{
	struct task_struct *next = prev ? prev->native.next : q->first;

	if (p->native.dsq)
		native_die("task %d is queued twice", p->pid);
	p->native.dsq = q;
	p->native.prev = prev;
	p->native.next = next;
	*(prev ? &prev->native.next : &q->first) = p;
	*(next ? &next->native.prev : &q->last) = p;
	q->nr++;
}

void native_queue_head(struct native_dsq *q, struct task_struct *p)
{
	link_behind(q, NULL, p);
}

void native_queue_tail(struct native_dsq *q, struct task_struct *p)
{
	link_behind(q, q->last, p);
}

void native_queue_by_vtime(struct native_dsq *q, struct task_struct *p, u64 vtime)
{
	p->native.order = (struct native_order){ .vtime = vtime, .seq = ++q->seq };
	link_behind(q, native_tree_before(q->root, p), p);
	native_tree_insert(&q->root, p);
}

void native_unqueue(struct task_struct *p)
{
	struct native_dsq *q = p->native.dsq;
	struct task_struct *prev = p->native.prev, *next = p->native.next;

	if (!q)
		return;
	*(prev ? &prev->native.next : &q->first) = next;
	*(next ? &next->native.prev : &q->last) = prev;
	if (q->root)
		native_tree_remove(&q->root, p);
	p->native.dsq = NULL;
	q->nr--;
}

/* --- Looking. --------------------------------------------------------------------------------------- */

struct native_view native_view(u64 id)
{
	struct native_view view = { .nr = 0 };
	struct native_dsq *q = native_dsq(id);

	native_enter(__func__);
	for (struct task_struct *p = q ? q->last : NULL;
	     p && view.nr < sizeof(view.tasks) / sizeof(p); p = p->native.prev)
		view.tasks[view.nr++] = p;
	return view;
}

struct task_struct *kernel_queue_first(u64 id)
{
	struct native_dsq *q = native_dsq(id);

	native_enter(__func__);
	return native.cannot_peek || !q ? NULL : q->first;
}
