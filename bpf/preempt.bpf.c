// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/cpu.bpf.h"
#include "bpf/preempt.bpf.h"
#include "bpf/steal.bpf.h"
#include "bpf/task.bpf.h"

static bool is_wanted(const struct wd40_config __arena *config)
{
	return config->wakeup_preemption && !config->fifo_sched;
}

/* Does somebody go before that deadline? */
static bool is_preceded(u32 domain, u64 deadline)
{
	struct task_struct *first = kernel_queue_first(QUEUE_DEADLINE(domain));

	return first && !deadline_before(deadline, first->scx.dsq_vtime);
}

/*
 * Each preemption puts the time at which the CPU has none left off by an interval. Who loses a race against
 * another one takes that for the verdict: one is enough.
 */
static bool spend(struct wd40_cpu __arena *c, u64 now)
{
	u64 spent_until = READ_ONCE(c->preempt_spent), from = spent_until;

	if ((s64)(spent_until - now) > (s64)((PREEMPT_BURST - 1) * PREEMPT_INTERVAL_NS))
		return false;
	if ((s64)(from - now) < 0)
		from = now;
	return __sync_val_compare_and_swap(&c->preempt_spent, spent_until,
					   from + PREEMPT_INTERVAL_NS) == spent_until;
}

bool preempt_claim(struct task_struct *p __arg_trusted,
		   const struct wd40_task __arena *t __arg_arena,
		   const struct wd40_config __arena *config __arg_arena, u64 now)
{
	s32 cpu = scx_bpf_task_cpu(p);
	struct wd40_cpu __arena *c = cpu_record(cpu);
	struct wd40_domain __arena *dom = domain_at(t->domain);

	if (!c || !dom || !(t->flags & WD40_TASK_PROMPT) || !is_wanted(config) ||
	    c->domain != t->domain)
		return false;
	return now >= READ_ONCE(c->yields_at) && preempt_is_owed(dom, t->deadline) &&
	       !is_preceded(t->domain, t->deadline) && spend(c, now);
}

bool preempt_at_tick(s32 cpu, const struct wd40_config __arena *config __arg_arena, u64 now)
{
	struct wd40_cpu __arena *c = cpu_record(cpu);
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(cpu));
	struct wd40_task __arena *t;
	struct task_struct *p;

	if (!c || !dom || !is_wanted(config) || now < READ_ONCE(c->yields_at))
		return false;
	p = kernel_queue_first(QUEUE_DEADLINE(dom->id));
	if (!p || !preempt_is_owed(dom, p->scx.dsq_vtime))
		return false;
	t = task_of(p);
	return t && t->flags & WD40_TASK_PROMPT;
}
