// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/cpu.bpf.h"
#include "bpf/cpumask.bpf.h"
#include "bpf/preempt.bpf.h"
#include "bpf/steal.bpf.h"
#include "bpf/task.bpf.h"

static bool is_wanted(const struct wd40_config __arena *config)
{
	return config->wakeup_preemption && !config->fifo_sched;
}

/*
 * Does somebody who waits in the queue, and may run on the CPU, go before that deadline? Where the kernel
 * cannot tell who is first, everybody does.
 */
static bool is_preceded(u32 domain, s32 cpu, u64 deadline, const struct wd40_config __arena *config)
{
	u64 first;

	if (!queue_first_deadline(domain, cpu, config, &first))
		return queue_length(domain, config);
	return !deadline_before(deadline, first);
}

/* Is the CPU there? A virtual one that its hypervisor does not run has no ticks, and would keep the task. */
static bool is_there(const struct wd40_cpu __arena *c, s32 cpu, u64 now)
{
	return cpu == (s32)bpf_get_smp_processor_id() ||
	       (s64)(now - c->ticked_at) <= (s64)PREEMPT_TICKS_NS;
}

/* Each preemption puts the time from which on the CPU has none left off by an interval. */
static bool spend(struct wd40_cpu __arena *c, u64 now)
{
	u64 from = c->preempt_spent;

	if ((s64)(from - now) > (s64)((PREEMPT_BURST - 1) * PREEMPT_INTERVAL_NS))
		return false;
	if ((s64)(from - now) < 0)
		from = now;
	c->preempt_spent = from + PREEMPT_INTERVAL_NS;
	return true;
}

bool preempt_claim(struct task_struct *p __arg_trusted,
		   const struct wd40_task __arena *t __arg_arena,
		   const struct wd40_config __arena *config __arg_arena, u64 now)
{
	s32 cpu = scx_bpf_task_cpu(p);
	struct wd40_cpu __arena *c = cpu_record(cpu);
	struct wd40_domain __arena *dom = domain_at(t->domain);

	if (!c || !dom || !t->prompt || !is_wanted(config) || c->domain != t->domain)
		return false;
	if (now < c->yields_at || !preempt_is_owed(dom, t->deadline) || !is_there(c, cpu, now) ||
	    is_preceded(t->domain, cpu, t->deadline, config) || !spend(c, now))
		return false;
	WRITE_ONCE(c->yields_at, WD40_YIELDS_NEVER);
	return true;
}

/* All CPUs tick at about the same time: one of them takes the task, another one when that was in vain. */
static bool yield_for(struct wd40_domain __arena *dom, u64 deadline, u64 now)
{
	u64 last = READ_ONCE(dom->yielded_at);

	if (READ_ONCE(dom->yielded_to) == deadline && (s64)(now - last) < (s64)PREEMPT_CHAIN_NS)
		return false;
	if (__sync_val_compare_and_swap(&dom->yielded_at, last, now) != last)
		return false;
	WRITE_ONCE(dom->yielded_to, deadline);
	return true;
}

static bool is_prompt(struct task_struct *p)
{
	struct wd40_task __arena *t = task_of(p);

	return t && t->prompt;
}

bool preempt_at_tick(s32 cpu, const struct wd40_config __arena *config __arg_arena, u64 now)
{
	struct wd40_cpu __arena *c = cpu_record(cpu);
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(cpu));
	struct task_struct *p;

	if (!c || !dom || !is_wanted(config))
		return false;
	WRITE_ONCE(c->ticked_at, now);
	if (now < c->yields_at)
		return false;
	p = queue_first(dom->id, config);
	return p && preempt_is_owed(dom, p->scx.dsq_vtime) &&
	       cpumask_kernel_test(kernel_mask_allowed(p), cpu) && is_prompt(p) &&
	       yield_for(dom, p->scx.dsq_vtime, now);
}
