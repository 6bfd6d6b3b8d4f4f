// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/cpumask.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/placement.bpf.h"

/* One search: what is looked for, and the kernel's idle masks, held for its duration. */
struct search {
	const struct cpumask *allowed;
	const struct cpumask *idle;  /* CPUs */
	const struct cpumask *cores; /* CPUs whose whole core is idle */
};

static bool cpu_claimable(const struct search *s, s32 cpu)
{
	return (u32)cpu < shared.nr_cpu_ids && cpumask_kernel_test(s->allowed, cpu) &&
	       scx_bpf_test_and_clear_cpu_idle(cpu);
}

static s32 claim_in_domain(const struct search *s, u32 index, const u64 __arena *limit)
{
	struct wd40_domain __arena *dom = domain_at(index);
	s32 cpu;

	if (!dom)
		return -ENOENT;
	cpu = cpumask_claim_idle(dom->cpus, domain_span(dom), limit, s->allowed, s->cores);
	if (cpu < 0)
		cpu = cpumask_claim_idle(dom->cpus, domain_span(dom), limit, s->allowed, s->idle);
	return cpu;
}

/*
 * A waker that is about to sleep hands over: to the previous CPU if that is idle and shares the
 * waker's cache, else to the waker's own CPU if nothing waits there. The latter only while the
 * domain has an idle CPU: else the task had better queue by its deadline.
 */
static s32 claim_for_sync(const struct search *s, s32 prev_cpu, u32 *ret_why)
{
	s32 waker_cpu = bpf_get_smp_processor_id();
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(waker_cpu));
	struct task_struct *waker = (struct task_struct *)bpf_get_current_task_btf();

	if (!dom)
		return -ENOENT;
	if (domain_of_cpu(prev_cpu) == dom->id && cpu_claimable(s, prev_cpu)) {
		*ret_why = WD40_CTR_WSYNC_PREV_IDLE;
		return prev_cpu;
	}
	if (waker->flags & PF_EXITING || !cpumask_kernel_test(s->allowed, waker_cpu) ||
	    !cpumask_intersects(dom->cpus, domain_span(dom), s->idle) ||
	    scx_bpf_dsq_nr_queued(DSQ_LOCAL_ON | waker_cpu))
		return -ENOENT;
	*ret_why = WD40_CTR_WSYNC;
	return waker_cpu;
}

/* In the task's own domain; the previous CPU is preferred wherever it does as well as another. */
static s32 claim_at_home(const struct search *s, u32 home, s32 prev_cpu, u32 *ret_why)
{
	struct wd40_domain __arena *dom = domain_at(home);
	bool prev_at_home = domain_of_cpu(prev_cpu) == home;
	s32 cpu;

	if (!dom)
		return -ENOENT;
	*ret_why = WD40_CTR_PREV_IDLE;
	if (prev_at_home && cpumask_kernel_test(s->cores, prev_cpu) && cpu_claimable(s, prev_cpu))
		return prev_cpu;
	*ret_why = WD40_CTR_DIRECT_IDLE;
	cpu = cpumask_claim_idle(dom->cpus, domain_span(dom), NULL, s->allowed, s->cores);
	if (cpu >= 0)
		return cpu;
	if (prev_at_home && cpu_claimable(s, prev_cpu)) {
		*ret_why = WD40_CTR_PREV_IDLE;
		return prev_cpu;
	}
	return cpumask_claim_idle(dom->cpus, domain_span(dom), NULL, s->allowed, s->idle);
}

/* In other domains, nearest first, on the CPUs of limit; far ones only when cross_node. */
static s32 claim_abroad(const struct search *s, u32 home, const u64 __arena *limit, bool cross_node,
			bool *ret_far)
{
	struct wd40_domain __arena *dom = domain_at(home);
	u32 nr;

	if (!dom)
		return -ENOENT;
	nr = cross_node ? dom->nr_victims : dom->nr_victims_node;
	for (u32 i = 0; i < nr && can_loop; i++) {
		s32 cpu = claim_in_domain(s, dom->victims[i], limit);

		if (cpu >= 0) {
			*ret_far = i >= dom->nr_victims_node;
			return cpu;
		}
	}
	return -ENOENT;
}

static s32 claim_greedily(const struct search *s, u32 home, struct placement_policy policy,
			  u32 *ret_why)
{
	bool far = false;
	s32 cpu;

	if (!policy.tune->any_direct_greedy)
		return -ENOENT;
	cpu = claim_abroad(s, home, policy.tune->direct_greedy, policy.config->direct_greedy_numa,
			   &far);
	*ret_why = far ? WD40_CTR_DIRECT_GREEDY_FAR : WD40_CTR_DIRECT_GREEDY;
	return cpu;
}

__hidden s32 placement_claim_cpu(struct task_struct *p, const struct wd40_task __arena *t,
				 struct placement_policy policy, struct placement_wakeup *wakeup)
{
	struct search s = { .allowed = p->cpus_ptr };
	s32 cpu = -ENOENT;

	s.idle = scx_bpf_get_idle_cpumask();
	s.cores = scx_bpf_get_idle_smtmask();
	if (wakeup->wake_flags & WAKE_SYNC)
		cpu = claim_for_sync(&s, wakeup->prev_cpu, &wakeup->why);
	if (cpu < 0)
		cpu = claim_at_home(&s, t->domain, wakeup->prev_cpu, &wakeup->why);
	if (cpu < 0)
		cpu = claim_greedily(&s, t->domain, policy, &wakeup->why);
	scx_bpf_put_idle_cpumask(s.cores);
	scx_bpf_put_idle_cpumask(s.idle);
	return cpu;
}

__hidden s32 placement_claim_helper(struct task_struct *p, const struct wd40_task __arena *t,
				    struct placement_policy policy, u32 *ret_why)
{
	struct search s = { .allowed = p->cpus_ptr };
	bool far;
	s32 cpu;

	s.idle = scx_bpf_get_idle_cpumask();
	s.cores = scx_bpf_get_idle_smtmask();
	*ret_why = WD40_CTR_KICK_IDLE;
	cpu = claim_in_domain(&s, t->domain, NULL);
	if (cpu < 0 && policy.config->greedy_threshold && policy.tune->any_kick_greedy) {
		*ret_why = WD40_CTR_KICK_GREEDY;
		cpu = claim_abroad(&s, t->domain, policy.tune->kick_greedy,
				   policy.config->greedy_threshold_x_numa, &far);
	}
	scx_bpf_put_idle_cpumask(s.cores);
	scx_bpf_put_idle_cpumask(s.idle);
	return cpu;
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
