// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/arena.bpf.h"
#include "bpf/deadline.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/move.bpf.h"
#include "bpf/placement.bpf.h"
#include "bpf/task.bpf.h"

/* Which context a task has. It dies with the task, so the pointer never outlives the slot's use. */
struct task_ref {
	struct wd40_task __arena *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ref);
} task_refs SEC(".maps");

__hidden struct wd40_task __arena *task_of(struct task_struct *p)
{
	struct task_ref *ref = bpf_task_storage_get(&task_refs, p, NULL, 0);

	if (!ref || !ref->task) {
		count(WD40_CTR_TASK_MISSING);
		return NULL;
	}
	return ref->task;
}

/* --- Birth and death. --------------------------------------------------------------------------- */

/*
 * WRITE_ONCE: clang-19 makes one memset of plain zero stores, and forgets the address space in it.
 * move stays as it is: a request left to the slot's last user has been answered before.
 */
static void context_init(struct wd40_task __arena *t, u32 index, struct task_struct *p)
{
	t->index = index;
	t->pid = p->pid;
	t->weight = p->scx.weight ?: WD40_BASE_WEIGHT;
	t->flags = (p->flags & PF_WQ_WORKER ? WD40_TASK_KWORKER : 0) |
		   (p->flags & PF_KTHREAD ? WD40_TASK_KTHREAD : 0);
	WRITE_ONCE(t->deadline, 0);
	WRITE_ONCE(t->avg_run_ns, 0);
	WRITE_ONCE(t->run_since_wake_ns, 0);
	t->charged_ns = kernel_ran_ns(p);
	WRITE_ONCE(t->queued_at, 0);
	WRITE_ONCE(t->preferred_nodes, 0);
}

static void answer_stale(struct wd40_task __arena *t)
{
	if (move_answer_stale(t))
		count(WD40_CTR_MOVE_STALE);
}

static u32 first_domain(struct wd40_task __arena *t, struct task_struct *p, bool forked)
{
	struct task_ref *ref = NULL;
	u32 here;

	if (forked)
		ref = bpf_task_storage_get(&task_refs, bpf_get_current_task_btf(), NULL, 0);
	if (ref && ref->task)
		return domain_for_fork(t, ref->task->domain);
	here = domain_of_cpu(scx_bpf_task_cpu(p));
	return domain_nearest_allowed(t, here == WD40_NO_DOMAIN ? 0 : here, 0);
}

__hidden s32 task_begin(struct task_struct *p, bool forked, struct policy policy)
{
	struct task_ref *ref =
		bpf_task_storage_get(&task_refs, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	s64 index = ref ? slab_alloc(&shared.tasks) : -ENOMEM;
	struct wd40_domain __arena *dom;
	struct wd40_task __arena *t;

	if (index < 0) {
		count(WD40_CTR_TASK_ALLOC_FAILED);
		return -ENOMEM;
	}
	t = (struct wd40_task __arena *)slab_slot(&shared.tasks, index);
	answer_stale(t);
	context_init(t, index, p);
	domain_set_allowed(t, p);
	domain_join(t, first_domain(t, p, forked), policy_load_now(policy));
	dom = domain_at(t->domain);
	if (dom)
		t->vtime = READ_ONCE(dom->min_vtime);
	ref->task = t;
	return 0;
}

__hidden void task_end(struct task_struct *p, struct policy policy)
{
	struct task_ref *ref = bpf_task_storage_get(&task_refs, p, NULL, 0);
	struct wd40_task __arena *t;

	if (!ref || !ref->task)
		return;
	t = ref->task;
	ref->task = NULL;
	answer_stale(t);
	domain_leave(t, policy_load_now(policy));
	slab_free(&shared.tasks, t->index);
}

/* --- Its domain. -------------------------------------------------------------------------------- */

/* How far a task's vtime may lead or lag when it changes domains. */
static u64 lag_limit_ns(const struct wd40_task __arena *t, struct policy policy)
{
	return 2 * deadline_scale(policy_slice_ns(policy, t->domain), t->weight);
}

__hidden void task_take_move(struct wd40_task __arena *t, struct policy policy)
{
	switch (move_serve(t, policy_load_now(policy), lag_limit_ns(t, policy))) {
	case WD40_MOVE_FREE: break;
	case WD40_MOVE_APPLIED: count(WD40_CTR_MOVE_APPLIED); break;
	case WD40_MOVE_STALE: count(WD40_CTR_MOVE_STALE); break;
	default: count(WD40_CTR_MOVE_REFUSED); break;
	}
}

/* It must leave its domain, whatever the balancer wants. */
static void reshape(struct wd40_task __arena *t, u32 to, struct policy policy)
{
	if (to == t->domain || to == WD40_NO_DOMAIN)
		return;
	domain_transfer(t, to, policy_load_now(policy), lag_limit_ns(t, policy));
	count(WD40_CTR_RESHAPED);
}

__hidden void task_look_up(struct task_struct *p, struct wd40_task __arena *t, struct policy policy)
{
	domain_set_allowed(t, p);
	reshape(t, domain_nearest_allowed(t, t->domain, 0), policy);
}

/* Where the memory policy wants it; what it prefers in vain is no preference. */
static u32 preferred_domain(struct task_struct *p, struct wd40_task __arena *t)
{
	u64 nodes = placement_preferred_nodes(p);
	u32 to = domain_nearest_allowed(t, t->domain, nodes);

	t->preferred_nodes = nodes && domain_in_nodes(to, nodes) ? nodes : 0;
	return to;
}

__hidden void task_settle(struct task_struct *p, struct wd40_task __arena *t, struct policy policy)
{
	task_catch_up(p, t, policy);
	if (policy.config->mempolicy_affinity)
		reshape(t, preferred_domain(p, t), policy);
	else
		t->preferred_nodes = 0;
}
