/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel as the BPF modules see it: the few types, kfuncs and constants they use, and wrappers
 * that hide what differs between kernel versions. There is no generated vmlinux.h: types are matched
 * to the running kernel by CO-RE, kfuncs by name. The simulator and the native tests put a file of
 * the same name before this one; so nothing else here or in the modules may depend on BPF.
 */
#pragma once

#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/interrupt.h"
#include "bpf/shared.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define READ_ONCE(x)     (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

#define ENOMEM 12
#define ENOENT 2

/* --- Types, reduced to the members used. ------------------------------------------------------- */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

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

struct rq {
	unsigned int ttwu_pending;
};

struct sched_ext_entity {
	u32 flags;
	u32 weight;
	u64 slice;
	u64 dsq_vtime;
};

struct sched_entity {
	u64 sum_exec_runtime;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int nr_cpus_allowed;
	const struct cpumask *cpus_ptr;
	struct cpumask cpus_mask;
	struct mempolicy *mempolicy;
	unsigned int policy;
	struct sched_entity se;
	struct sched_ext_entity scx;
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

struct scx_bpf_dsq_insert_vtime_args {
	u64 dsq_id;
	u64 slice;
	u64 vtime;
	u64 enq_flags;
};

#pragma clang attribute pop

struct bpf_iter_scx_dsq {
	u64 opaque[6];
};

/* libbpf matches this to the kernel's by member name, so members it lacks are simply left out. */
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

/* --- Constants. Those the kernel may renumber are read from its BTF by KERNEL_ENUM. ------------- */

enum scx_dsq_id_flags {
	SCX_DSQ_LOCAL = 1ull << 63 | 2,
	SCX_DSQ_LOCAL_ON = 3ull << 62,
};
enum scx_wake_flags {
	SCX_WAKE_FORK = 0x4,
	SCX_WAKE_SYNC = 0x10,
};
enum scx_enq_flags {
	SCX_ENQ_WAKEUP = 1,
	SCX_ENQ_CPU_SELECTED = 1u << 20,
	SCX_ENQ_PREEMPT = 1ull << 32,
};
enum scx_kick_flags {
	SCX_KICK_IDLE = 1,
};
enum scx_dsq_iter_flags {
	SCX_DSQ_ITER_REV = 1u << 16,
};
enum scx_ent_flags {
	SCX_TASK_QUEUED = 1,
};
enum scx_exit_code {
	SCX_ECODE_RSN_HOTPLUG = 1ull << 32,
	SCX_ECODE_ACT_RESTART = 1ull << 48,
};
/* linux/mempolicy.h, user ABI */
enum {
	MPOL_PREFERRED = 1,
	MPOL_BIND = 2,
	MPOL_PREFERRED_MANY = 5,
};

#define KERNEL_ENUM(type, name) ((u64)bpf_core_enum_value(enum type, name))

#define DSQ_LOCAL     KERNEL_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL)
#define DSQ_LOCAL_ON  KERNEL_ENUM(scx_dsq_id_flags, SCX_DSQ_LOCAL_ON)
#define WAKE_FORK     KERNEL_ENUM(scx_wake_flags, SCX_WAKE_FORK)
#define WAKE_SYNC     KERNEL_ENUM(scx_wake_flags, SCX_WAKE_SYNC)
#define ENQ_WAKEUP    KERNEL_ENUM(scx_enq_flags, SCX_ENQ_WAKEUP)
#define ENQ_SELECTED  KERNEL_ENUM(scx_enq_flags, SCX_ENQ_CPU_SELECTED)
#define ENQ_PREEMPT   KERNEL_ENUM(scx_enq_flags, SCX_ENQ_PREEMPT)
#define KICK_IDLE     KERNEL_ENUM(scx_kick_flags, SCX_KICK_IDLE)
#define TASK_QUEUED   KERNEL_ENUM(scx_ent_flags, SCX_TASK_QUEUED)
#define ECODE_HOTPLUG KERNEL_ENUM(scx_exit_code, SCX_ECODE_RSN_HOTPLUG)
#define ECODE_RESTART KERNEL_ENUM(scx_exit_code, SCX_ECODE_ACT_RESTART)
#define CPUPERF_ONE   1024u

/* include/linux/sched.h: macros, so not in BTF; unchanged since 2.6 and 5.14 */
#define PF_EXITING   0x00000004u
#define PF_WQ_WORKER 0x00000020u
#define PF_KTHREAD   0x00200000u

/* include/uapi/linux/sched.h */
#define SCHED_BATCH 3
#define SCHED_IDLE  5

/* --- Kfuncs. All weak: a missing one is met by a fallback below, or by the probe's refusal. ----- */

s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym __weak;
s32 scx_bpf_dsq_nr_queued(u64 dsq_id) __ksym __weak;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym __weak;
bool scx_bpf_test_and_clear_cpu_idle(s32 cpu) __ksym __weak;
const struct cpumask *scx_bpf_get_idle_cpumask(void) __ksym __weak;
const struct cpumask *scx_bpf_get_idle_smtmask(void) __ksym __weak;
void scx_bpf_put_idle_cpumask(const struct cpumask *mask) __ksym __weak;
const struct cpumask *scx_bpf_get_online_cpumask(void) __ksym __weak;
void scx_bpf_put_cpumask(const struct cpumask *mask) __ksym __weak;
s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym __weak;
u32 scx_bpf_cpuperf_cap(s32 cpu) __ksym __weak;
void scx_bpf_cpuperf_set(s32 cpu, u32 perf) __ksym __weak;
u64 scx_bpf_now(void) __ksym __weak;
struct task_struct *scx_bpf_dsq_peek(u64 dsq_id) __ksym __weak;
int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, u64 dsq_id, u64 flags) __ksym __weak;
struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym __weak;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym __weak;
void scx_bpf_dsq_move_set_slice(struct bpf_iter_scx_dsq *it, u64 slice) __ksym __weak;
void scx_bpf_dsq_move_set_vtime(struct bpf_iter_scx_dsq *it, u64 vtime) __ksym __weak;
bool scx_bpf_dsq_move_vtime(struct bpf_iter_scx_dsq *it, struct task_struct *p, u64 dsq_id,
			    u64 enq_flags) __ksym __weak;
