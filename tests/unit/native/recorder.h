/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scheduler that writes down which callbacks came, and does the little that a test tells it to: the
 * rules of the native kernel are tested with it, whatever wd40 does.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "util/macro.h"

#define MSEC   1000000ull
#define SEC_NS 1000000000ull

#define SLICE_NS   (10 * MSEC)
#define QUEUE      7ull /* the scheduler's own, first-in-first-out */
#define TASKS_MAX  64
#define EVENTS_MAX 4096

static struct {
	/* what it does */
	u64 target;       /* where enqueue inserts: QUEUE, DSQ_LOCAL, ... ; 0: nowhere */
	u64 flags, vtime; /* with that */
	bool by_vtime;
	s32 choice;   /* select_cpu: that CPU; -1: the task's last one */
	bool inserts; /* and inserts the task into target */
	void (*on_dispatch)(s32 cpu, struct task_struct *prev);
	u32 refuse; /* init_task of so many tasks */

	/* what happened: "select1 runnable1 enqueue1 ", with the tasks' numbers */
	char log[8192];
	struct native_event events[EVENTS_MAX];
	u32 nr_events;
	struct task_struct *tasks[TASKS_MAX];
	u32 nr_tasks;
	struct native_observer observer;
} rec;

__attribute__((format(printf, 1, 2))) static inline void note(const char *format, ...)
{
	size_t length = strlen(rec.log);
	va_list args;

	va_start(args, format);
	vsnprintf(rec.log + length, sizeof(rec.log) - length, format, args);
	va_end(args);
}

/* The log since the last call is what is expected. */
static inline void assert_log(const char *expected)
{
	assert_string_equal(rec.log, expected);
	rec.log[0] = '\0';
}

static inline void forget(void)
{
	rec.log[0] = '\0';
	rec.nr_events = 0;
}

static inline void rec_insert(struct task_struct *p)
{
	if (rec.by_vtime)
		kernel_insert_vtime(p, rec.target, SLICE_NS, rec.vtime, rec.flags);
	else if (rec.target)
		kernel_insert(p, rec.target, SLICE_NS, rec.flags);
}

static inline s32 rec_select_cpu(struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	note("select%d ", p->pid);
	if (rec.inserts)
		rec_insert(p);
	return rec.choice < 0 ? prev_cpu : rec.choice;
}

static inline void rec_enqueue(struct task_struct *p, u64 enq_flags)
{
	note(enq_flags & ENQ_LAST ? "enqueue-last%d " : "enqueue%d ", p->pid);
	rec_insert(p);
}

static inline void rec_dispatch(s32 cpu, struct task_struct *prev)
{
	if (rec.on_dispatch)
		rec.on_dispatch(cpu, prev);
	else
		kernel_move_to_local(QUEUE);
}

static inline void rec_runnable(struct task_struct *p, u64 enq_flags)
{
	note("runnable%d ", p->pid);
}

static inline void rec_running(struct task_struct *p)
{
	note("running%d ", p->pid);
}

static inline void rec_stopping(struct task_struct *p, bool runnable)
{
	note(runnable ? "stopping%d " : "stopped%d ", p->pid);
}

static inline void rec_quiescent(struct task_struct *p, u64 deq_flags)
{
	note("quiescent%d ", p->pid);
}

static inline void rec_set_weight(struct task_struct *p, u32 weight)
{
	note("weight%d ", p->pid);
}

static inline void rec_set_cpumask(struct task_struct *p, const struct cpumask *mask)
{
	note("cpumask%d ", p->pid);
}

static inline void rec_update_idle(s32 cpu, bool idle)
{
	note(idle ? "idle-%d " : "busy-%d ", cpu);
}

static inline s32 rec_init_task(struct task_struct *p, struct scx_init_task_args *args)
{
	note(args->fork ? "fork%d " : "init%d ", p->pid);
	return rec.refuse && rec.refuse-- ? -ENOMEM : 0;
}

