/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's scheduling core as a sched_ext scheduler meets it: which callback comes when, as
 * kernel/sched/ext of v7.3 has it. What a test may rely on:
 *
 *	wakeup	select_cpu (not for a task bound to one CPU), runnable, then enqueue unless select_cpu
 *		inserted the task itself
 *	choice	a running task with slice left stays; else the local queue; else dispatch, with the
 *		running task as prev; else prev stays, without any callback, with a slice if it has none
 *	switch	stopping of prev, then enqueue of it if it is runnable; running of the next
 *	sleep	stopping and quiescent, before the CPU's choice
 *	idle	update_idle when the CPU begins and ends being idle, not when it finds nothing again
 */
#include "tests/native/native.h"

#define CALL(op, args...)                     \
	do {                                  \
		if (native.ops->op)           \
			native.ops->op(args); \
	} while (0)

/* What the kernel gives a task that has no slice when it must go on. */
#define DEFAULT_SLICE_NS (20ull * 1000 * 1000)

/* --- Runs, sleeps and waits. -------------------------------------------------------------------- */

/* Accounts what the CPU's task has run up to now. */
static void account(struct native_cpu *c)
{
	struct task_struct *p = c->running;
	u64 ran = native.now_ns - c->accounted_at;

	c->accounted_at = native.now_ns;
	if (!p)
		return;
	p->native.ran += ran;
	p->scx.slice -= ran < p->scx.slice ? ran : p->scx.slice;
	if (p->native.run)
		p->native.run_left -= ran < p->native.run_left ? ran : p->native.run_left;
}

static bool wants_sleep(const struct task_struct *p)
{
	return p->native.run && !p->native.run_left;
}

static void begin_wait(struct task_struct *p)
{
	p->native.waiting_since = native.now_ns;
}

static void end_wait(struct task_struct *p)
{
	u64 waited = native.now_ns - p->native.waiting_since;

	if (waited > p->native.longest_wait)
		p->native.longest_wait = waited;
}

/* The running task of a CPU leaves it for sleep. */
static void block(struct native_cpu *c)
{
	struct task_struct *p = c->running;

	CALL(stopping, p, false);
	CALL(quiescent, p, 0);
	p->scx.flags &= ~TASK_QUEUED;
	p->native.wake_at = p->native.sleep ? native.now_ns + p->native.sleep : 0;
	c->running = NULL;
}

/* --- A CPU's choice. ---------------------------------------------------------------------------- */

static struct task_struct *pick(s32 cpu, struct task_struct *prev)
{
	struct native_cpu *c = &native.cpus[cpu];
	bool runnable = prev && (prev->scx.flags & TASK_QUEUED);

	if (runnable && prev->scx.slice)
		return prev;
	if (!c->local.first)
		CALL(dispatch, cpu, prev);
	if (runnable && prev->scx.slice)
		return prev;
	if (c->local.first || !runnable)
		return c->local.first;
	prev->scx.slice = DEFAULT_SLICE_NS;
	return prev;
}

static void put(struct task_struct *prev)
{
	CALL(stopping, prev, true);
	begin_wait(prev);
	CALL(enqueue, prev, 0);
}

static void set(struct native_cpu *c, struct task_struct *next)
{
	native_unqueue(next);
	c->running = next;
	next->native.cpu = (s32)(c - native.cpus);
	end_wait(next);
	CALL(running, next);
}

static void change_idle(s32 cpu, bool idle, bool notify)
{
	native_set_idle(cpu, idle);
	if (notify)
		CALL(update_idle, cpu, idle);
}

void native_schedule(s32 cpu)
{
	struct native_cpu *c = &native.cpus[cpu];
	struct task_struct *prev, *next, *was = c->running;

	native.cpu = cpu;
	native.current = was;
	c->resched = false;
	account(c);
	if (was && wants_sleep(was))
		block(c);
	prev = c->running;
	next = pick(cpu, was);
	if (next == prev && next)
		return;
	if (prev) {
		put(prev);
		c->running = NULL;
	}
	if (!next) {
		change_idle(cpu, true, was);
		return;
	}
	if (!was)
		change_idle(cpu, false, true);
	set(c, next);
}

