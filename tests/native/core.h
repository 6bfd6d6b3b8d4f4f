/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the native kernel know of each other. */
#pragma once

#include "tests/native/cpubits.h"
#include "tests/native/heap.h"
#include "tests/native/native.h"

#define CALL(op, args...)                     \
	do {                                  \
		if (native.ops->op)           \
			native.ops->op(args); \
	} while (0)

/* What a timer's tie begins with: the order of those that are due at one time. */
enum native_timer_kind {
	TIMER_APPOINTMENT, /* native_at */
	TIMER_THIEF,       /* RT or an interrupt leaves the CPU */
	TIMER_CPU,         /* the running task's slice or work ends */
	TIMER_TASK,        /* a task has slept enough */
	TIMER_WATCHDOG,
};

#define TIMER_TIE(kind, number) ((u64)(kind) << 56 | (number))

/* include/linux/sched/ext.h, kernel/sched/ext/internal.h */
#define SLICE_DEFAULT_NS (20ull * 1000 * 1000)
#define SLICE_INF        (~0ull)

static inline struct native_cpu *cpu_of(const struct task_struct *p)
{
	return &native.cpus[p->native.cpu];
}

static inline s32 number_of(const struct native_cpu *c)
{
	return (s32)(c - native.cpus);
}

static inline bool is_queued(const struct task_struct *p)
{
	return p->scx.flags & TASK_QUEUED;
}

/* --- observe.c ---------------------------------------------------------------------------------- */

void native_tell(enum native_event_kind kind, s32 cpu, struct task_struct *p, u64 dsq, u64 value);

/* The kernel's scx_error and scx_exit: the scheduler has ended. Without an observer so does the program. */
__attribute__((format(printf, 2, 3))) void native_fail(enum scx_exit_kind kind, const char *format,
						       ...);

/* --- dsq.c -------------------------------------------------------------------------------------- */

void native_queue_by_vtime(struct native_dsq *q, struct task_struct *p, u64 vtime);

/* --- insert.c ----------------------------------------------------------------------------------- */

/* Puts the task into a queue as the verdict says; c: the CPU meant by DSQ_LOCAL. */
void native_insert(struct task_struct *p, const struct native_verdict *v, struct native_cpu *c);
void native_insert_local(struct native_cpu *c, struct task_struct *p, u64 flags);
void native_insert_global(struct task_struct *p);

/* scx_consume_dispatch_q: the first task that may run on the CPU goes to its local queue. */
bool native_consume(struct native_dsq *q, s32 cpu);
void native_flush_dispatch(void);

/* --- wakeup.c, core.c --------------------------------------------------------------------------- */

void native_resched(struct native_cpu *c);

/* What activate_task and deactivate_task are for the scheduler; no callback when it just moves. */
void native_enqueue_task(struct task_struct *p, u64 enq_flags);
void native_do_enqueue(struct task_struct *p, u64 enq_flags);
void native_begin_wait(struct task_struct *p);
void native_end_wait(struct task_struct *p);
void native_move(struct task_struct *p, s32 cpu);
void native_put(struct native_cpu *c, u64 enq_flags);
void native_set_running(struct native_cpu *c, struct task_struct *p);
void native_change_idle(struct native_cpu *c, bool idle);
void native_wake_on(struct task_struct *p, u64 wake_flags, u64 enq_flags);

/* scx_select_cpu_dfl (idle.c) */
s32 native_select_cpu_default(struct task_struct *p, s32 prev_cpu, u64 wake_flags);

/* is_cpu_allowed, and select_fallback_rq. */
bool native_may_run_on(const struct task_struct *p, s32 cpu);
s32 native_fallback_cpu(struct task_struct *p);

/* --- time.c ------------------------------------------------------------------------------------- */

/* Charges the running task for its time up to now; what is left of its work is brought up to now. */
void native_account(struct native_cpu *c);
void native_settle_work(struct native_cpu *c);

/* The CPU's timer is set to what its running task's time ends with. */
void native_arm(struct native_cpu *c);
void native_thief_leaves(struct native_cpu *c); /* occupy.c */
void native_count_busy(struct native_cpu *c);   /* occupy.c: before a change */
void native_time_done(void);

/* --- life.c ------------------------------------------------------------------------------------- */

void native_bury(struct task_struct *p); /* sched_ext_dead */

/* --- attributes.c ------------------------------------------------------------------------------- */

/* sched_change_begin: true when the task was runnable. */
bool native_pause(struct task_struct *p);
void native_pin(struct task_struct *p);            /* migrate_disable_switch */
void native_release(struct task_struct *p);        /* and its end by force */
void native_push(struct task_struct *p);           /* move_queued_task to a fallback CPU */
void native_requeue_task(struct task_struct *p);   /* a sched_change of nothing */
void native_force_affinity(struct task_struct *p); /* all CPUs */

/* --- hotplug.c ---------------------------------------------------------------------------------- */

void native_push_away(struct native_cpu *c); /* balance_push, on a CPU that leaves */
void native_leave_on(struct native_cpu *c);  /* what such a CPU does time and again */
void native_hotplug_done(void);

/* --- arena.c, kernel.c, idle.c ------------------------------------------------------------------- */

void native_arena_boot(const struct topology *t, u32 tasks_max);
void native_arena_halt(void);
void native_check_cpu(s32 cpu, const char *kfunc);
bool native_any_idle(void);

/* --- watchdog.c --------------------------------------------------------------------------------- */

void native_watchdog_start(void);
void native_watchdog_look(void);
