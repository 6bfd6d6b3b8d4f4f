// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/cpumask.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/placement.bpf.h"
#include "bpf/steal.bpf.h"

/* What counts as idle: a CPU, or a CPU whose whole core is. */
enum idle_unit {
	IDLE_CPU,
	IDLE_CORE,
};

/* Claims one of the CPUs in word w; candidates lose the race for a CPU one by one. */
static s32 claim_in_word(u32 w, u64 candidates)
{
	while (candidates && can_loop) {
		u32 cpu = w * WD40_BITS_PER_WORD + cpumask_lowest_bit(candidates);

		if (scx_bpf_test_and_clear_cpu_idle(cpu))
			return cpu;
		candidates &= candidates - 1;
	}
	return -ENOENT;
}

/*
 * Claims an idle CPU of a domain for the task, within limit if that is not NULL. To the kernel a CPU that it
 * has made inactive, to take it offline, is idle like others; but it takes nobody.
 */
s32 claim_in_domain(struct task_struct *p __arg_trusted,
		    const struct wd40_domain __arena *dom __arg_arena,
		    const u64 __arena *limit __arg_arena, u32 unit)
{
	kernel_mask idle = kernel_mask_idle(p, unit == IDLE_CORE), allowed = kernel_mask_allowed(p);
	s32 cpu = -ENOENT;

	for (u32 w = dom->first_word; w < dom->end_word && cpu < 0 && can_loop; w++) {
		u64 candidates = dom->cpus[w] & shared.online_cpus[w] & kernel_mask_word(idle, w) &
				 kernel_mask_word(allowed, w);

		if (limit)
			candidates &= limit[w];
		cpu = claim_in_word(w, candidates);
	}
	return cpu;
}

/* An idle core, or else an idle CPU, of any domain by its index. */
static s32 claim_best(struct task_struct *p, u32 index, const u64 __arena *limit)
{
	struct wd40_domain __arena *dom = domain_at(index);
	s32 cpu;

	if (!dom)
		return -ENOENT;
	cpu = claim_in_domain(p, dom, limit, IDLE_CORE);
	return cpu >= 0 ? cpu : claim_in_domain(p, dom, limit, IDLE_CPU);
}

/* Claims a given CPU if the task may run there and it (its core) is idle. */
bool claim_cpu(struct task_struct *p __arg_trusted, s32 cpu, u32 unit)
{
	if ((u32)cpu >= shared.nr_cpu_ids || !cpumask_test(shared.online_cpus, cpu) ||
	    !cpumask_kernel_test(kernel_mask_allowed(p), cpu))
		return false;
	if (unit == IDLE_CORE && !cpumask_kernel_test(kernel_mask_idle(p, true), cpu))
		return false;
	return scx_bpf_test_and_clear_cpu_idle(cpu);
}

/*
 * A waker that is about to sleep hands over: to the previous CPU if that is idle and shares the
 * waker's cache, else to the waker's own CPU. The latter only while the domain has an idle CPU and
 * nothing waits there or in the domain: a local queue goes before the domain's, so a pair of tasks
 * that wake each other would starve a task that is bound to their CPU.
 */
static s32 claim_for_sync(struct task_struct *p, s32 prev_cpu,
			  const struct wd40_config __arena *config, u32 *ret_why)
{
	s32 waker_cpu = bpf_get_smp_processor_id();
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(waker_cpu));
	struct task_struct *waker = (struct task_struct *)bpf_get_current_task_btf();

	if (!dom)
		return -ENOENT;
	*ret_why = WD40_CTR_WSYNC_PREV_IDLE;
	if (domain_of_cpu(prev_cpu) == dom->id && claim_cpu(p, prev_cpu, IDLE_CPU))
		return prev_cpu;
	*ret_why = WD40_CTR_WSYNC;
	if (waker->flags & PF_EXITING || !cpumask_kernel_test(kernel_mask_allowed(p), waker_cpu) ||
	    !cpumask_any_idle(p, dom->cpus, dom->first_word, dom->end_word) ||
	    scx_bpf_dsq_nr_queued(DSQ_LOCAL_ON | waker_cpu) || queue_length(dom->id, config))
		return -ENOENT;
	return waker_cpu;
}

