/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The native kernel: what the sources of bpf/ run on when they are compiled for tests and simulation
 * (tests/native/bpf/kernel.bpf.h). One machine of plain data, that a test sets up, pokes and inspects:
 *
 *	machine.c  boots
 *	arena.c    the arena: laid out as the daemon does, slab pages only there once allocated
 *	kernel.c   kfuncs and helpers: CPUs, locks, task storage, events, texts; task.c: tasks
 *	idle.c     idle and online CPUs
 *	dsq.c      dispatch queues, first-in-first-out or by virtual time (tree.c)
 *	insert.c   who comes into them and out of them
 *	core.c     a CPU's choice, wakeup.c before it: calls a scheduler's callbacks in the kernel's order
 *	life.c     attach, fork, exec, exit; attributes.c: weight, affinity, migration
 *	hotplug.c  CPUs come and go
 *	occupy.c   higher classes, interrupts, frequency
 *	time.c     virtual time (heap.c), work and programs
 *	watchdog.c, observe.c
 *
 * A call that the real kernel or its verifier would not allow (a queue of two orders, a call under a
 * lock, a slab page twice) ends the program; what makes the real kernel end the scheduler is told to
 * the observers, and without one it ends the program too.
 *
 * Nothing depends on addresses or real time: the same calls give the same events, to the bit.
 *
 * What is not modelled:
 *	- Races. A callback is atomic and takes no time, nor do wakeups, switches, migrations and kicks.
 *	- Caches, memory and SMT: a CPU's speed is its capacity times its frequency, whoever runs beside
 *	  it or ran there before. Frequencies change by native_set_frequency, not by scx_bpf_cpuperf_set.
 *	- Other classes but as time taken from a CPU (native_occupy): no fair tasks (SCX_OPS_SWITCH_PARTIAL),
 *	  no deadline server that gives sched_ext its 5 % beside real-time hogs, no cpu_acquire and
 *	  cpu_release. Real-time and interrupt time of one CPU pass side by side.
 *	- The bypass mode: when a scheduler ends, so does all scheduling. Ticks but as the moments at
 *	  which slices end; ops.tick, ops.yield, ops.enable, ops.dequeue, cgroups, core scheduling, cids,
 *	  sub-schedulers, SCX_ENQ_IMMED, SCX_KICK_WAIT, out-of-band slices.
 *	- Preferences of select_cpu's default for the cache and the node.
 *	- A CPU goes offline at once, unless there is who ends grace periods (native_grace_begin); a task on it
 *	  that must not migrate is let go, where the kernel waits.
 *	- execve: the kernel does not ask sched_ext where it should go on (select_task_rq_scx).
 */
#pragma once

#include "bpf/kernel.bpf.h"
#include "tests/native/cpubits.h"
#include "tests/native/heap.h"

struct topology;

/*
 * A dispatch queue. Its tasks are a list in their order; when that is virtual time, a tree finds a
 * new one's place.
 */
struct native_dsq {
	u64 id;
	s32 cpu; /* of a local queue */
	u32 nr;
	struct task_struct *first, *last;
	struct task_struct *root; /* NULL: first-in-first-out */
	u64 seq;
};

struct native_kick {
	s32 cpu;
	u64 flags;
};

struct native_cpu {
	struct native_dsq local;
	bool present, active;    /* active: what the kernel's masks of that name say */
	bool leaving;            /* active no more, and the scheduler has not been told yet */
	u32 node;                /* index in the topology */
	u32 sibling;             /* next CPU of its core, going round */
	u32 capacity, frequency; /* of 1024 */
	u32 perf;
	u32 nr_perf_set; /* calls of scx_bpf_cpuperf_set */

	struct task_struct *running;
	struct task_struct *first_waiter, *last_waiter; /* runnable tasks that do not run */
	bool idle;                                      /* its idle task runs */
	bool choosing;                                  /* in dispatch */
	u64 dispatched_at;                              /* when it last was */
	struct native_timer timer;
	u64 accounted_at, work_from; /* up to when the running task's time and work are accounted */

	bool in_rt, in_irq;
	bool resched_later; /* when the interrupt is over */
	struct native_timer thief_timer;
	u64 rt_until, irq_until;
	u64 busy_ns, busy_counted_at;
};

/* A CPU that shall come or go. */
struct native_hotplug {
	s32 cpu;
	bool online;
	struct native_hotplug *next;
};

/* An insertion in dispatch, which takes place after it. */
struct native_buffered {
	struct task_struct *p;
	u64 custody;
	struct native_verdict verdict;
};

struct native_observer;

/* Told to on_call: enqueue has returned, and what it said is not done yet. */
#define NATIVE_VERDICT "a verdict"

#define NATIVE_KICKS 32