/* All CPUs that have a reason to choose do, until none has. */
static void settle(void)
{
	bool again = true;

	while (again) {
		again = false;
		for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++) {
			struct native_cpu *c = &native.cpus[cpu];

			if (!c->resched && (c->running || !c->local.first))
				continue;
			native_schedule((s32)cpu);
			again = true;
		}
	}
}

/* What the kernel does for a scheduler without select_cpu: any idle CPU, the last one first. */
static s32 select_cpu_default(struct task_struct *p, s32 last)
{
	for (s32 i = 0; i < (s32)native.nr_cpu_ids; i++) {
		s32 cpu = (last + i) % (s32)native.nr_cpu_ids;

		if (!native_allowed(p, cpu) || !scx_bpf_test_and_clear_cpu_idle(cpu))
			continue;
		kernel_insert(p, DSQ_LOCAL, DEFAULT_SLICE_NS, 0);
		return cpu;
	}
	return last;
}

static s32 select_cpu(struct task_struct *p, u64 wake_flags)
{
	s32 cpu = p->native.cpu;

	if (p->nr_cpus_allowed == 1)
		return cpu;
	native.selecting = p;
	cpu = native.ops->select_cpu ? native.ops->select_cpu(p, cpu, wake_flags)
				     : select_cpu_default(p, cpu);
	native.selecting = NULL;
	return cpu;
}

void native_wake(struct task_struct *p, u64 wake_flags)
{
	s32 cpu;

	p->native.wake_at = 0;
	p->native.run_left = p->native.run;
	p->native.nr_wakes++;
	cpu = select_cpu(p, wake_flags);
	if ((u32)cpu >= native.nr_cpu_ids || !native_allowed(p, cpu))
		native_die("task %d is sent to CPU %d, where it may not run", p->pid, cpu);
	p->native.cpu = cpu;
	p->scx.flags |= TASK_QUEUED;
	begin_wait(p);
	CALL(runnable, p, 0);
	if (p->native.direct)
		native_queue_tail(&native.cpus[cpu].local, p);
	else
		CALL(enqueue, p, 0);
	p->native.direct = false;
}

/* --- Time. -------------------------------------------------------------------------------------- */

static u64 next_event(u64 end)
{
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++) {
		const struct native_cpu *c = &native.cpus[cpu];
		u64 left;

		if (!c->running)
			continue;
		left = c->running->scx.slice;
		if (c->running->native.run && c->running->native.run_left < left)
			left = c->running->native.run_left;
		if (c->accounted_at + left < end)
			end = c->accounted_at + left;
	}
	for (struct task_struct *p = native.tasks; p; p = p->native.others)
		if (p->native.wake_at && p->native.wake_at < end)
			end = p->native.wake_at;
	return end;
}

static void handle_events(void)
{
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++) {
		struct native_cpu *c = &native.cpus[cpu];

		account(c);
		if (c->running && (!c->running->scx.slice || wants_sleep(c->running)))
			c->resched = true;
	}
	for (struct task_struct *p = native.tasks; p; p = p->native.others)
		if (p->native.wake_at && p->native.wake_at <= native.now_ns) {
			native.cpu = p->native.cpu;
			native.current = native.cpus[native.cpu].running;
			native_wake(p, 0);
		}
}

void native_run(u64 duration_ns)
{
	u64 end = native.now_ns + duration_ns;

	settle();
	while (native.now_ns < end) {
		native.now_ns = next_event(end);
		handle_events();
		settle();
	}
}

/* --- Begin and end. ----------------------------------------------------------------------------- */

s32 native_attach(const struct sched_ext_ops *ops)
{
	native.ops = ops;
	return ops->init();
}

s32 native_join(struct task_struct *p)
{
	struct scx_init_task_args args = { .fork = native.current };
	s32 err = native.ops->init_task(p, &args);

	if (err)
		return err;
	p->native.others = native.tasks;
	native.tasks = p;
	return 0;
}