static inline void rec_exit_task(struct task_struct *p, struct scx_exit_task_args *args)
{
	note("exit%d ", p->pid);
}

static inline void rec_cpu_online(s32 cpu)
{
	note("online-%d ", cpu);
}

static inline void rec_cpu_offline(s32 cpu)
{
	note("offline-%d ", cpu);
}

static inline s32 rec_init(void)
{
	return scx_bpf_create_dsq(QUEUE, -1);
}

/* A test may change it before rec_start. */
static struct sched_ext_ops rec_ops;

static inline void rec_event(struct native_observer *o, const struct native_event *e)
{
	if (rec.nr_events < EVENTS_MAX)
		rec.events[rec.nr_events++] = *e;
}

/* The last event of a kind; NULL: there was none since forget. */
static inline const struct native_event *last_event(enum native_event_kind kind)
{
	for (u32 i = rec.nr_events; i--;)
		if (rec.events[i].kind == kind)
			return &rec.events[i];
	return NULL;
}

static inline u32 count_events(enum native_event_kind kind)
{
	u32 n = 0;

	for (u32 i = 0; i < rec.nr_events; i++)
		n += rec.events[i].kind == kind;
	return n;
}

static inline void rec_attach(void)
{
	if (native_attach(&rec_ops))
		native_die("the recorder does not attach");
	native_observe(&rec.observer);
	native_run(0);
	forget();
}

/* A machine with the recorder attached and all its CPUs idle. */
static inline void rec_start(u32 nodes, u32 cpus_of_a_node, u32 threads)
{
	native_boot((struct native_shape){ nodes, 1, cpus_of_a_node, threads });
	rec_attach();
}

static inline void rec_end(void)
{
	native_detach();
	native_unobserve(&rec.observer);
	while (rec.nr_tasks)
		native_task_free(rec.tasks[--rec.nr_tasks]);
	native_halt();
}

/* A task that the scheduler has, and that sleeps: runs for run at each wakeup, forever if 0. */
static inline struct task_struct *rec_task(u64 run)
{
	struct task_struct *p = rec.tasks[rec.nr_tasks++] = native_task_new();

	p->native.run = run;
	native.current = NULL;
	if (native_join(p))
		native_die("task %d is refused", p->pid);
	forget();
	return p;
}

/* The same, bound to a CPU. */
static inline struct task_struct *rec_bound(u64 run, s32 cpu)
{
	struct task_struct *p = rec_task(run);

	native_allow_only(p, (u32)cpu, 1);
	p->native.cpu = cpu;
	return p;
}

/* Runs on the CPU from now on, with a whole slice. */
static inline struct task_struct *rec_hog(s32 cpu)
{
	struct task_struct *p = rec_task(0);
	u64 target = rec.target;
	s32 choice = rec.choice;

	rec.target = DSQ_LOCAL;
	rec.choice = cpu;
	native_wake(p, 0);
	native_run(0);
	rec.target = target;
	rec.choice = choice;
	forget();
	return p;
}

static inline int rec_setup(void **state)
{
	memset(&rec, 0, sizeof(rec));
	rec.target = QUEUE;
	rec.choice = -1;
	rec.observer.event = rec_event;
	rec_ops = (struct sched_ext_ops){
		.select_cpu = rec_select_cpu,
		.enqueue = rec_enqueue,
		.dispatch = rec_dispatch,
		.runnable = rec_runnable,
		.running = rec_running,
		.stopping = rec_stopping,
		.quiescent = rec_quiescent,
		.set_weight = rec_set_weight,
		.set_cpumask = rec_set_cpumask,
		.update_idle = rec_update_idle,
		.init_task = rec_init_task,
		.exit_task = rec_exit_task,
		.cpu_online = rec_cpu_online,
		.cpu_offline = rec_cpu_offline,
		.init = rec_init,
	};
	return 0;
}

static inline int rec_teardown(void **state)
{
	rec_end();
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rec_setup, rec_teardown)