void scx_bpf_exit_bstr(s64 code, char *fmt, unsigned long long *data, u32 size) __ksym __weak;
void scx_bpf_dump_bstr(char *fmt, unsigned long long *data, u32 size) __ksym __weak;
void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;
void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, u32 pages, int node,
				    u64 flags) __ksym __weak;

/* v6.19 returns a bool, v6.13 nothing; libbpf drops the last ___suffix when it looks for the name. */
bool scx_bpf_dsq_insert___v2___compat(struct task_struct *p, u64 dsq_id, u64 slice,
				      u64 enq_flags) __ksym __weak;
void scx_bpf_dsq_insert___v1(struct task_struct *p, u64 dsq_id, u64 slice,
			     u64 enq_flags) __ksym __weak;
/* v6.19 packs the numbers into a struct */
bool __scx_bpf_dsq_insert_vtime(struct task_struct *p,
				struct scx_bpf_dsq_insert_vtime_args *args) __ksym __weak;
void scx_bpf_dsq_insert_vtime___v1(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime,
				   u64 enq_flags) __ksym __weak;
/* v7.1 takes flags */
bool scx_bpf_dsq_move_to_local___v2___compat(u64 dsq_id, u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move_to_local___v1(u64 dsq_id) __ksym __weak;
/* v6.19; before, p->scx.slice was written */
bool scx_bpf_task_set_slice(struct task_struct *p, u64 slice) __ksym __weak;

static __always_inline void kernel_insert(struct task_struct *p, u64 dsq, u64 slice_ns, u64 flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert___v2___compat))
		scx_bpf_dsq_insert___v2___compat(p, dsq, slice_ns, flags);
	else
		scx_bpf_dsq_insert___v1(p, dsq, slice_ns, flags);
}

