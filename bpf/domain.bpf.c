// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/deadline.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/ravg.bpf.h"

/* One lock a domain, in a map of its own: a lock inside an arena is not allowed. */
struct domain_lock {
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WD40_MAX_DOMAINS);
	__type(key, u32);
	__type(value, struct domain_lock);
} domain_locks SEC(".maps");

/* How many other domains a fork looks at. */
#define FORK_CANDIDATES 16

u32 domain_set_allowed(struct wd40_task __arena *t __arg_arena, struct task_struct *p __arg_trusted)
{
	u32 nr = 0, nr_whole = 0;

	for (u32 w = 0; w < shared.domain_words && can_loop; w++)
		t->allowed_domains[w] = 0;
	for (u32 d = 0; d < shared.nr_domains && can_loop; d++) {
		struct wd40_domain __arena *dom = &shared.domains[d];
		u32 overlap = cpumask_allowed(p, dom->cpus, dom->first_word, dom->end_word);

		if (overlap == CPUMASK_DISJOINT)
			continue;
		t->allowed_domains[d / WD40_BITS_PER_WORD] |= 1ull << (d % WD40_BITS_PER_WORD);
		nr++;
		nr_whole += overlap == CPUMASK_WHOLLY;
	}
	t->nr_allowed_domains = nr;
	if (nr_whole == shared.nr_domains)
		t->flags |= WD40_TASK_ALL_CPUS;
	else
		t->flags &= ~WD40_TASK_ALL_CPUS;
	return nr;
}

static bool domain_usable(const struct wd40_task __arena *t, u32 index)
{
	return domain_allowed(t, index) && READ_ONCE(shared.domains[index].nr_online);
}

static bool node_in_mask(u32 index, u64 node_mask)
{
	u32 node = shared.domains[index].node_id;

	return !node_mask || (node < 64 && (node_mask >> node & 1));
}

u32 domain_nearest_allowed(const struct wd40_task __arena *t __arg_arena, u32 from, u64 node_mask)
{
	struct wd40_domain __arena *dom = domain_at(from);
	u32 nearest = from;

	if (!dom)
		return from;
	if (domain_usable(t, from) && node_in_mask(from, node_mask))
		return from;
	for (u32 i = 0; i < dom->nr_victims && can_loop; i++) {
		u32 d = dom->victims[i];

		if (!domain_usable(t, d))
			continue;
		if (node_in_mask(d, node_mask))
			return d;
		if (!domain_usable(t, nearest))
			nearest = d;
	}
	return nearest;
}

/* Runnable weight per CPU of a domain, in hundredths of base weight. */
static u64 runnable_per_cpu(u32 index)
{
	struct wd40_domain __arena *dom = &shared.domains[index];

	return READ_ONCE(dom->load_rate) / (READ_ONCE(dom->nr_online) ?: 1);
}

u32 domain_for_fork(const struct wd40_task __arena *child __arg_arena, u32 parent_domain)
{
	u32 best = domain_nearest_allowed(child, parent_domain, 0);
	struct wd40_domain __arena *dom = domain_at(best);
	u64 best_rate;

	if (!dom)
		return best;
	best_rate = runnable_per_cpu(best);
	if (best_rate < WD40_BASE_WEIGHT)
		return best;
	for (u32 i = 0; i < dom->nr_victims && i < FORK_CANDIDATES && can_loop; i++) {
		u32 d = dom->victims[i];
		u64 rate;

		if (!domain_usable(child, d))
			continue;
		rate = runnable_per_cpu(d);
		if (rate < best_rate) {
			best_rate = rate;
			best = d;
		}
	}
	return best;
}

static __always_inline u64 rate_of(const struct wd40_task __arena *t)
{
	return t->flags & WD40_TASK_RUNNABLE ? t->weight : 0;
}

/* Brings the averages of task and domain to now; the caller holds the domain's lock. */
static __always_inline void advance_locked(struct wd40_domain __arena *dom,
					   struct wd40_task __arena *t, u64 now_ns, u64 decay_q32)
{
	/* both are cut at the same time from here on, whichever's clock is ahead of this CPU's */
	if (now_ns < dom->load.at)
		now_ns = dom->load.at;
	if (now_ns < t->load.at)
		now_ns = t->load.at;
	ravg_advance(&dom->load, dom->load_rate, now_ns, decay_q32);
	ravg_advance(&t->load, rate_of(t), now_ns, decay_q32);
}

