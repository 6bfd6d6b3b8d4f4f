/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the oracles share. The model (oracle-model.c) follows every event with its own idea of each
 * task, CPU and domain; the others judge by that, and by the arena. A file per invariant.
 *
 * What one event may break is checked at that event, in O(1). What needs a look at everything is
 * checked when nothing more happens at a time (settled) and as many events have passed as there are
 * things to look at, times SWEEP_EVENTS: so it costs a bounded share of a run.
 */
#pragma once

#include <sys/queue.h>

#include "bpf/domain.bpf.h"
#include "tests/sim/history.h"
#include "tests/sim/oracle.h"
#include "util/macro.h"

#define SWEEP_EVENTS 16

#define SEC_NS 1000000000ull

/* The time over which a maximum counts, at least; twice that at most. */
#define PEAK_EPOCH_NS (32 * SEC_NS)

/* The maximum of a number over the last epochs. */
struct peak {
	u64 now, before; /* of this epoch and the one before */
	u64 epoch;
};

enum oracle_task_state {
	TASK_ASLEEP,
	TASK_AWAKE, /* wants to run, and is neither queued nor running: for a moment only */
	TASK_WAITS, /* in a queue */
	TASK_RUNS,
};

struct oracle_task {
	struct task_struct *p;
	enum oracle_task_state state;
	s32 cpu;            /* where it runs, last ran, or is queued; -1: nowhere yet */
	u64 dsq;            /* where it waits */
	u64 seq, queued_at; /* number of the event that put it there, and when, ns */
	u64 waits_since;   /* ns; of its wish to run, or of the last change that is its own doing */
	u32 waited_in;     /* domain whose queue it was put into since; WD40_NO_DOMAIN: none yet */
	u64 stolen_before; /* domain's stolen_ns then */
	u64 ran_ns, runs_since;
	u64 share_ran_ns; /* ran_ns when the window of oracle-share.c began */
	u32 share_domain; /* as oracle-share.c saw it last */
	u32 domain;       /* that it is counted in */
	u32 weight;
	u32 generation;    /* of its context */
	u64 move, move_id; /* the request to move it that was seen last: its word, its id */
	u64 move_seq;
	bool runnable; /* counted as such in its domain */
	bool may_owe;  /* since it slept its weight changed, or it passed the queue */
	bool confined; /* may not run on all CPUs of its domain */
	bool bound;    /* may not run on all CPUs */
	struct history history;
	TAILQ_ENTRY(oracle_task) all, waiting;
};
TAILQ_HEAD(oracle_tasks, oracle_task);

struct oracle_cpu {
	struct oracle_task *running;
	bool idle, idled;      /* idled: in sim_oracles.idled */
	u64 busy_since;        /* ns: it came online, or was idle last */
	u64 idle_seq, idle_at; /* number of the event at which it became idle, and when, ns */
	u64 occupied_until;    /* by a thief of a higher class */
	struct history history;
};

struct oracle_domain {
	u64 min_vtime;
	u64 changed_at;  /* ns: CPUs came or went, slices or order changed */
	u64 confined_at; /* ns: a confined task was last runnable here */
	u32 lightest;    /* the least weight that was ever runnable here, 0: none */
	u64 share_disturbed_at;
	u64 stolen_ns;      /* by thieves, sum over its CPUs, ever */
	u64 occupied_until; /* ns: the last of them leaves */
	u32 nr_runnable, nr_confined, nr_bound;
	u32 nr_idle;             /* CPUs */
	u32 nr_waiting, nr_open; /* queued; those of them that are not confined */
	u32 nr_guests;  /* queued, and of another domain: they are moved here when they run */
	u64 guest_rate; /* the sum of their weights */
	u64 queue_seq;  /* number of the last event that queued a task */
	u64 served_at;  /* ns: a task has left the queue, or it was empty */
	u64 crowded_at; /* ns: more waited than a helper is looked for */
	u64 guard_at,
		guard_before; /* ns: when the guard was seen to have looked, and before that */
	u64 walked_seq;       /* when its queue was last walked */
	struct peak runnable, rate;
	bool touched; /* in sim_oracles.touched */
};

/* What the tasks of a domain add up to. */
struct oracle_sum {
	u64 load, rate;
	u32 tasks;
};