static __always_inline void kernel_insert_vtime(struct task_struct *p, u64 dsq, u64 slice_ns,
						u64 vtime, u64 flags)
{
	if (bpf_core_type_exists(struct scx_bpf_dsq_insert_vtime_args)) {
		struct scx_bpf_dsq_insert_vtime_args args = {
			.dsq_id = dsq,
			.slice = slice_ns,
			.vtime = vtime,
			.enq_flags = flags,
		};

		__scx_bpf_dsq_insert_vtime(p, &args);
	} else {
		scx_bpf_dsq_insert_vtime___v1(p, dsq, slice_ns, vtime, flags);
	}
}

static __always_inline bool kernel_move_to_local(u64 dsq)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___compat))
		return scx_bpf_dsq_move_to_local___v2___compat(dsq, 0);
	return scx_bpf_dsq_move_to_local___v1(dsq);
}

extern const int __preempt_count __ksym __weak;

/* Of each CPU; there since interrupts that are switched off are counted (bpf/interrupt.h). */
extern const int local_interrupt_disable_state __ksym __weak;

extern const struct rq runqueues __ksym __weak;

/*
 * Is an event the cause of what happens here, rather than the current task? It is so in an interrupt, but in that
 * by which another CPU hands its wakeups over to this one (sched_ttwu_pending): their causes are unknown here.
 * False where the kernel does not show its count, which is not per CPU on every architecture.
 */
static __always_inline bool kernel_in_event(void)
{
	bool counts_disabling = bpf_ksym_exists(&local_interrupt_disable_state);
	const struct rq *rq;
	const int *count;

	if (!bpf_ksym_exists(&__preempt_count) || !bpf_ksym_exists(&runqueues))
		return false;
	count = bpf_this_cpu_ptr(&__preempt_count);
	if (!(*count & interrupt_bits(counts_disabling)))
		return false;
	rq = bpf_this_cpu_ptr(&runqueues);
	return !rq->ttwu_pending;
}

static __always_inline void kernel_set_slice(struct task_struct *p, u64 slice_ns)
{
	if (bpf_ksym_exists(scx_bpf_task_set_slice))
		scx_bpf_task_set_slice(p, slice_ns);
	else
		p->scx.slice = slice_ns;
}

static __always_inline u64 kernel_now(void)
{
	if (bpf_ksym_exists(scx_bpf_now))
		return scx_bpf_now();
	return bpf_ktime_get_ns();
}

/*
 * How long the task has run, ever. Interrupts that came meanwhile are left out where the kernel accounts
 * for them, and so is what the hypervisor took. In dispatch, running and stopping it is the time up to now
 * (update_curr_scx).
 */
static __always_inline u64 kernel_ran_ns(const struct task_struct *p)
{
	return p->se.sum_exec_runtime;
}

/*
 * The first task of a queue; NULL when it is empty, or the kernel cannot tell (before v6.19): the caller
 * then lets the queue go first. Its deadline is scx.dsq_vtime.
 */
static __always_inline struct task_struct *kernel_queue_first(u64 dsq)
{
	return bpf_ksym_exists(scx_bpf_dsq_peek) ? scx_bpf_dsq_peek(dsq) : NULL;
}

/* Can tasks be given another place in a queue? v6.13 */
static __always_inline bool kernel_can_requeue(void)
{
	return bpf_ksym_exists(scx_bpf_dsq_move_vtime);
}

/* Goes through the tasks of a queue. */
#define kernel_for_each_queued(p, dsq) bpf_for_each(scx_dsq, p, dsq, 0)

/* The last one first. */
#define kernel_for_each_from_tail(p, dsq) \
	bpf_for_each(scx_dsq, p, dsq, KERNEL_ENUM(scx_dsq_iter_flags, SCX_DSQ_ITER_REV))

/*
 * There: gives p another place in that queue, or in another one that is ordered, and another slice.
 * False: it is no longer in the queue.
 */
#define kernel_requeue(p, from, to, slice_ns, vtime)          \
	({                                                    \
		scx_bpf_dsq_move_set_slice(&___it, slice_ns); \
		scx_bpf_dsq_move_set_vtime(&___it, vtime);    \
		scx_bpf_dsq_move_vtime(&___it, p, to, 0);     \
	})

