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

/* What the native kernel itself knows of a task; the real one has its own. Times in ns. */
struct native_task {
	s32 cpu;
	bool direct;              /* select_cpu has inserted it into the chosen CPU's queue */
	struct native_dsq *dsq;   /* where it is queued */
	struct task_struct *next; /* behind it there */
	void *storage;
	struct task_struct *others; /* next of all tasks of the scheduler */
	void *shadow;               /* the oracles': what they know of it (tests/sim/oracle.c) */

	/* how it behaves (native_run): runs for run, sleeps for sleep; run 0: forever */
	u64 run, sleep;
	u64 run_left, wake_at; /* of this round; wake_at 0: awake, or never to wake by itself */

	/* what it got */
	u64 ran, waiting_since, longest_wait;
	u32 nr_wakes;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int nr_cpus_allowed;
	const struct cpumask *cpus_ptr;
	struct mempolicy *mempolicy;
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

#define DSQ_LOCAL     (1ull << 63 | 2)
#define DSQ_LOCAL_ON  (3ull << 62)
#define WAKE_SYNC     0x10ull
#define KICK_IDLE     1ull
#define TASK_QUEUED   1ull
#define ECODE_HOTPLUG (1ull << 32)
#define ECODE_RESTART (1ull << 48)
#define CPUPERF_ONE   1024u

enum {
	MPOL_PREFERRED = 1,
	MPOL_BIND = 2,
	MPOL_PREFERRED_MANY = 5,
};

#define PF_EXITING   0x00000004u
#define PF_WQ_WORKER 0x00000020u
#define PF_KTHREAD   0x00200000u

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
bool kernel_queue_head(u64 dsq, u64 *ret_deadline);

static __always_inline bool kernel_can_requeue(void)
{
	return true;
}

/* The tasks of a queue at one moment. */
struct native_view {
	struct task_struct *tasks[256];
	u32 nr;
};

struct native_view native_view(u64 dsq);
bool kernel_requeue(struct task_struct *p, u64 dsq, u64 slice_ns, u64 vtime);

#define kernel_for_each_from_tail(p, dsq)                \
	for (struct native_view view = native_view(dsq); \
	     ((p) = view.nr ? view.tasks[--view.nr] : NULL);)

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
