/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The native kernel: what the sources of bpf/ run on when they are compiled for tests and simulation
 * (tests/native/bpf/kernel.bpf.h). One machine of plain data, that a test sets up, pokes and inspects:
 *
 *	kernel.c   kfuncs and helpers: idle masks, kicks, locks, task storage, events, texts
 *	dsq.c      dispatch queues, first-in-first-out or by virtual time
 *	arena.c    the arena: laid out as the daemon does, slab pages only there once allocated
 *	core.c     the kernel's scheduling core: calls a scheduler's callbacks in its order, in virtual time
 *
 * A call that the real kernel or its verifier would not allow (a queue of two orders, a call under a
 * lock, a slab page twice) ends the program.
 */
#pragma once

#include "bpf/kernel.bpf.h"

struct topology;

struct native_dsq {
	bool exists;
	bool by_vtime; /* order of the tasks in it; any while it is empty */
	u32 nr;
	struct task_struct *first;
};

struct native_kick {
	s32 cpu;
	u64 flags;
};

struct native_cpu {
	struct native_dsq local;
	u32 capacity; /* of 1024 */
	u32 perf;
	u32 nr_perf_set; /* calls of scx_bpf_cpuperf_set */

	/* core.c */
	struct task_struct *running;
	u64 accounted_at; /* up to when the running task's run is accounted */
	bool resched;
};

#define NATIVE_DSQS  (2 * WD40_MAX_DOMAINS)
#define NATIVE_KICKS 32

struct native_kernel {
	u64 now_ns;
	s32 cpu;                     /* the one that the code runs on */
	struct task_struct *current; /* bpf_get_current_task_btf */
	u32 nr_cpu_ids;
	u32 threads; /* CPU ids of a core follow each other */
	struct native_cpu *cpus;
	unsigned long *idle, *idle_cores, *online; /* masks */
	struct native_dsq dsqs[NATIVE_DSQS];
	const struct sched_ext_ops *ops;
	struct task_struct *tasks;     /* that the scheduler has */
	struct task_struct *selecting; /* in select_cpu */

	/* faults on demand */
	u32 fail_pages;   /* so many calls of bpf_arena_alloc_pages fail */
	u32 fail_dsqs;    /* and of scx_bpf_create_dsq */
	u32 fail_storage; /* and of bpf_task_storage_get that shall create */
	u32 fail_claims;  /* and of scx_bpf_test_and_clear_cpu_idle: another CPU was quicker */
	bool ringbuf_full;
	bool cannot_peek;                   /* scx_bpf_dsq_peek is missing: before v6.19 */
	void (*on_call)(const char *kfunc); /* before each call: what happens meanwhile elsewhere */

	/* what the scheduler did */
	struct native_kick kicks[NATIVE_KICKS]; /* the last of nr_kicks */
	u32 nr_kicks;
	char text[8192]; /* dumped */
	s64 exit_code;   /* asked for, with exit_text */
	char exit_text[256];
	char event[2048]; /* last submitted to a ring buffer */
	u32 nr_events;
	u32 locks_held;
};

extern struct native_kernel native;

/* The arena's global: bpf/wd40.bpf.c, or another scheduler, has it. */
extern struct wd40_shared __arena shared;

/* --- The machine (arena.c). --------------------------------------------------------------------- */

struct native_shape {
	u32 nodes, domains /* a node */, cpus /* a domain */, threads /* a core; 0 = 1 */;
	u32 tasks_max; /* 0 = 10000 */
};

/*
 * A fresh machine, all CPUs online and idle, its arena laid out in shared, the configuration the
 * default one. native_halt ends it.
 */
void native_boot(struct native_shape shape);
void native_boot_topology(struct topology *t, u32 threads, u32 tasks_max); /* frees t */
void native_halt(void);

/* The configuration and the tuner's decision that are valid now, to be changed in place. */
struct wd40_config *native_config(void);
struct wd40_tune *native_tune(void);

/* Publishes a changed copy of the configuration as the daemon does: in the next slot. */
void native_publish(struct wd40_config config);

/* --- CPUs, tasks and queues (kernel.c, dsq.c). -------------------------------------------------- */

void native_set_idle(s32 cpu, bool idle);
void native_set_all_idle(bool idle);
bool native_is_idle(s32 cpu);
void native_change_online(s32 cpu, bool online); /* tells nobody */

/* A task of weight 100 that may run on all CPUs; not the scheduler's yet. */
struct task_struct *native_task_new(void);
struct task_struct *native_task_free(struct task_struct *p);

/* Affinity: so many CPUs from first on, besides the others or only them. */
void native_allow(struct task_struct *p, u32 first, u32 n);
void native_allow_only(struct task_struct *p, u32 first, u32 n);

/* Whether the task may run on a CPU, which is online. */
bool native_allowed(const struct task_struct *p, s32 cpu);

/* The queue of that id, as kfuncs take it; NULL: there is none. */
struct native_dsq *native_dsq(u64 id);
void native_queue_head(struct native_dsq *q, struct task_struct *p);
void native_queue_tail(struct native_dsq *q, struct task_struct *p);
void native_unqueue(struct task_struct *p);

/* Sum of a counter over all CPUs. */
u64 native_counter(enum wd40_counter counter);

/* For the native kernel itself: the begin of a call, and the end of a program that did wrong. */
void native_enter(const char *kfunc);
_Noreturn __attribute__((format(printf, 1, 2))) void native_die(const char *format, ...);

/* --- The scheduling core (core.c). -------------------------------------------------------------- */

/* Attaches a scheduler: init. The error of that. native_detach: the tasks end too, but stay. */
s32 native_attach(const struct sched_ext_ops *ops);
void native_detach(void);

/* The scheduler gets a task, which is a child of native.current if that is set. init_task's error. */
s32 native_join(struct task_struct *p);
void native_leave(struct task_struct *p);

/* Changes of a task's attributes in the order of the kernel. */
void native_set_weight(struct task_struct *p, u32 weight);
void native_set_affinity(struct task_struct *p, u32 first, u32 n);
void native_set_online(s32 cpu, bool online);

/* The task wakes up, by something on native.cpu. */
void native_wake(struct task_struct *p, u64 wake_flags);

/* The CPU chooses its next task. */
void native_schedule(s32 cpu);

/* Time passes for all CPUs and tasks. */
void native_run(u64 duration_ns);
