/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel as the BPF modules see it, in a native program: stands before the real bpf/kernel.bpf.h
 * on the include path, so that the unmodified sources of bpf/ compile with any C compiler. It has the
 * same types, with the same members, and the same names of functions and macros; the functions are
 * those of tests/native/, over a kernel made of plain data (tests/native/native.h).
 */
#pragma once

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <string.h>

#include "bpf/shared.h"
#include "tests/native/heap.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
/* A word that others write: after it was read, a test can let them go on (native_on_read). */
#define READ_ONCE(x)                                                  \
	({                                                            \
		typeof(x) native_value = *(volatile typeof(x) *)&(x); \
		if (native_on_read)                                   \
			native_on_read();                             \
		native_value;                                         \
	})
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

extern void (*native_on_read)(void);

/* --- What only BPF's compiler, loader and verifier need. ---------------------------------------- */

#define SEC(name)
#define __hidden
#define __arg_arena
#define __arg_trusted
#define barrier_var(var) asm volatile("" : "+r"(var))
#define can_loop         true

#define SCHED_OPS(name, args...)           name(args)
#define SCHED_OPS_SLEEPABLE(name, args...) name(args)

/* A map: a struct whose members have the map's numbers and types as their own types. */
#define __uint(name, value)  char(*name)[value]
#define __ulong(name, value) char(*name)[value]
#define __type(name, type)   typeof(type) *name

/* --- Types. ------------------------------------------------------------------------------------- */

/* As many words as the machine has CPU ids, not one more. */
struct cpumask {
	unsigned long bits[1];
};

typedef struct {
	unsigned long bits[1];
} nodemask_t;

struct mempolicy {
	unsigned short mode;
	nodemask_t nodes;
};

struct sched_ext_entity {
	u32 flags;
	u32 weight;
	u64 slice;
	u64 dsq_vtime;
};

struct native_dsq;

/* A task's place in a queue that goes by virtual time (tests/native/tree.h). */
struct native_order {
	u64 vtime, seq;
	u32 rank;
	struct task_struct *left, *right;
};

/* What select_cpu or enqueue wants done with the task they were asked about. */
struct native_verdict {
	bool given;
	u64 dsq, slice, vtime, flags;
};

enum native_step_kind {
	NATIVE_RUN,   /* work that takes ns on a CPU of capacity and frequency 1024 */
	NATIVE_SLEEP, /* off the CPU until the time ns, or until somebody wakes it */
	NATIVE_BLOCK, /* off the CPU until somebody wakes it */
	NATIVE_YIELD, /* sched_yield, then the next step */
	NATIVE_EXIT, /* exit_task; after NATIVE_EVENT_LEAVE the task is its owner's, who may free it */
};

struct native_step {
	enum native_step_kind kind;
	u64 ns;
};

/*
 * Asked for the next step when the last one is done: p is native.current, on native.cpu. It may wake,
 * fork and change other tasks and itself; that takes no time. A step to sleep until a time that has
 * come is done at once. Whatever p does then, it must let time pass now and again.
 */
typedef struct native_step (*native_program)(struct task_struct *p);

/* What the native kernel itself knows of a task; the real one has its own. Times in ns. */
struct native_task {
	s32 cpu;
	void *storage;
	void *shadow;  /* the oracles': what they know of it (tests/sim/oracle.c) */
	void *figures; /* the report's: what it knows of it (tests/sim/report.c) */

	/* its behaviour: a program, or without one runs for run, sleeps for sleep; run 0: forever */
	native_program program;
	void *userdata; /* the owner's */
	u64 run, sleep;
	u64 run_left;

	/* in a queue */
	struct native_dsq *dsq;
	struct task_struct *prev, *next; /* there */
	struct native_order order;

	/* with the scheduler */
	struct native_verdict verdict;
	u64 custody;                       /* number of the enqueue that it has not answered; 0 */
	struct task_struct *older, *newer; /* all its tasks */
	struct task_struct *waits_before,
		*waits_behind; /* runnable tasks of a CPU that do not run */
	bool waits;

	struct native_timer timer; /* the end of its sleep */
	struct native_step step;   /* begun; or, if it is due, to begin when the task runs */
	bool step_due;
	u32 migration_disabled; /* how often */
	unsigned long *mask;    /* its affinity; NULL: all CPUs */
	unsigned long *pinned;  /* in force while migration is disabled; NULL while never needed */
	struct mempolicy policy;