__hidden void domain_join(struct wd40_task __arena *t, u32 index, u64 now_ns)
{
	struct wd40_domain __arena *dom = domain_at(index);

	t->domain = index;
	WRITE_ONCE(t->load.avg, 0);
	WRITE_ONCE(t->load.partial, 0);
	t->load.at = now_ns;
	if (dom)
		__sync_fetch_and_add(&dom->nr_tasks, 1);
}

static __always_inline struct domain_lock *lock_of(u32 index)
{
	return bpf_map_lookup_elem(&domain_locks, &index);
}

/* Changes what a task's rate is, in the task and in its domain at once. */
static void change_rate(struct wd40_task __arena *t, u32 flags, u32 weight, u64 now_ns,
			u64 decay_q32)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	struct domain_lock *lock = lock_of(t->domain);

	if (!dom || !lock)
		return;
	bpf_spin_lock(&lock->lock);
	advance_locked(dom, t, now_ns, decay_q32);
	dom->load_rate -= rate_of(t);
	t->flags = flags;
	t->weight = weight;
	dom->load_rate += rate_of(t);
	bpf_spin_unlock(&lock->lock);
}

int domain_set_runnable(struct wd40_task __arena *t __arg_arena, bool runnable, u64 now_ns,
			u64 decay_q32)
{
	u32 flags = runnable ? t->flags | WD40_TASK_RUNNABLE : t->flags & ~WD40_TASK_RUNNABLE;

	change_rate(t, flags, t->weight, now_ns, decay_q32);
	return 0;
}

int domain_set_weight(struct wd40_task __arena *t __arg_arena, u32 weight, u64 now_ns,
		      u64 decay_q32)
{
	if (weight < 1)
		weight = 1;
	if (weight > WD40_MAX_WEIGHT)
		weight = WD40_MAX_WEIGHT;
	change_rate(t, t->flags, weight, now_ns, decay_q32);
	return 0;
}

/* Takes the task's share out of its domain's load. */
static void load_remove(struct wd40_task __arena *t, u64 now_ns, u64 decay_q32)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	struct domain_lock *lock = lock_of(t->domain);

	if (!dom || !lock)
		return;
	bpf_spin_lock(&lock->lock);
	advance_locked(dom, t, now_ns, decay_q32);
	ravg_sub(&dom->load, &t->load);
	dom->load_rate -= rate_of(t);
	bpf_spin_unlock(&lock->lock);
	__sync_fetch_and_add(&dom->nr_tasks, (u32)-1);
}

/* Adds the task's share to the load of the domain that it names now. */
static void load_insert(struct wd40_task __arena *t, u64 now_ns, u64 decay_q32)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	struct domain_lock *lock = lock_of(t->domain);

	if (!dom || !lock)
		return;
	bpf_spin_lock(&lock->lock);
	advance_locked(dom, t, now_ns, decay_q32);
	ravg_add(&dom->load, &t->load);
	dom->load_rate += rate_of(t);
	bpf_spin_unlock(&lock->lock);
	__sync_fetch_and_add(&dom->nr_tasks, 1);
}

int domain_leave(struct wd40_task __arena *t __arg_arena, u64 now_ns, u64 decay_q32)
{
	load_remove(t, now_ns, decay_q32);
	t->domain = WD40_NO_DOMAIN;
	return 0;
}

int domain_transfer(struct wd40_task __arena *t __arg_arena, u32 to, u64 now_ns, u64 decay_q32,
		    u64 lag_limit_ns)
{
	struct wd40_domain __arena *from = domain_at(t->domain), *dest = domain_at(to);

	if (!from || !dest || from == dest)
		return 0;
	load_remove(t, now_ns, decay_q32);
	t->vtime = deadline_carry(t->vtime, from, dest, lag_limit_ns);
	t->domain = to;
	load_insert(t, now_ns, decay_q32);
	return 0;
}

bool domain_cpu_online(s32 cpu, bool online)
{
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(cpu));
	struct wd40_cpu __arena *c;

	if (!dom)
		return false;
	c = &shared.cpus[cpu];
	if (c->online == online)
		return true;
	c->online = online;
	__sync_fetch_and_add(&shared.hotplugs, 1);
	if (online) {
		__sync_fetch_and_add(&shared.nr_offline, (u32)-1);
		c->capacity = scx_bpf_cpuperf_cap(cpu);
		if (__sync_fetch_and_add(&dom->nr_online, 1) == 0)
			__sync_fetch_and_add(&shared.nr_orphaned, (u32)-1);
	} else {
		__sync_fetch_and_add(&shared.nr_offline, 1);
		if (__sync_fetch_and_add(&dom->nr_online, (u32)-1) == 1)
			__sync_fetch_and_add(&shared.nr_orphaned, 1);
	}
	return true;
}
