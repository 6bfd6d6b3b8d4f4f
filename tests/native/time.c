/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual time: what is due when, the progress of work, and the steps of programs. */
#include <stdlib.h>

#include "tests/native/core.h"

/* A program, or a scheduler, that lets no time pass is stuck. */
#define EVENTS_AT_ONCE_MAX (1u << 26)

#define FULL_SPEED (1ull << 20) /* capacity and frequency 1024 */

struct native_appointment {
	struct native_timer timer;
	void (*fn)(void *userdata);
	void *userdata;
	struct native_appointment *next; /* of those to use again */
};

#define OWNER(t, type, member) ((type *)((char *)(t) - offsetof(type, member)))

/* --- Work. -------------------------------------------------------------------------------------- */

/* update_curr_scx: time in interrupts is nobody's (CONFIG_IRQ_TIME_ACCOUNTING). */
void native_account(struct native_cpu *c)
{
	struct task_struct *p = c->running;
	u64 ran = native.now_ns - c->accounted_at;

	c->accounted_at = native.now_ns;
	if (!p || c->in_irq)
		return;
	p->native.ran += ran;
	p->se.sum_exec_runtime += ran;
	if (p->scx.slice != SLICE_INF)
		p->scx.slice -= ran < p->scx.slice ? ran : p->scx.slice;
}

static u64 speed_of(const struct native_cpu *c)
{
	return (u64)c->capacity * c->frequency;
}

static bool has_end(const struct task_struct *p)
{
	return p->native.program || p->native.run;
}

void native_settle_work(struct native_cpu *c)
{
	struct task_struct *p = c->running;
	u64 done =
		(u64)((unsigned __int128)(native.now_ns - c->work_from) * speed_of(c) / FULL_SPEED);

	native_account(c);
	c->work_from = native.now_ns;
	if (p && !c->in_irq && has_end(p))
		p->native.run_left -= done < p->native.run_left ? done : p->native.run_left;
}

/* When the work is done, if nothing comes between. */
static u64 work_ends_at(const struct native_cpu *c)
{
	const struct task_struct *p = c->running;
	unsigned __int128 needs;

	if (!has_end(p))
		return ~0ull;
	if (p->native.step_due)
		return native.now_ns;
	needs = ((unsigned __int128)p->native.run_left * FULL_SPEED + speed_of(c) - 1) /
		speed_of(c);
	return needs < ~0ull - c->work_from ? c->work_from + (u64)needs : ~0ull;
}

/* The CPU's next tick, if the scheduler wants to hear of it. */
static u64 ticks_at(void)
{
	if (!native.tick_ns || !native.ops->tick)
		return ~0ull;
	return native.now_ns + native.tick_ns - native.now_ns % native.tick_ns;
}

/* task_tick_scx sees the end of a slice; CPUs tick at the same times (sched_skew_tick is off). */
static u64 slice_ends_at(const struct native_cpu *c)
{
	u64 at = c->accounted_at + c->running->scx.slice;

	if (c->running->scx.slice == SLICE_INF || at < c->accounted_at)
		return ~0ull;
	if (native.tick_ns && at % native.tick_ns)
		at += native.tick_ns - at % native.tick_ns;
	return at;
}

void native_arm(struct native_cpu *c)
{
	u64 slice, work, tick;

	if (!c->running || c->in_irq) {
		native_heap_cancel(&native.timers, &c->timer);
		return;
	}
	slice = slice_ends_at(c);
	work = work_ends_at(c);
	tick = ticks_at();
	if (tick < slice)
		slice = tick;
	native_heap_set(&native.timers, &c->timer, work < slice ? work : slice);
}

/* --- Steps. ------------------------------------------------------------------------------------- */

/* A task without a program alternates between its run and its sleep. */
static struct native_step simple_step(const struct task_struct *p)
{
	if (p->native.sleep)
		return (struct native_step){ NATIVE_SLEEP, native.now_ns + p->native.sleep };
	return (struct native_step){ NATIVE_BLOCK, 0 };
}

static void begin_step(struct native_cpu *c, struct task_struct *p)
{
	p->native.step_due = false;
	switch (p->native.step.kind) {
	case NATIVE_RUN: p->native.run_left = p->native.step.ns; break;
	case NATIVE_SLEEP:
		if (p->native.step.ns <= native.now_ns)
			p->native.step.kind = NATIVE_RUN; /* of nothing */
		break;
	case NATIVE_YIELD: p->scx.slice = 0; break; /* yield_task_scx without ops.yield */
	case NATIVE_EXIT: p->flags |= PF_EXITING; break;
	case NATIVE_BLOCK: break;
	}
	if (p->native.step.kind == NATIVE_RUN)
		native_arm(c);
	else
		native_schedule(number_of(c));
}

