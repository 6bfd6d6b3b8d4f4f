/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs come and go: sched_cpu_activate and sched_cpu_deactivate, and what ext.c does in them. */
#include <stdlib.h>

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
void native_push_away(struct native_cpu *c)
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

/* --- sched_cpu_deactivate. ---------------------------------------------------------------------- */

/*
 * set_cpu_active(false), balance_push_set. The thread of the CPU that does it then waits for a grace period:
 * the CPU pushes what it had, and is idle, without that dispatch was called (balance_one, scx_rq_online), or
 * after it was called in vain.
 */
static void deactivate(struct native_cpu *c)
{
	native_count_busy(c);
	c->active = c->in_rt = c->in_irq = false;
	native_heap_cancel(&native.timers, &c->thief_timer);
	c->leaving = true;
	native.cpu = number_of(c);
	native.current = NULL;
	if (c->idle)
		native_change_idle(c, false); /* that thread ran */
	native_leave_on(c);
}

/* What follows the grace period: sched_set_rq_offline, scx_rq_deactivate; then sched_cpu_dying. */
static void go_offline(struct native_cpu *c)
{
	s32 cpu = number_of(c);

	c->leaving = false;
	native.cpu = cpu;
	gather(c);
	tell_scheduler(cpu, false);
	native_push_away(c);
	release_pinned(cpu);
	c->idle = false;
	native_change_online(cpu, false);
	native_set_idle(cpu, false);
}

static void go_online(struct native_cpu *c)
{
	native_change_online(number_of(c), true);
	tell_scheduler(number_of(c), true);
	native_resched(c);
}

/* --- One after the other. ----------------------------------------------------------------------- */

static bool is_last_active(s32 cpu)
{
	for (u32 other = 0; other < native.nr_cpu_ids; other++)
		if (native.cpus[other].active && other != (u32)cpu)
			return false;
	return true;
}

static void begin_next(void);

/* The hotplug under way is over. */
static void finish(void *userdata)
{
	struct native_hotplug *h = native.hotplug;

	if (native.ended)
		return;
	if (h->online)
		go_online(&native.cpus[h->cpu]);
	else
		go_offline(&native.cpus[h->cpu]);
	native_tell(NATIVE_EVENT_ONLINE, h->cpu, NULL, 0, h->online);
	native.hotplug = h->next;
	free(h);
	begin_next();
}

static void drop_impossible(void)
{
	struct native_hotplug *h;

	while ((h = native.hotplug) && (native.cpus[h->cpu].active == h->online ||
					(!h->online && is_last_active(h->cpu)))) {
		native.hotplug = h->next;
		free(h);
	}
}

static void begin_next(void)
{
	drop_impossible();
	if (!native.hotplug)
		return;
	native.hotplug_since = native.now_ns;
	if (native.hotplug->online) {
		native_at(native.now_ns, finish, NULL);
		return;
	}
	deactivate(&native.cpus[native.hotplug->cpu]);
	native.cpu =
		cpubits_next_and(native.online, native.online, WD40_WORDS(native.nr_cpu_ids), 0);
	native_wake(native.grace, 0);
}

static void enter_queue(s32 cpu, bool online)
{
	struct native_hotplug *h = calloc(1, sizeof(*h)), **end = &native.hotplug;

	if (!h)
		native_die("no memory for a hotplug");
	*h = (struct native_hotplug){ cpu, online, NULL };
	while (*end)
		end = &(*end)->next;
	*end = h;
	if (native.hotplug == h)
		begin_next();
}

void native_set_online(s32 cpu, bool online)
{
	struct native_cpu *c = &native.cpus[cpu];

	if (!c->present)
		return;
	if (native.grace) {
		enter_queue(cpu, online);
		return;
	}
	if (c->active == online)
		return;
	if (online) {
		go_online(c);
	} else {
		deactivate(c);
		go_offline(c);
	}
	native_tell(NATIVE_EVENT_ONLINE, cpu, NULL, 0, online);
}

void native_hotplug_done(void)
{
	for (struct native_hotplug *h = native.hotplug, *next; h; h = next) {
		next = h->next;
		free(h);
	}
	native.hotplug = NULL;
	if (native.grace)
		native.grace = native_task_free(native.grace);
}

/* --- Grace periods: rcu_gp_kthread. ------------------------------------------------------------- */

#define GRACE_WORK_NS 20000ull   /* of the thread, each time */
#define GRACE_WAIT_NS 3000000ull /* till it looks who is in the way; nobody is */

/* Begins a grace period, waits, ends it, and waits for the next one. */
static struct native_step grace_step(struct task_struct *p)
{
	switch (p->native.nr_steps++ % 4) {
	case 0: return (struct native_step){ NATIVE_RUN, GRACE_WORK_NS };
	case 1: return (struct native_step){ NATIVE_SLEEP, native.now_ns + GRACE_WAIT_NS };
	case 2: return (struct native_step){ NATIVE_RUN, GRACE_WORK_NS };
	}
	if (native.hotplug && !native.hotplug->online)
		native_at(native.now_ns, finish, NULL);
	return (struct native_step){ NATIVE_BLOCK, 0 };
}

void native_grace_begin(void)
{
	struct task_struct *p = native_task_new();

	p->flags |= PF_KTHREAD;
	p->native.program = grace_step;
	p->native.nr_steps = 3; /* it waits */
	if (native_fork(NULL, p))
		native_die("the scheduler takes no thread for grace periods");
	native.grace = p;
}
