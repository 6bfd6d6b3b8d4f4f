/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Placement: which idle CPU a waking task goes to at once, and which idle CPU is woken for a task
 * that had to be queued. The order of preference is the field's (scx_rusty's): sync wakeup, previous
 * CPU with an idle core, idle core of the own domain, previous CPU, any idle CPU of the own domain,
 * then idle CPUs of domains that the tuner found less busy than direct-greedy-under, nearest first.
 *
 * A new task goes through this when it is woken for the first time, and its domain is chosen before
 * (domain_for_fork). There is nothing to choose at exec: select_task_rq_scx answers WF_EXEC with the CPU
 * where the task is, before it would call select_cpu, since a task of sched_ext does not run where its
 * run queue is but where its domain has it dispatched. It is placed anew when it next wakes up, and a hog
 * is moved by the balancer.
 */
#pragma once

#include "bpf/kernel.bpf.h"
#include "bpf/policy.bpf.h"

/* A wakeup: where the task was, and the kernel's flags. */
struct placement_wakeup {
	s32 prev_cpu;
	u64 wake_flags;
	u32 why; /* set on success: the counter that says how the CPU was found */
};

/* Claims an idle CPU for a waking task. -ENOENT: no CPU is idle for it. */
__hidden s32 placement_claim_cpu(struct task_struct *p, const struct wd40_task __arena *t,
				 struct policy policy, struct placement_wakeup *wakeup);

/*
 * Claims an idle CPU that shall come and take the task just queued in a domain: one of the domain or,
 * where greedy stealing is on, one that the tuner allows to be kicked. -ENOENT: none.
 */
__hidden s32 placement_claim_helper(struct task_struct *p, u32 domain, struct policy policy,
				    u32 *ret_why);

/*
 * The same from all CPUs of other domains, whatever the rules of stealing: for a queue that its own domain
 * does not attend to.
 */
__hidden s32 placement_claim_anywhere(struct task_struct *p, u32 domain, u32 *ret_why);

/* Nodes (the kernel's ids) that the task's memory policy prefers, 0 = no preference. */
__hidden u64 placement_preferred_nodes(const struct task_struct *p);