/* The running task has done its work. */
static void next_step(struct native_cpu *c)
{
	struct task_struct *p = c->running;

	native.cpu = number_of(c);
	native.current = p;
	if (!p->native.step_due)
		p->native.step = p->native.program ? p->native.program(p) : simple_step(p);
	p->native.step_due = true;
	if (c->running == p && !c->in_irq)
		begin_step(c, p);
	else if (c->running == p)
		native_arm(c); /* it has let itself be interrupted */
}

/* task_tick_scx */
static void tick(struct native_cpu *c)
{
	if (!native.tick_ns || native.now_ns % native.tick_ns)
		return;
	native.cpu = number_of(c);
	native.current = c->running;
	native.in_interrupt = true;
	CALL(tick, c->running);
	native.in_interrupt = false;
}

static void cpu_due(struct native_cpu *c)
{
	struct task_struct *p = c->running;

	native_account(c);
	if (work_ends_at(c) <= native.now_ns) {
		native_settle_work(c);
		next_step(c);
		return;
	}
	tick(c);
	if (!p->scx.slice)
		native_resched(c);
	else
		native_arm(c);
}

/* --- Appointments. ------------------------------------------------------------------------------ */

static struct native_appointment *unused;

void native_at(u64 at_ns, void (*fn)(void *userdata), void *userdata)
{
	struct native_appointment *a = unused;

	if (a)
		unused = a->next;
	else
		a = calloc(1, sizeof(*a));
	if (!a)
		native_die("no memory for an appointment");
	a->fn = fn;
	a->userdata = userdata;
	a->timer.tie = TIMER_TIE(TIMER_APPOINTMENT, ++native.appointments);
	native_heap_set(&native.timers, &a->timer, at_ns > native.now_ns ? at_ns : native.now_ns);
}

static void keep_appointment(struct native_appointment *a)
{
	void (*fn)(void *userdata) = a->fn;
	void *userdata = a->userdata;

	a->next = unused;
	unused = a;
	native.current = NULL;
	fn(userdata);
}

void native_time_done(void)
{
	while (native.timers.nr) {
		struct native_timer *t = native_heap_pop(&native.timers);

		if (t->tie >> 56 == TIMER_APPOINTMENT)
			free(OWNER(t, struct native_appointment, timer));
	}
	native_heap_done(&native.timers);
	while (unused) {
		struct native_appointment *next = unused->next;

		free(unused);
		unused = next;
	}
}

/* --- The clock. --------------------------------------------------------------------------------- */

/* The timer of a sleep expires on the CPU where the task began it. */
static void task_due(struct task_struct *p)
{
	native.cpu = native.cpus[p->native.cpu].active
			     ? p->native.cpu
			     : cpubits_next_and(native.online, native.online,
						WD40_WORDS(native.nr_cpu_ids), 0);
	native.current = native.cpus[native.cpu].running;
	native.in_interrupt = true;
	native_wake(p, 0);
	native.in_interrupt = false;
}

static void handle(struct native_timer *t)
{
	switch ((enum native_timer_kind)(t->tie >> 56)) {
	case TIMER_APPOINTMENT: keep_appointment(OWNER(t, struct native_appointment, timer)); break;
	case TIMER_THIEF: native_thief_leaves(OWNER(t, struct native_cpu, thief_timer)); break;
	case TIMER_CPU: cpu_due(OWNER(t, struct native_cpu, timer)); break;
	case TIMER_TASK: task_due(OWNER(t, struct task_struct, native.timer)); break;
	case TIMER_WATCHDOG: native_watchdog_look(); break;
	}
}

static void count_event(void)
{
	if (++native.events_at_once > EVENTS_AT_ONCE_MAX)
		native_die("time stands still at %llu ns", native.now_ns);
}

/* All CPUs that have a reason to choose do, going round, until none has. */
static void settle(void)
{
	s32 cpu = -1, next;

	while (!native.ended) {
		next = cpubits_set_take(&native.resched, (u32)(cpu + 1));
		if (next < 0 && cpu < 0)
			return;
		if (next >= 0)
			native_schedule(next);
		cpu = next;
		count_event();
	}
}

/* All that happens now. */
static void let_happen(void)
{
	native.events_at_once = 0;
	do {
		while (!native.ended && native_heap_first_ns(&native.timers) <= native.now_ns) {
			handle(native_heap_pop(&native.timers));
			count_event();
		}
		settle();
	} while (!native.ended && native_heap_first_ns(&native.timers) <= native.now_ns);
	native_tell(NATIVE_EVENT_SETTLED, native.cpu, NULL, 0, 0);
}

void native_run(u64 duration_ns)
{
	u64 end = native.now_ns + duration_ns, next;

	let_happen();
	while (!native.ended && (next = native_heap_first_ns(&native.timers)) <= end) {
		native.now_ns = next;
		let_happen();
	}
	native.now_ns = end;
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		native_account(&native.cpus[cpu]);
}
