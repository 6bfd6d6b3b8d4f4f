/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes CPUs from the scheduler's tasks, wholly or in part: higher classes, interrupts, cpufreq. */
#include "tests/native/core.h"

/* Adds the time since the last call if the CPU has been busy. */
void native_count_busy(struct native_cpu *c)
{
	if (c->running || c->in_irq || c->in_rt)
		c->busy_ns += native.now_ns - c->busy_counted_at;
	c->busy_counted_at = native.now_ns;
}

u64 native_busy_ns(s32 cpu)
{
	struct native_cpu *c = &native.cpus[cpu];

	native_count_busy(c);
	return c->busy_ns;
}

static void arm_thief(struct native_cpu *c)
{
	u64 rt = c->in_rt ? c->rt_until : ~0ull, irq = c->in_irq ? c->irq_until : ~0ull;

	if (c->in_rt || c->in_irq)
		native_heap_set(&native.timers, &c->thief_timer, rt < irq ? rt : irq);
}

/* The higher class comes: put_prev_task_scx, or put_prev_task_idle. */
static void begin_rt(struct native_cpu *c)
{
	struct task_struct *was = c->running;

	native.cpu = number_of(c);
	native.current = was;
	if (was) {
		native_put(c, 0);
		native_pin(was);
	} else if (c->idle) {
		native_change_idle(c, false);
	}
	c->in_rt = true;
	native_arm(c);
}

/* Time in interrupts is left out of rq_clock_task, and no work is done in it. */
static void begin_irq(struct native_cpu *c)
{
	native_settle_work(c);
	c->in_irq = true;
	native_arm(c);
}

static void end_irq(struct native_cpu *c)
{
	c->in_irq = false;
	c->accounted_at = c->work_from = native.now_ns;
	if (c->resched_later)
		native_resched(c);
	native_arm(c);
}

void native_thief_leaves(struct native_cpu *c)
{
	native_count_busy(c);
	if (c->in_irq && c->irq_until <= native.now_ns)
		end_irq(c);
	if (c->in_rt && c->rt_until <= native.now_ns) {
		c->in_rt = false;
		native_resched(c);
	}
	arm_thief(c);
}

void native_occupy(s32 cpu, enum native_thief thief, u64 ns)
{
	struct native_cpu *c = &native.cpus[cpu];
	u64 *until = thief == NATIVE_RT ? &c->rt_until : &c->irq_until;

	if (!c->active || native.ended)
		return;
	native_count_busy(c);
	*until = (*until > native.now_ns ? *until : native.now_ns) + ns;
	if (thief == NATIVE_RT && !c->in_rt)
		begin_rt(c);
	if (thief == NATIVE_IRQ && !c->in_irq)
		begin_irq(c);
	native_tell(NATIVE_EVENT_OCCUPY, cpu, NULL, thief, ns);
	arm_thief(c);
}

void native_set_frequency(s32 cpu, u32 frequency)
{
	struct native_cpu *c = &native.cpus[cpu];

	native_settle_work(c);
	c->frequency = frequency ?: 1;
	native_arm(c);
}
