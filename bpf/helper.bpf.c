// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/attend.bpf.h"
#include "bpf/cpu.bpf.h"
#include "bpf/helper.bpf.h"
#include "bpf/placement.bpf.h"
#include "bpf/steal.bpf.h"

/* A function of its own for the verifier, which follows it once. */
__attribute__((noinline)) s32 helper_claim(struct task_struct *p __arg_trusted, u32 domain,
					   const struct wd40_config __arena *config __arg_arena,
					   const struct wd40_tune __arena *tune __arg_arena)
{
	struct policy policy = { .config = config, .tune = tune };
	struct wd40_domain __arena *dom = domain_at(domain);
	u32 why = 0;
	s32 cpu = placement_claim_helper(p, domain, policy, &why);

	if (cpu < 0 && dom && attend_fails(dom, config, kernel_now()))
		cpu = placement_claim_anywhere(p, domain, &why);
	if (cpu >= 0)
		count(why);
	return cpu;
}

/* False: it came to a queue lately and could take nobody, so it may not now. */
static bool call(s32 cpu, u32 domain)
{
	struct wd40_cpu __arena *c = cpu_record(cpu);

	if (c)
		WRITE_ONCE(c->called_to, domain);
	scx_bpf_kick_cpu(cpu, KICK_IDLE);
	return !c || !READ_ONCE(c->in_vain);
}

bool helper_wake(struct task_struct *p __arg_trusted, u32 domain,
		 const struct wd40_config __arena *config __arg_arena,
		 const struct wd40_tune __arena *tune __arg_arena)
{
	s32 cpu;

	if (!cpu_may_kick())
		return false;
	cpu = helper_claim(p, domain, config, tune);
	if (cpu < 0)
		return false;
	if (call(cpu, domain))
		return true;
	cpu = helper_claim(p, domain, config, tune);
	if (cpu >= 0)
		call(cpu, domain);
	return true;
}

__hidden s32 helper_claim_unkicked(struct task_struct *p, u32 domain, struct policy policy)
{
	return cpu_may_kick() ? -ENOENT : helper_claim(p, domain, policy.config, policy.tune);
}

/* Wakes CPUs, at most so many, for the tasks at the head of a domain's queue. Returns how many. */
static u64 call_helpers(u32 domain, u64 most, struct policy policy)
{
	u64 turn = 0, end = HELPER_DEPTH, called = 0;
	u64 queue = queue_of(domain, policy.config->fifo_sched);
	struct task_struct *p;

	barrier_var(end); /* a number that the verifier knows would make it follow each turn */
	kernel_for_each_queued (p, queue) {
		called += helper_wake(p, domain, policy.config, policy.tune);
		if (called == most || ++turn == end)
			break;
	}
	return called;
}

__hidden void helper_wake_next(struct wd40_cpu __arena *c, struct policy policy)
{
	u32 called_to = c->called_to;
	s32 from;

	c->called_to = WD40_NO_DOMAIN;
	if (called_to < shared.nr_domains && call_helpers(called_to, 1, policy))
		return;
	if (queue_length(c->domain, policy.config) && call_helpers(c->domain, 1, policy))
		return;
	from = steal_find(c->domain, policy.config);
	if (from >= 0)
		call_helpers(from, 1, policy);
}

__hidden void helper_pass_on(struct wd40_cpu __arena *c, struct policy policy)
{
	u32 called_to = c->called_to;

	c->called_to = WD40_NO_DOMAIN;
	if (called_to == WD40_NO_DOMAIN || c->in_vain ||
	    !steal_is_due(c->domain, called_to, policy.config))
		return;
	WRITE_ONCE(c->in_vain, true);
	call_helpers(called_to, 1, policy);
}

__hidden void helper_wake_for_queue(u32 domain, struct policy policy)
{
	call_helpers(domain, HELPER_DEPTH, policy);
}

__hidden void helper_wake_all(void)
{
	for (u32 cpu = 0; cpu < shared.nr_cpu_ids && can_loop; cpu++)
		if (READ_ONCE(shared.cpus[cpu].online))
			scx_bpf_kick_cpu(cpu, KICK_IDLE);
}

__hidden void helper_look_around(s32 cpu, u32 domain, struct policy policy)
{
	if (queue_length_soon(domain, policy.config, kernel_now()) ||
	    (cpumask_test(policy.tune->kick_greedy, cpu) && steal_find(domain, policy.config) >= 0))
		scx_bpf_kick_cpu(cpu, KICK_IDLE);
}