/*
 * A kernel CPU mask, by its address as a number: the verifier follows numbers that are added to a
 * pointer so closely that a loop over the words of a mask would never end for it. bpf_rdonly_cast
 * makes reads safe wherever they go.
 */
typedef u64 kernel_mask;

static __always_inline u64 kernel_read_word(const void *at)
{
	const struct cpumask *word = bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct cpumask));

	return word->bits[0];
}

static __always_inline u64 kernel_mask_word(kernel_mask mask, u32 w)
{
	return kernel_read_word((const void *)(mask + w * 8));
}

/* The CPUs that the task may run on now. */
static __always_inline kernel_mask kernel_mask_allowed(struct task_struct *p)
{
	return kernel_read_word(&p->cpus_ptr);
}

/* The address of a mask given as a pointer: its distance to another one whose address is known. */
static __always_inline kernel_mask kernel_mask_at(struct task_struct *p, const struct cpumask *mask)
{
	s64 distance = (const char *)mask - (const char *)p->cpus_ptr;

	barrier_var(distance); /* else the compiler adds to a pointer after all */
	return kernel_mask_allowed(p) + (u64)distance;
}

/* The CPUs that the task was given; it may run on fewer while it has migration switched off. */
static __always_inline kernel_mask kernel_mask_affinity(struct task_struct *p)
{
	return kernel_mask_at(p, &p->cpus_mask);
}

/* Idle CPUs, or CPUs whose whole core is idle. p: any task. The masks live as long as the kernel. */
static __always_inline kernel_mask kernel_mask_idle(struct task_struct *p, bool cores)
{
	const struct cpumask *idle =
		cores ? scx_bpf_get_idle_smtmask() : scx_bpf_get_idle_cpumask();
	kernel_mask mask = kernel_mask_at(p, idle);

	scx_bpf_put_idle_cpumask(idle);
	return mask;
}

/* Memory policy of a task as a mode and the first 64 nodes of its mask; false when it has none. */
static __always_inline bool kernel_mempolicy(const struct task_struct *p, u32 *mode, u64 *nodes)
{
	struct mempolicy *policy;

	if (!bpf_core_field_exists(p->mempolicy))
		return false;
	policy = BPF_CORE_READ(p, mempolicy);
	if (!policy)
		return false;
	*mode = BPF_CORE_READ(policy, mode);
	*nodes = BPF_CORE_READ(policy, nodes.bits[0]);
	return true;
}

/*
 * True while the verifier's budget of jumps lasts: ends loops over arena data whose length it cannot
 * know.
 */
#define can_loop                                                     \
	({                                                           \
		__label__ over, go_on;                               \
		bool more = true;                                    \
		asm volatile goto("may_goto %l[over]" : : : : over); \
		goto go_on;                                          \
over:                                                                \
		more = false;                                        \
go_on:                                                               \
		more;                                                \
	})

/* Formatted output of the dump and exit kfuncs. */
#define KERNEL_BSTR(kfunc, fmt, args...)                                \
	({                                                              \
		static char text[] = fmt;                               \
		unsigned long long data[___bpf_narg(args) ?: 1] = {};   \
		___bpf_fill(data, args);                                \
		kfunc(text, data, ___bpf_narg(args) * sizeof(data[0])); \
	})
#define kernel_dump(fmt, args...)          KERNEL_BSTR(scx_bpf_dump_bstr, fmt "\n", args)
#define kernel_exit_text(text, data, size) scx_bpf_exit_bstr(exit_code, text, data, size)
#define kernel_exit(code, fmt, args...)                   \
	({                                                \
		s64 exit_code = (code);                   \
		KERNEL_BSTR(kernel_exit_text, fmt, args); \
	})

/*
 * How the modules' functions are declared. A plain function is verified once, by itself, whoever calls
 * it: so its arguments are numbers, or pointers tagged __arg_arena or __arg_trusted, and its result is
 * a number. One marked __hidden is verified anew in every caller: right for small ones.
 */

#define SCHED_OPS(name, args...)           SEC("struct_ops/" #name) BPF_PROG(name, ##args)
#define SCHED_OPS_SLEEPABLE(name, args...) SEC("struct_ops.s/" #name) BPF_PROG(name, ##args)
