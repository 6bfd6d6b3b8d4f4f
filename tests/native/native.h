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

/*
 * === What the simulator (tests/sim) builds on: core.c, machine.c. ===================================
 */

/* --- Machines. ---------------------------------------------------------------------------------- */

struct native_cpu_shape {
	bool present, online;
	u32 core;     /* CPUs of one core have the same number */
	u32 capacity; /* 1..1024: work done in a unit of time */
};

struct native_machine {
	u32 nr_cpu_ids;
	const struct native_cpu_shape *cpus;
	u32 tasks_max; /* of the arena's slab */
	u64 tick_ns;   /* the end of a slice is seen at a CPU's next tick; 0: at once */
};

/*
 * A fresh machine whose arena is laid out for t as the daemon does; t stays the caller's. native_halt
 * ends it. Nodes are those of t.
 */
void native_boot_machine(const struct native_machine *m, const struct topology *t);

/* --- Programs: what a task does. ---------------------------------------------------------------- */

enum native_step_kind {
	NATIVE_RUN,   /* work that takes ns on a CPU of capacity 1024 */
	NATIVE_SLEEP, /* off the CPU until the time ns, or until somebody wakes it */
	NATIVE_BLOCK, /* off the CPU until somebody wakes it */
	NATIVE_YIELD, /* sched_yield, then the next step */
	NATIVE_EXIT,  /* exit_task; after NATIVE_EVENT_LEAVE the task is its owner's, who may free it */
};

struct native_step {
	enum native_step_kind kind;
	u64 ns;
};

/*
 * Asked for the next step when the last one is done: p is native.current, on native.cpu. It may wake,
 * fork and change other tasks and itself; that takes no time. A task that has no program
 * (p->native.program) goes by p->native.run and p->native.sleep. p->native.userdata is the owner's.
 */
typedef struct native_step (*native_program)(struct task_struct *p);

/* --- Acts of tasks and of the world. They may be called in programs, timers and between runs. ---- */

/*
 * The kernel's fork: native_join as a child of parent (NULL: nobody's), then wake_up_new_task. init_task's
 * error.
 */
s32 native_fork(struct task_struct *parent, struct task_struct *child);

/* Affinity as a mask of native.nr_cpu_ids bits; weight as native_set_weight. No CPU of it: -EINVAL. */
s32 native_set_mask(struct task_struct *p, const unsigned long *mask);

/* migrate_disable and migrate_enable, which nest. */
void native_migrate_disable(struct task_struct *p);
void native_migrate_enable(struct task_struct *p);

void native_set_mempolicy(struct task_struct *p, u32 mode, u64 nodes); /* mode 0: none */

/* execve of the task that runs on native.cpu: may move it at once (WAKE_EXEC). */
void native_exec(struct task_struct *p);

enum native_thief {
	NATIVE_RT,  /* a task of a higher class: the running task is put */
	NATIVE_IRQ, /* an interrupt: the running task stays, its work does not progress */
};

/* Takes a CPU from the scheduler for ns, from now on. */
void native_occupy(s32 cpu, enum native_thief thief, u64 ns);

/* Frequency of a CPU, of 1024: scales its capacity. */
void native_set_frequency(s32 cpu, u32 frequency);

/* fn(userdata) at the time at_ns, once, before what else is due then. */
void native_at(u64 at_ns, void (*fn)(void *userdata), void *userdata);

/* Time that a CPU was not idle, up to native.now_ns: tasks and thieves. As /proc/stat counts. */
u64 native_busy_ns(s32 cpu);

/* --- Observers: oracles, statistics, traces. ----------------------------------------------------- */

enum native_event_kind {
	NATIVE_EVENT_JOIN,    /* p is the scheduler's */
	NATIVE_EVENT_LEAVE,   /* and no more; nobody in native/ knows p after this */
	NATIVE_EVENT_WAKE,    /* p wants to run from now on; cpu: the waker's; value: wake flags */
	NATIVE_EVENT_QUEUE,   /* p is put into queue dsq (cpu: for a local queue, whose) */
	NATIVE_EVENT_RUN,     /* p starts on cpu; value: ns it waited since it woke or was put */
	NATIVE_EVENT_STOP,    /* p leaves cpu; value: 1 when it goes on wanting to run */
	NATIVE_EVENT_SLEEP,   /* p wants to run no more */
	NATIVE_EVENT_ATTR,    /* weight, affinity or migration state of p changed */
	NATIVE_EVENT_IDLE,    /* cpu begins (value 1) or ends (0) being idle */
	NATIVE_EVENT_OCCUPY,  /* cpu is taken by a thief for value ns */
	NATIVE_EVENT_KICK,    /* cpu is kicked; value: flags */
	NATIVE_EVENT_ONLINE,  /* cpu, value: 1 or 0 */
	NATIVE_EVENT_STALL,   /* the watchdog ends the scheduler for p, which waited for value ns */
	NATIVE_EVENT_ERROR,   /* the kernel would end the scheduler: native.exit_text says why */
	NATIVE_EVENT_SETTLED, /* nothing more happens at this time: queues and CPUs are at rest */
};

struct native_event {
	enum native_event_kind kind;
	s32 cpu;
	struct task_struct *p;
	u64 dsq;
	u64 value;
};

struct native_observer {
	void (*event)(struct native_observer *o, const struct native_event *e);
	struct native_observer *next; /* the native kernel's */
};

/* Told of all events from now on, until native_halt or native_unobserve. Only looks. */
void native_observe(struct native_observer *o);
void native_unobserve(struct native_observer *o);