/* A task that runs or waits is taken off its CPU or queue first. */
static void stop(struct task_struct *p)
{
	struct native_cpu *c = &native.cpus[p->native.cpu];

	if (!(p->scx.flags & TASK_QUEUED))
		return;
	if (p->native.dsq)
		native_unqueue(p);
	native.cpu = p->native.cpu;
	if (c->running == p) {
		account(c);
		CALL(stopping, p, false);
		c->running = NULL;
		c->resched = true;
	}
	CALL(quiescent, p, 0);
	p->scx.flags &= ~TASK_QUEUED;
}

void native_leave(struct task_struct *p)
{
	struct scx_exit_task_args args = { 0 };
	struct task_struct **at = &native.tasks;

	stop(p);
	CALL(exit_task, p, &args);
	while (*at != p)
		at = &(*at)->native.others;
	*at = p->native.others;
	p->native.wake_at = 0;
}

void native_detach(void)
{
	struct scx_exit_info info = { 0 };

	while (native.tasks)
		native_leave(native.tasks);
	CALL(exit, &info);
}

/* --- Attributes. -------------------------------------------------------------------------------- */

/* For a change the kernel takes the task off its queue or CPU, as if it went to sleep. */
static bool pause(struct task_struct *p, bool *ret_running)
{
	struct native_cpu *c = &native.cpus[p->native.cpu];

	*ret_running = c->running == p;
	if (!(p->scx.flags & TASK_QUEUED))
		return false;
	native.cpu = p->native.cpu;
	if (p->native.dsq)
		native_unqueue(p);
	if (*ret_running) {
		account(c);
		CALL(stopping, p, false);
	}
	CALL(quiescent, p, 0);
	p->scx.flags &= ~TASK_QUEUED;
	return true;
}

/* And puts it back: on the CPU that it ran on, unless it may run there no more, or into a queue. */
static void resume(struct task_struct *p, bool running)
{
	struct native_cpu *c = &native.cpus[p->native.cpu];
	bool stays = native_allowed(p, p->native.cpu);

	p->scx.flags |= TASK_QUEUED;
	CALL(runnable, p, 0);
	if (running)
		CALL(running, p);
	if (running && stays)
		return;
	if (running) {
		CALL(stopping, p, true);
		c->running = NULL;
		c->resched = true;
	}
	while (!native_allowed(p, p->native.cpu))
		p->native.cpu = (p->native.cpu + 1) % (s32)native.nr_cpu_ids;
	begin_wait(p);
	CALL(enqueue, p, 0);
}

void native_set_weight(struct task_struct *p, u32 weight)
{
	bool running, queued = pause(p, &running);

	p->scx.weight = weight;
	CALL(set_weight, p, weight);
	if (queued)
		resume(p, running);
}

void native_set_affinity(struct task_struct *p, u32 first, u32 n)
{
	bool running, queued = pause(p, &running);

	native_allow_only(p, first, n);
	CALL(set_cpumask, p, p->cpus_ptr);
	if (queued)
		resume(p, running);
}

/* The task of a CPU that goes offline is pushed to another one. */
static void evacuate(s32 cpu)
{
	struct native_cpu *c = &native.cpus[cpu];
	struct task_struct *p;

	while ((p = c->running ?: c->local.first)) {
		native.cpu = cpu;
		if (c->running) {
			account(c);
			CALL(stopping, p, true);
			c->running = NULL;
		} else {
			native_unqueue(p);
		}
		do
			p->native.cpu = (p->native.cpu + 1) % (s32)native.nr_cpu_ids;
		while (!native_allowed(p, p->native.cpu));
		begin_wait(p);
		CALL(enqueue, p, 0);
	}
}

void native_set_online(s32 cpu, bool online)
{
	native_change_online(cpu, online);
	if (online) {
		CALL(cpu_online, cpu);
		native.cpus[cpu].resched = true;
		return;
	}
	native_set_idle(cpu, false);
	evacuate(cpu);
	CALL(cpu_offline, cpu);
}
