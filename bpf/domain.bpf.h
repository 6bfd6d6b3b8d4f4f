/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: which one a CPU and a task belong to, the load of each, and how a task changes over.
 *
 * A domain's load is the decaying average of the weight of its runnable tasks. A task has its duty, the
 * average of being runnable, apart from its weight; duty times weight is its share of the load. Both
 * averages are advanced by the same rule, so a domain's load is the sum of its tasks' shares; a task
 * that changes over takes its share along, and one whose weight changes has the new one at once.
 * Functions that change a load take the load time (load_now).
 */
#pragma once

#include "bpf/cpumask.bpf.h"
#include "bpf/kernel.bpf.h"

extern struct wd40_shared __arena shared;

/* Index of the domain of a CPU, or WD40_NO_DOMAIN; any number may be given. */
static __always_inline u32 domain_of_cpu(s32 cpu)
{
	return (u32)cpu < shared.nr_cpu_ids ? shared.cpus[cpu].domain : WD40_NO_DOMAIN;
}

/* The domain of that index, NULL when there is none. */
static __always_inline struct wd40_domain __arena *domain_at(u32 index)
{
	return index < shared.nr_domains ? &shared.domains[index] : NULL;
}

static __always_inline bool domain_allowed(const struct wd40_task __arena *t, u32 index)
{
	return t->allowed_domains[index / WD40_BITS_PER_WORD] >> (index % WD40_BITS_PER_WORD) & 1;
}

/* Is the domain in a node of the mask (the kernel's ids, below 64)? An empty mask has all nodes. */
static __always_inline bool domain_in_nodes(u32 index, u64 node_mask)
{
	u32 node = shared.domains[index].node_id;

	return !node_mask || (node < 64 && (node_mask >> node & 1));
}

/*
 * A task will be in the domain's queue within DOMAIN_ARRIVAL_NS, mostly much sooner: the kernel puts it
 * there when enqueue has returned. To be said before an idle CPU is looked for; the exchange is the barrier
 * between both.
 */
#define DOMAIN_ARRIVAL_NS 50000

static __always_inline void domain_expect(struct wd40_domain __arena *dom, u64 now)
{
	__sync_lock_test_and_set(&dom->arrival_at, now);
}

/* Is a task expected that may not be queued yet? */
static __always_inline bool domain_expects(u32 index, u64 now)
{
	struct wd40_domain __arena *dom = domain_at(index);

	return dom && (s64)(now - READ_ONCE(dom->arrival_at)) < DOMAIN_ARRIVAL_NS;
}

/* Has the domain a CPU online that the task's affinity allows? Changes nothing. */
bool domain_serves(u32 index, struct task_struct *p __arg_trusted);

/*
 * Sets which domains have a CPU online of the task's affinity, and the flags that follow from that.
 * Returns their number. The affinity is what was asked for, also while migration is off.
 */
u32 domain_set_allowed(struct wd40_task __arena *t __arg_arena,
		       struct task_struct *p __arg_trusted);

/*
 * The nearest allowed domain with a CPU online, seen from domain from (itself first); from itself
 * when there is none. With node_mask non-zero only nodes (the kernel's ids, below 64) in it count, as
 * long as there is one.
 */
u32 domain_nearest_allowed(const struct wd40_task __arena *t __arg_arena, u32 from, u64 node_mask);

/*
 * The domain for a new task: the parent's, unless that one has more runnable weight than its capacity
 * can serve at base weight and a near one has less by capacity. There is no such choice at exec, where
 * the kernel does not ask (select_task_rq_scx, WF_EXEC).
 */
u32 domain_for_fork(const struct wd40_task __arena *child __arg_arena, u32 parent_domain);

/* The load time at now_ns, by the half-life of config: a changed one begins another load clock. */
u64 load_now(const struct wd40_config __arena *config __arg_arena, u64 now_ns);

/* Puts a new task, not runnable yet, into a domain. */
__hidden void domain_join(struct wd40_task __arena *t, u32 index, u64 load_now);

/* Takes a task out of its domain for good. Returns 0, as those below. */
int domain_leave(struct wd40_task __arena *t __arg_arena, u64 load_now);

/*
 * Moves a task, runnable or not, to another domain: load, count and lag go along. lag_limit_ns: see
 * deadline_carry. The caller has checked that it is allowed there.
 */
int domain_transfer(struct wd40_task __arena *t __arg_arena, u32 to, u64 load_now,
		    u64 lag_limit_ns);

/* The task became runnable (true) or stopped being so (false). */
int domain_set_runnable(struct wd40_task __arena *t __arg_arena, bool runnable, u64 load_now);

/* The task, which is in no queue and does not run now, gets another weight: load and lag follow. */
int domain_set_weight(struct wd40_task __arena *t __arg_arena, u32 weight, u64 load_now);

/* Has a CPU gone on or offline since it was looked up which domains are the task's? */
static __always_inline bool domain_allowed_is_old(const struct wd40_task __arena *t)
{
	return t->hotplugs != (u16)READ_ONCE(shared.hotplugs);
}

/*
 * A CPU went on or offline, as the kernel says or as the CPU itself has seen: counts, orphaned domains. Said
 * twice it counts once. False when the CPU has no domain.
 */
bool domain_cpu_online(s32 cpu, bool online);

/* The scheduler begins: counts which CPUs are online, domain by domain. Once, before anything else. */
__hidden void domain_begin(kernel_mask online);