struct native_kernel {
	u64 now_ns;
	s32 cpu;                     /* the one that the code runs on */
	struct task_struct *current; /* bpf_get_current_task_btf */
	bool in_interrupt;           /* what happens is not on behalf of current */
	u32 nr_cpu_ids, nr_cpus;
	u64 tick_ns;
	struct native_cpu *cpus;
	unsigned long *idle, *idle_cores, *online, *everywhere; /* masks */
	u32 nr_nodes;
	unsigned long **node_cpus; /* a mask for each node */
	struct native_dsq *global; /* a queue for each node */
	struct native_dsq **dsqs;  /* the scheduler's, hashed */
	u32 nr_dsqs, dsq_slots;
	const struct sched_ext_ops *ops;
	enum scx_exit_kind ended;  /* the scheduler is, and nothing runs any more */
	struct task_struct *tasks; /* that the scheduler has */
	s32 last_pid;
	struct native_observer *observers;

	/* between the kernel's own files */
	struct native_heap timers;
	struct native_timer watchdog;
	struct cpubits_set resched; /* CPUs that have to choose */
	struct task_struct *asked;  /* in select_cpu or enqueue */
	bool dispatching;
	struct native_buffered *buffer;
	u32 nr_buffered, buffer_size, nr_dispatched;
	u64 enqueues, appointments; /* numbers given so far */
	u32 events_at_once;
	struct task_struct *grace; /* who ends grace periods, NULL: nobody, they take no time */
	struct native_hotplug *hotplug; /* under way, and those that wait for its end */
	u64 hotplug_since;              /* when it began, ns */

	/* faults on demand */
	u32 fail_pages;   /* so many calls of bpf_arena_alloc_pages fail */
	u32 fail_dsqs;    /* and of scx_bpf_create_dsq */
	u32 fail_storage; /* and of bpf_task_storage_get that shall create */
	u32 fail_claims;  /* and of scx_bpf_test_and_clear_cpu_idle: another CPU was quicker */
	bool ringbuf_full;
	bool cannot_peek;  /* scx_bpf_dsq_peek is missing: before v6.19 */
	bool asks_leaving; /* dispatch is called on CPUs that are leaving, as v7.2 does */
	void (*on_call)(const char *kfunc); /* what happens elsewhere before each call */

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

/* All domains are full, or none: the tuner's decision, changed in place. */
void native_set_overutilized(bool overutilized);

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
void native_allow_mask(struct task_struct *p,
		       const unsigned long *mask); /* native.nr_cpu_ids bits */

/* Whether the task may run on a CPU, which is online. */
bool native_allowed(const struct task_struct *p, s32 cpu);

/* The queue of that id, as kfuncs take it; NULL: there is none. */
struct native_dsq *native_dsq(u64 id);
void native_queue_head(struct native_dsq *q, struct task_struct *p);
void native_queue_tail(struct native_dsq *q, struct task_struct *p);
void native_unqueue(struct task_struct *p);

/* Destroys the scheduler's queues, whatever is in them. */
void native_drop_queues(void);

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

/*
 * From now on grace periods take time: a kernel thread, which the scheduler gets as any other task, has to
 * run when one begins and when it ends. A CPU goes offline in the kernel's order then, and later than
 * native_set_online returns: it is inactive, a grace period passes, the scheduler is told, it is gone.
 * Hotplugs go one after the other; one that is impossible when its turn comes does not take place.
 */
void native_grace_begin(void);

/* The task wakes up, by something on native.cpu; nothing happens when it has not slept. */
void native_wake(struct task_struct *p, u64 wake_flags);

/* The CPU chooses its next task, unless a thief has it. */
void native_schedule(s32 cpu);

/*
 * Time passes for all CPUs and tasks; what is due at the end is done too. Once the scheduler has ended
 * only the clock goes on.
 */
void native_run(u64 duration_ns);

/*
 * === What the simulator (tests/sim) builds on: core.c, machine.c. ===================================
 */

/* --- Machines. ---------------------------------------------------------------------------------- */

struct native_cpu_shape {
	bool present, online;
	u32 core;     /* CPUs of one core have the same number, below nr_cpu_ids */
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

/*
 * Steps and native_program are declared in bpf/kernel.bpf.h beside struct native_task: a task that has
 * no program (p->native.program) goes by p->native.run and p->native.sleep. p->native.userdata is the
 * owner's.
 */

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

/* execve of the task that runs on native.cpu: the kernel asks the class, and sched_ext says: stay. */
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

/* Time that a CPU was not idle, up to native.now_ns: tasks and thieves. */
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

/*
 * Told of all events from now on, until native_halt or native_unobserve. Only looks. An event is told
 * when it has happened, after the scheduler's callbacks that belong to it; WAKE before them.
 */
void native_observe(struct native_observer *o);
void native_unobserve(struct native_observer *o);
