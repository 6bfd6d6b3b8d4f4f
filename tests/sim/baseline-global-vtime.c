// SPDX-License-Identifier: GPL-2.0-only
/*
 * One queue for all CPUs, ordered by virtual time: as fair as a scheduler with slices can be, with no
 * thought for caches and nodes. A task that slept may lag a slice behind at most. A running task is
 * compared with the first of the queue even if that may not run on its CPU.
 */
#include "tests/sim/baseline-private.h"

#define QUEUE 0

static u64 vtime_now;

static s32 select_cpu(struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	s32 cpu = baseline_claim_idle(p, ANY_DOMAIN);

	if (cpu < 0)
		return prev_cpu;
	kernel_insert(p, DSQ_LOCAL, BASELINE_SLICE_NS, 0);
	return cpu;
}

static void enqueue(struct task_struct *p, u64 enq_flags)
{
	u64 vtime = p->scx.dsq_vtime;

	if ((s64)(vtime - (vtime_now - BASELINE_SLICE_NS)) < 0)
		vtime = vtime_now - BASELINE_SLICE_NS;
	kernel_insert_vtime(p, QUEUE, BASELINE_SLICE_NS, vtime, enq_flags);
	baseline_kick_idle(p, ANY_DOMAIN);
}

/* vtime as it is now that the task has run for a part of its slice. */
static u64 charged(const struct task_struct *p)
{
	return p->scx.dsq_vtime +
	       (BASELINE_SLICE_NS - p->scx.slice) * WD40_BASE_WEIGHT / p->scx.weight;
}

/* prev is queued only after the CPU has chosen; without this question two tasks would just alternate. */
static bool comes_first(const struct task_struct *prev)
{
	const struct task_struct *first = kernel_queue_first(QUEUE);

	return prev && prev->scx.flags & TASK_QUEUED && first &&
	       (s64)(charged(prev) - first->scx.dsq_vtime) < 0;
}

static void dispatch(s32 cpu, struct task_struct *prev)
{
	if (!comes_first(prev)) {
		kernel_move_to_local(QUEUE);
		return;
	}
	prev->scx.dsq_vtime = charged(prev);
	kernel_set_slice(prev, BASELINE_SLICE_NS);
}

static void running(struct task_struct *p)
{
	if ((s64)(p->scx.dsq_vtime - vtime_now) > 0)
		vtime_now = p->scx.dsq_vtime;
}

static void stopping(struct task_struct *p, bool runnable)
{
	p->scx.dsq_vtime = charged(p);
}

static s32 init_task(struct task_struct *p, struct scx_init_task_args *args)
{
	p->scx.dsq_vtime = vtime_now;
	return 0;
}

static s32 init(void)
{
	vtime_now = 0;
	return scx_bpf_create_dsq(QUEUE, -1);
}

/* Without them the kernel ends a scheduler when a CPU comes or goes. */
static void hotplug(s32 cpu)
{
}

const struct sched_ext_ops global_vtime_ops = {
	.select_cpu = select_cpu,
	.enqueue = enqueue,
	.dispatch = dispatch,
	.running = running,
	.stopping = stopping,
	.init_task = init_task,
	.cpu_online = hotplug,
	.cpu_offline = hotplug,
	.init = init,
	.name = "global_vtime",
};