struct sim_oracles {
	struct native_observer observer; /* first: events come with its address */
	struct sim_context context;
	struct oracle_tasks all, waiting; /* waiting: the longest first */
	struct oracle_cpu *cpus;
	struct oracle_domain *domains;
	struct oracle_sum *sums;
	u64 *near;            /* by node a mask: CPUs of its domains, or of none */
	u32 *touched, *idled; /* domains and CPUs, in this settling */
	u32 nr_touched, nr_idled;
	u32 nr_all, nr_awake, nr_waiting; /* tasks; nr_waiting: in the domains' queues */
	u64 seq, swept_seq;
	u32 used_before; /* of the slab */
	u32 config;      /* slot of the configuration last seen */
	u64 generation;
	u32 tune;
	u64 settings_at;         /* ns: either changed last */
	u64 reach_seq, reach_at; /* who may steal did: number of the event, ns */
	struct peak slice;
	u64 changed_at;     /* ns: the configuration */
	u64 share_since;    /* ns */
	bool cpus_changed;  /* went on or offline in this settling */
	const char *oracle; /* that found the violation */
	char *violation;
};

/* --- oracle.c ------------------------------------------------------------------------------------ */

/*
 * Notes a violation if it is the first: which oracle, whom it concerns (NULL, -1: nobody), what was
 * expected and found.
 */
_printf_(5, 6) void oracle_fail(struct sim_oracles *o, const char *oracle,
				const struct oracle_task *t, s32 cpu, const char *format, ...);

void peak_raise(struct peak *p, u64 value);
static inline u64 peak_of(const struct peak *p)
{
	return p->now > p->before ? p->now : p->before;
}

/* --- oracle-model.c ------------------------------------------------------------------------------ */

/* Follows an event; what cannot be in any kernel is a violation. */
void oracle_model(struct sim_oracles *o, const struct native_event *e);
void oracle_model_idle(struct sim_oracles *o, s32 cpu, bool idle);

static inline struct oracle_task *oracle_task(const struct task_struct *p)
{
	return p ? p->native.shadow : NULL;
}

/* The context of a task in the arena, NULL: it has none. Of wd40's only. */
static inline struct wd40_task *oracle_context(const struct task_struct *p)
{
	return p->native.storage ? *(struct wd40_task **)p->native.storage : NULL;
}

static inline struct oracle_domain *oracle_domain_of(struct sim_oracles *o,
						     const struct oracle_task *t)
{
	return t->domain < shared.nr_domains ? &o->domains[t->domain] : NULL;
}

/* The kernel's own: a CPU's, or a global one. The others are the scheduler's. */
static inline bool is_builtin_queue(u64 dsq)
{
	return dsq & DSQ_BUILTIN;
}

/* The domain for whose CPUs the task waits, which may be another than that it lives in; or lives in. */
static inline u32 oracle_waits_in(const struct oracle_task *t)
{
	if (t->state == TASK_WAITS && !is_builtin_queue(t->dsq))
		return (u32)(t->dsq / 2); /* QUEUE_DEADLINE, QUEUE_FIFO */
	return t->domain;
}

/* --- One file each: checks at an event, when all has settled, and of everything. ------------------ */

void oracle_queue_event(struct sim_oracles *o, const struct native_event *e);
void oracle_queue_sweep(struct sim_oracles *o);

void oracle_wait_event(struct sim_oracles *o, const struct native_event *e);  /* I1 */
void oracle_share_event(struct sim_oracles *o, const struct native_event *e); /* I2 */
void oracle_idle_event(struct sim_oracles *o, const struct native_event *e);  /* I3 */
/* A CPU takes a queued task; before the model follows. */
void oracle_idle_taken(struct sim_oracles *o, const struct oracle_task *t, s32 cpu);
void oracle_idle_sweep(struct sim_oracles *o);
int oracle_idle_init(struct sim_oracles *o); /* -ENOMEM */
/* The first queued task of a domain that may run on the CPU. */
const struct oracle_task *oracle_queued_for(u32 domain, s32 cpu);
void oracle_serve_event(struct sim_oracles *o, const struct native_event *e); /* I9 */
void oracle_serve_sweep(struct sim_oracles *o);
void oracle_arena_event(struct sim_oracles *o, const struct native_event *e); /* I5 */
void oracle_arena_sweep(struct sim_oracles *o);
void oracle_arena_finish(struct sim_oracles *o);
void oracle_move_event(struct sim_oracles *o, const struct native_event *e);   /* I6 */
void oracle_config_event(struct sim_oracles *o, const struct native_event *e); /* I7 */
u64 oracle_slice_ns(u32 domain); /* what is in force there */
