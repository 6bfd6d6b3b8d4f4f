/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs come and go: sched_cpu_activate and sched_cpu_deactivate, and what ext.c does in them. */
#include "tests/native/core.h"

/* handle_hotplug: a scheduler that does not want to know is ended. */
static void tell_scheduler(s32 cpu, bool online)
{
	if (online && native.ops->cpu_online)
		native.ops->cpu_online(cpu);
	else if (!online && native.ops->cpu_offline)
		native.ops->cpu_offline(cpu);
	else
		native_fail(SCX_EXIT_UNREG_KERN, "cpu %d going %s, exiting scheduler", cpu,
			    online ? "online" : "offline");
}

/* rq_offline_scx: what waits elsewhere for this CPU goes to its local queue, the last one first. */
static void gather(struct native_cpu *c)
{
	for (struct task_struct *p = c->last_waiter, *before; p; p = before) {
		before = p->native.waits_before;
		if (p->native.dsq != &c->local)
			native_requeue_task(p);
	}
}

/* balance_push: whatever the CPU picks is put at once, by the stopper, and pushed to another CPU. */
static void evacuate(struct native_cpu *c)
{
	struct task_struct *p;

	while ((p = c->running ?: c->local.first)) {
		native.cpu = number_of(c);
		if (!c->running)
			native_set_running(c, p);
		native.current = p;
		if (!p->scx.slice)
			p->scx.slice = 1;
		native_put(c, 0);
		native_release(p);
		native_push(p);
	}
	native_arm(c);
}

/*
 * balance_hotplug_wait: the CPU does not go before those that must not migrate from it, asleep or not, have
 * let go.
 */
static void release_pinned(s32 cpu)
{
	for (struct task_struct *p = native.tasks; p; p = p->native.older)
		if (p->native.cpu == cpu)
			native_release(p);
}

static void go_offline(struct native_cpu *c)
{
	s32 cpu = number_of(c);

	native_count_busy(c);
	c->active = c->in_rt = c->in_irq = false;
	native_heap_cancel(&native.timers, &c->thief_timer);
	native.cpu = cpu;
	gather(c);
	tell_scheduler(cpu, false);
	evacuate(c);
	release_pinned(cpu);
	c->idle = false;
	native_change_online(cpu, false);
	native_set_idle(cpu, false);
}

void native_set_online(s32 cpu, bool online)
{
	struct native_cpu *c = &native.cpus[cpu];

	if (!c->present || c->active == online)
		return;
	if (online) {
		native_change_online(cpu, true);
		tell_scheduler(cpu, true);
		native_resched(c);
	} else {
		go_offline(c);
	}
	native_tell(NATIVE_EVENT_ONLINE, cpu, NULL, 0, online);
}