	/* what it got */
	u64 ran, waiting_since, longest_wait;
	u32 nr_wakes;
	u32 nr_steps; /* of who ends grace periods (hotplug.c) */
};

struct sched_entity {
	u64 sum_exec_runtime;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int nr_cpus_allowed;
	const struct cpumask *cpus_ptr;
	struct mempolicy *mempolicy;
	unsigned int policy;
	struct sched_entity se;
	struct sched_ext_entity scx;

	struct native_task native;
};

struct scx_init_task_args {
	bool fork;
};

struct scx_exit_task_args {
	bool cancelled;
};

struct scx_dump_ctx;

enum scx_exit_kind {
	SCX_EXIT_NONE,
	SCX_EXIT_UNREG = 64,
	SCX_EXIT_UNREG_BPF,
	SCX_EXIT_UNREG_KERN,
	SCX_EXIT_ERROR = 1024,
	SCX_EXIT_ERROR_STALL = 1026,
};

struct scx_exit_info {
	enum scx_exit_kind kind;
	s64 exit_code;
	const char *reason;
	char *msg;
	char *dump;
};

struct sched_ext_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev_cpu, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*dispatch)(s32 cpu, struct task_struct *prev);
	void (*runnable)(struct task_struct *p, u64 enq_flags);
	void (*running)(struct task_struct *p);
	void (*stopping)(struct task_struct *p, bool runnable);
	void (*tick)(struct task_struct *p);
	void (*quiescent)(struct task_struct *p, u64 deq_flags);
	void (*set_weight)(struct task_struct *p, u32 weight);
	void (*set_cpumask)(struct task_struct *p, const struct cpumask *cpumask);
	void (*update_idle)(s32 cpu, bool idle);
	s32 (*init_task)(struct task_struct *p, struct scx_init_task_args *args);
	void (*exit_task)(struct task_struct *p, struct scx_exit_task_args *args);
	void (*dump)(struct scx_dump_ctx *ctx);
	void (*dump_cpu)(struct scx_dump_ctx *ctx, s32 cpu, bool idle);
	void (*dump_task)(struct scx_dump_ctx *ctx, struct task_struct *p);
	void (*cpu_online)(s32 cpu);
	void (*cpu_offline)(s32 cpu);
	s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	u32 dispatch_max_batch;
	u64 flags;
	u32 timeout_ms;
	u32 exit_dump_len;
	u64 hotplug_seq;
	char name[128];
};

/* --- Constants. --------------------------------------------------------------------------------- */

#define DSQ_BUILTIN   (1ull << 63)
#define DSQ_GLOBAL    (DSQ_BUILTIN | 1)
#define DSQ_LOCAL     (DSQ_BUILTIN | 2)
#define DSQ_LOCAL_ON  (3ull << 62)
#define WAKE_FORK     0x04ull
#define WAKE_TTWU     0x08ull
#define WAKE_SYNC     0x10ull
#define KICK_IDLE     1ull
#define KICK_PREEMPT  2ull
#define TASK_QUEUED   1ull
#define ECODE_HOTPLUG (1ull << 32)
#define ECODE_RESTART (1ull << 48)
#define CPUPERF_ONE   1024u

#define ENQ_WAKEUP       0x1ull
#define ENQ_RESTORE      0x2ull
#define ENQ_HEAD         0x10000ull
#define ENQ_CPU_SELECTED 0x100000ull
#define ENQ_SELECTED     ENQ_CPU_SELECTED
#define ENQ_PREEMPT      (1ull << 32)
#define ENQ_LAST         (1ull << 41)
#define ENQ_BY_VTIME     (1ull << 57) /* the kernel's own: SCX_ENQ_DSQ_PRIQ */
#define DEQ_SLEEP        0x1ull
#define DEQ_SAVE         0x2ull
#define DEQ_SCHED_CHANGE (1ull << 33)

#define OPS_ENQ_LAST               (1ull << 1)
#define OPS_ENQ_EXITING            (1ull << 2)
#define OPS_ENQ_MIGRATION_DISABLED (1ull << 4)

enum {
	MPOL_PREFERRED = 1,
	MPOL_BIND = 2,
	MPOL_PREFERRED_MANY = 5,
};

#define PF_EXITING   0x00000004u
#define PF_WQ_WORKER 0x00000020u
#define PF_KTHREAD   0x00200000u

#define SCHED_BATCH 3
#define SCHED_IDLE  5

/* --- Kfuncs and helpers that the modules call. -------------------------------------------------- */

