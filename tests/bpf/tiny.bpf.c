// SPDX-License-Identifier: GPL-2.0-only
/*
 * wd40_tiny: a second scheduler made of the modules of bpf/, which shows that they know nothing of the
 * first. Weighted fair queueing, a queue by deadline for each domain; a task lives where it last ran,
 * and a CPU without work steals from other domains. The kernel picks idle CPUs. It ends when a CPU goes
 * on or offline.
 */
#include "bpf/deadline.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/policy.bpf.h"
#include "bpf/steal.bpf.h"
#include "bpf/task.bpf.h"

char _license[] SEC("license") = "GPL";

struct wd40_shared __arena shared;

/* What the loader prints, and whether the kernel ended the scheduler. */
u64 tiny_queued, tiny_own, tiny_stolen, tiny_tasks;
u32 tiny_exit_kind;

void SCHED_OPS(tiny_enqueue, struct task_struct *p, u64 enq_flags)
{
	const struct wd40_config __arena *config = policy_now().config;
	struct wd40_task __arena *t = task_of(p);
	u64 slice = config->slice_overutil_ns;
	s32 cpu = scx_bpf_task_cpu(p);
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(cpu));

	if (!t || !dom) {
		kernel_insert(p, DSQ_LOCAL, slice, enq_flags);
		return;
	}
	domain_transfer(t, dom->id, load_now(config, kernel_now()), slice);
	deadline_set(t, dom, slice);
	kernel_insert_vtime(p, QUEUE_DEADLINE(dom->id), slice, t->deadline, enq_flags);
	scx_bpf_kick_cpu(cpu, KICK_IDLE);
	__sync_fetch_and_add(&tiny_queued, 1);
}

void SCHED_OPS(tiny_dispatch, s32 cpu, struct task_struct *prev)
{
	const struct wd40_config __arena *config = policy_now().config;
	u32 domain = domain_of_cpu(cpu);

	if (queue_consume(domain, config))
		__sync_fetch_and_add(&tiny_own, 1);
	else if (steal(domain, config) >= 0)
		__sync_fetch_and_add(&tiny_stolen, 1);
}

void SCHED_OPS(tiny_runnable, struct task_struct *p, u64 enq_flags)
{
	struct wd40_task __arena *t = task_of(p);

	if (t)
		domain_set_runnable(t, true, policy_load_now(policy_now()));
}

void SCHED_OPS(tiny_quiescent, struct task_struct *p, u64 deq_flags)
{
	struct wd40_task __arena *t = task_of(p);

	if (t)
		domain_set_runnable(t, false, policy_load_now(policy_now()));
}

void SCHED_OPS(tiny_running, struct task_struct *p)
{
	struct wd40_task __arena *t = task_of(p);
	struct wd40_domain __arena *dom = t ? domain_at(t->domain) : NULL;

	if (!dom)
		return;
	deadline_begin(t, kernel_ran_ns(p));
	deadline_advance_domain(dom, t->vtime);
}

void SCHED_OPS(tiny_stopping, struct task_struct *p, bool runnable)
{
	struct wd40_task __arena *t = task_of(p);

	if (!t)
		return;
	deadline_charge(t, domain_at(t->domain), kernel_ran_ns(p));
	if (!runnable)
		deadline_sleep(t);
}

s32 SCHED_OPS_SLEEPABLE(tiny_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	s32 err = task_begin(p, false, policy_now());
	struct wd40_task __arena *t = err ? NULL : task_of(p);

	if (!t)
		return err;
	t->flags |= WD40_TASK_OPPOSED; /* every run moves the time */
	__sync_fetch_and_add(&tiny_tasks, 1);
	return 0;
}

void SCHED_OPS(tiny_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	task_end(p, policy_now());
}

s32 SCHED_OPS_SLEEPABLE(tiny_init)
{
	shared.nr_orphaned = shared.nr_domains;
	for (u32 cpu = 0; cpu < shared.nr_cpu_ids && can_loop; cpu++)
		domain_cpu_online(cpu, true); /* those that are offline have no domain */
	return queues_create();
}

void SCHED_OPS_SLEEPABLE(tiny_exit, struct scx_exit_info *info)
{
	tiny_exit_kind = BPF_CORE_READ(info, kind);
}

SEC(".struct_ops.link")
struct sched_ext_ops tiny_ops = {
	.enqueue = (void *)tiny_enqueue,
	.dispatch = (void *)tiny_dispatch,
	.runnable = (void *)tiny_runnable,
	.running = (void *)tiny_running,
	.stopping = (void *)tiny_stopping,
	.quiescent = (void *)tiny_quiescent,
	.init_task = (void *)tiny_init_task,
	.exit_task = (void *)tiny_exit_task,
	.init = (void *)tiny_init,
	.exit = (void *)tiny_exit,
	.name = "wd40_tiny",
};