/* In the task's own domain; the previous CPU is preferred wherever it does as well as another. */
static s32 claim_at_home(struct task_struct *p, u32 home, s32 prev_cpu, u32 *ret_why)
{
	struct wd40_domain __arena *dom = domain_at(home);
	bool prev_at_home = domain_of_cpu(prev_cpu) == home;
	s32 cpu;

	if (!dom)
		return -ENOENT;
	*ret_why = WD40_CTR_PREV_IDLE;
	if (prev_at_home && claim_cpu(p, prev_cpu, IDLE_CORE))
		return prev_cpu;
	*ret_why = WD40_CTR_DIRECT_IDLE;
	cpu = claim_in_domain(p, dom, NULL, IDLE_CORE);
	if (cpu >= 0)
		return cpu;
	*ret_why = WD40_CTR_PREV_IDLE;
	if (prev_at_home && claim_cpu(p, prev_cpu, IDLE_CPU))
		return prev_cpu;
	*ret_why = WD40_CTR_DIRECT_IDLE;
	return claim_in_domain(p, dom, NULL, IDLE_CPU);
}

/* With fewer other domains a look into each is as quick as one at all CPUs before that. */
#define NR_VICTIMS_MANY 4

/*
 * In other domains, nearest first, on the CPUs of limit; in other nodes only when cross_node. By itself for the
 * verifier, which follows it once so.
 */
s32 claim_abroad(struct task_struct *p __arg_trusted, u32 home,
		 const u64 __arena *limit __arg_arena, u32 cross_node)
{
	struct wd40_domain __arena *dom = domain_at(home);
	s32 cpu = -ENOENT;
	u32 nr;

	if (!dom)
		return -ENOENT;
	nr = cross_node ? dom->nr_victims : dom->nr_victims_node;
	if (nr > NR_VICTIMS_MANY && !cpumask_any_idle(p, limit, 0, shared.mask_words))
		return -ENOENT;
	for (u32 i = 0; i < nr && cpu < 0 && can_loop; i++)
		cpu = claim_best(p, dom->victims[i], limit);
	return cpu;
}

static bool is_far(u32 home, s32 cpu)
{
	struct wd40_domain __arena *here = domain_at(home), *there = domain_at(domain_of_cpu(cpu));

	return here && there && here->node != there->node;
}

static s32 claim_greedily(struct task_struct *p, u32 home, s32 prev_cpu, struct policy policy,
			  u32 *ret_why)
{
	s32 cpu;

	if (!policy.tune->any_direct_greedy)
		return -ENOENT;
	cpu = claim_abroad(p, home, policy.tune->direct_greedy, policy.config->direct_greedy_numa);
	*ret_why = cpu == prev_cpu     ? WD40_CTR_GREEDY_IDLE
		   : is_far(home, cpu) ? WD40_CTR_DIRECT_GREEDY_FAR
				       : WD40_CTR_DIRECT_GREEDY;
	return cpu;
}

__hidden s32 placement_claim_cpu(struct task_struct *p, const struct wd40_task __arena *t,
				 struct policy policy, struct placement_wakeup *wakeup)
{
	s32 cpu = -ENOENT;

	if (wakeup->wake_flags & WAKE_SYNC)
		cpu = claim_for_sync(p, wakeup->prev_cpu, policy.config, &wakeup->why);
	if (cpu < 0)
		cpu = claim_at_home(p, t->domain, wakeup->prev_cpu, &wakeup->why);
	if (cpu < 0)
		cpu = claim_greedily(p, t->domain, wakeup->prev_cpu, policy, &wakeup->why);
	return cpu;
}

__hidden s32 placement_claim_helper(struct task_struct *p, u32 domain, struct policy policy,
				    u32 *ret_why)
{
	s32 cpu;

	*ret_why = WD40_CTR_KICK_IDLE;
	cpu = claim_best(p, domain, NULL);
	if (cpu >= 0 || !policy.config->greedy_threshold || !policy.tune->any_kick_greedy)
		return cpu;
	*ret_why = WD40_CTR_KICK_GREEDY;
	return claim_abroad(p, domain, policy.tune->kick_greedy,
			    policy.config->greedy_threshold_x_numa);
}

__hidden s32 placement_claim_anywhere(struct task_struct *p, u32 domain, u32 *ret_why)
{
	*ret_why = WD40_CTR_KICK_GREEDY;
	return claim_abroad(p, domain, shared.all_cpus, true);
}

__hidden u64 placement_preferred_nodes(const struct task_struct *p)
{
	u32 mode;
	u64 nodes;

	if (!kernel_mempolicy(p, &mode, &nodes))
		return 0;
	if (mode == MPOL_BIND || mode == MPOL_PREFERRED || mode == MPOL_PREFERRED_MANY)
		return nodes;
	return 0;
}