s32 scx_bpf_create_dsq(u64 dsq_id, s32 node);
s32 scx_bpf_dsq_nr_queued(u64 dsq_id);
void scx_bpf_kick_cpu(s32 cpu, u64 flags);
bool scx_bpf_test_and_clear_cpu_idle(s32 cpu);
const struct cpumask *scx_bpf_get_online_cpumask(void);
void scx_bpf_put_cpumask(const struct cpumask *mask);
s32 scx_bpf_task_cpu(const struct task_struct *p);
u32 scx_bpf_cpuperf_cap(s32 cpu);
void scx_bpf_cpuperf_set(s32 cpu, u32 perf);
void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, u32 pages, int node, u64 flags);
u32 bpf_get_smp_processor_id(void);
struct task_struct *bpf_get_current_task_btf(void);
void bpf_spin_lock(struct bpf_spin_lock *lock);
void bpf_spin_unlock(struct bpf_spin_lock *lock);
long bpf_probe_read_kernel_str(void *dst, u32 size, const void *from);
void *bpf_ringbuf_reserve(void *ringbuf, u64 size, u64 flags);
void bpf_ringbuf_submit(void *data, u64 flags);

void *native_map_lookup(void *map, u32 entries, u32 value_size, const u32 *key);
void *native_task_storage(void *map, struct task_struct *p, u32 value_size, u64 flags);

#define bpf_map_lookup_elem(map, key)                                              \
	((typeof((map)->value))native_map_lookup(map, sizeof(*(map)->max_entries), \
						 sizeof(*(map)->value), key))
#define bpf_task_storage_get(map, task, init, flags) \
	((typeof((map)->value))native_task_storage(map, task, sizeof(*(map)->value), flags))

#define BPF_CORE_READ(from, member)   ((from)->member)
#define bpf_core_field_exists(member) true

/* --- The wrappers of the real header. ----------------------------------------------------------- */

void kernel_insert(struct task_struct *p, u64 dsq, u64 slice_ns, u64 flags);
void kernel_insert_vtime(struct task_struct *p, u64 dsq, u64 slice_ns, u64 vtime, u64 flags);
bool kernel_move_to_local(u64 dsq);
void kernel_set_slice(struct task_struct *p, u64 slice_ns);
u64 kernel_now(void);
bool kernel_in_event(void);

static __always_inline u64 kernel_ran_ns(const struct task_struct *p)
{
	return p->se.sum_exec_runtime;
}

struct task_struct *kernel_queue_first(u64 dsq);

static __always_inline bool kernel_can_requeue(void)
{
	return true;
}

#define kernel_for_each_queued(p, dsq) \
	for ((p) = kernel_queue_first(dsq); (p); (p) = (p)->native.next)

/* The last tasks of a queue at one moment, the very last one first. */
struct native_view {
	struct task_struct *tasks[4097];
	u32 nr, at;
};

struct native_view native_view(u64 dsq);
bool kernel_requeue(struct task_struct *p, u64 from, u64 to, u64 slice_ns, u64 vtime);

#define kernel_for_each_from_tail(p, dsq)                \
	for (struct native_view view = native_view(dsq); \
	     ((p) = view.at < view.nr ? view.tasks[view.at++] : NULL);)

typedef u64 kernel_mask;

static inline u64 kernel_read_word(const void *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static __always_inline u64 kernel_mask_word(kernel_mask mask, u32 w)
{
	return ((const unsigned long *)mask)[w];
}

static __always_inline kernel_mask kernel_mask_allowed(struct task_struct *p)
{
	return (kernel_mask)p->cpus_ptr;
}

/* What it has while migration is switched off; see native_migrate_disable. */
kernel_mask kernel_mask_affinity(struct task_struct *p);

static __always_inline kernel_mask kernel_mask_at(struct task_struct *p, const struct cpumask *mask)
{
	return (kernel_mask)mask;
}

kernel_mask kernel_mask_idle(struct task_struct *p, bool cores);
bool kernel_mempolicy(const struct task_struct *p, u32 *mode, u64 *nodes);

__attribute__((format(printf, 1, 2))) void native_dump(const char *format, ...);
__attribute__((format(printf, 2, 3))) void native_exit(s64 code, const char *format, ...);

#define kernel_dump(fmt, args...)       native_dump(fmt "\n", ##args)
#define kernel_exit(code, fmt, args...) native_exit(code, fmt, ##args)
