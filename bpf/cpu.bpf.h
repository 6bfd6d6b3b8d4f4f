/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU's own record (struct wd40_cpu), kept by the CPU itself: its stints, its frequency, its kicks. */
#pragma once

#include "bpf/domain.bpf.h"
#include "bpf/idle.h"
#include "bpf/kernel.bpf.h"

/* The record of a CPU; NULL where there is none. */
static __always_inline struct wd40_cpu __arena *cpu_record(s32 cpu)
{
	return (u32)cpu < shared.nr_cpu_ids ? &shared.cpus[cpu] : NULL;
}

static __always_inline struct wd40_cpu __arena *cpu_here(void)
{
	return cpu_record(bpf_get_smp_processor_id());
}

/* The CPU is idle, or is not: it may be told again what it is. */
static __always_inline void cpu_set_idle(struct wd40_cpu __arena *c, bool idle, u64 now)
{
	u64 word = c->idle;

	if (idle_is(word) == idle)
		return;
	WRITE_ONCE(c->idle, idle_flip(word, now));
	WRITE_ONCE(c->clock_ns, now);
}

/*
 * A CPU is idle without that dispatch was called since it last was idle or ran a task: the kernel asks us
 * nothing there any more, which is so from when a CPU that is taken offline is inactive. It tells us of that
 * only after a grace period.
 */
static __always_inline bool cpu_has_left(const struct wd40_cpu __arena *c, bool idle)
{
	return idle && !c->asked && READ_ONCE(c->online);
}

/*
 * A stint ends idleness too: update_idle is not called where the kernel bypasses the scheduler, nor for
 * what was so before the scheduler was attached.
 */
static __always_inline void cpu_begin_stint(struct wd40_cpu __arena *c, u64 now)
{
	WRITE_ONCE(c->running_since, now);
	WRITE_ONCE(c->clock_ns, now);
	c->looked_again = false;
	c->asked = false;
	c->attends = false;
	c->in_vain = false;
	cpu_set_idle(c, false, now);
}

static __always_inline void cpu_end_stint(struct wd40_cpu __arena *c, u64 now)
{
	u64 since = c->running_since;

	if (since && now > since)
		c->busy_ns += now - since;
	WRITE_ONCE(c->running_since, 0);
	WRITE_ONCE(c->clock_ns, now);
}

/* cpufreq is asked only where the wish differs from what was asked last; 0 gives the kernel's own. */
static __always_inline void cpu_apply_perf(struct wd40_cpu __arena *c, s32 cpu, u32 level)
{
	if (c->perf_applied == level)
		return;
	c->perf_applied = level;
	scx_bpf_cpuperf_set(cpu, level ?: CPUPERF_ONE);
}

/*
 * May this CPU kick others? Not while it dies: its interrupts are flushed before its last wakeups and
 * its last step to idle, so a kick from there would stay pending for ever, and the kernel would wait
 * for it when the scheduler is detached.
 */
static __always_inline bool cpu_may_kick(void)
{
	struct wd40_cpu __arena *c = cpu_here();

	return c && READ_ONCE(c->online);
}

/*
 * This CPU was idle, was woken and found nothing. It will be marked idle again, but update_idle is not
 * called for that: a task queued in between would wait. So it looks once more, with the mark set.
 */
static __always_inline void cpu_look_again(void)
{
	struct wd40_cpu __arena *c = cpu_here();

	if (!cpu_may_kick() || !c)
		return;
	c->looked_again = !c->looked_again;
	if (c->looked_again)
		scx_bpf_kick_cpu(bpf_get_smp_processor_id(), KICK_IDLE);
}

/*
 * There is nothing to do, so this CPU is idle. Where it was so before the scheduler was attached, or while it
 * was bypassed, update_idle is not called.
 */
static __always_inline void cpu_stay_idle(struct wd40_cpu __arena *c, u64 now)
{
	cpu_set_idle(c, true, now);
	cpu_look_again();
}
