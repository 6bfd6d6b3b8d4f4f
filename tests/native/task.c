/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks: their memory, affinity and memory policy, and what kfuncs and helpers tell of them. */
#include <stdlib.h>
#include <string.h>

#include "tests/native/core.h"

/* The task's own mask; until one is asked for, all tasks that may run anywhere share one. */
static unsigned long *mask_of(struct task_struct *p)
{
	size_t size = WD40_WORDS(native.nr_cpu_ids) * sizeof(long);

	if (!p->native.mask) {
		p->native.mask = malloc(size);
		if (!p->native.mask)
			native_die("no memory for a mask");
		memcpy(p->native.mask, native.everywhere, size);
		if (p->native.pinned && p->cpus_ptr->bits == p->native.pinned)
			return p->native.mask; /* until it may migrate again */
		p->cpus_ptr = (const struct cpumask *)p->native.mask;
	}
	return p->native.mask;
}

void native_allow_mask(struct task_struct *p, const unsigned long *mask)
{
	u32 words = WD40_WORDS(native.nr_cpu_ids);

	memcpy(mask_of(p), mask, words * sizeof(long));
	p->nr_cpus_allowed = 0;
	for (u32 w = 0; w < words; w++)
		p->nr_cpus_allowed += __builtin_popcountl(mask[w]);
}

void native_allow(struct task_struct *p, u32 first, u32 n)
{
	for (u32 cpu = first; cpu < first + n; cpu++) {
		native_check_cpu((s32)cpu, __func__);
		p->nr_cpus_allowed += !cpubits_test(mask_of(p), cpu);
		cpubits_assign(mask_of(p), cpu, true);
	}
}

void native_allow_only(struct task_struct *p, u32 first, u32 n)
{
	memset(mask_of(p), 0, WD40_WORDS(native.nr_cpu_ids) * sizeof(long));
	p->nr_cpus_allowed = 0;
	native_allow(p, first, n);
}

bool native_allowed(const struct task_struct *p, s32 cpu)
{
	return cpubits_test(p->cpus_ptr->bits, (u32)cpu) && cpubits_test(native.online, (u32)cpu);
}

struct task_struct *native_task_new(void)
{
	struct task_struct *p = calloc(1, sizeof(*p));

	if (!p)
		native_die("no memory for a task");
	p->pid = ++native.last_pid;
	p->native.timer.tie = TIMER_TIE(TIMER_TASK, (u32)p->pid);
	p->scx.weight = WD40_BASE_WEIGHT;
	p->cpus_ptr = (const struct cpumask *)native.everywhere;
	p->nr_cpus_allowed = (int)native.nr_cpus;
	return p;
}

struct task_struct *native_task_free(struct task_struct *p)
{
	free(p->native.storage);
	free(p->native.mask);
	free(p->native.pinned);
	free(p);
	return NULL;
}

void native_set_mempolicy(struct task_struct *p, u32 mode, u64 nodes)
{
	p->native.policy =
		(struct mempolicy){ .mode = (unsigned short)mode, .nodes = { { nodes } } };
	p->mempolicy = mode ? &p->native.policy : NULL;
}

s32 scx_bpf_task_cpu(const struct task_struct *p)
{
	native_enter(__func__);
	return p->native.cpu;
}

struct task_struct *bpf_get_current_task_btf(void)
{
	static struct task_struct idle;

	return native.current ?: &idle;
}

bool kernel_mempolicy(const struct task_struct *p, u32 *mode, u64 *nodes)
{
	if (!p->mempolicy)
		return false;
	*mode = p->mempolicy->mode;
	*nodes = p->mempolicy->nodes.bits[0];
	return true;
}

void kernel_set_slice(struct task_struct *p, u64 slice_ns)
{
	native_enter(__func__);
	p->scx.slice = slice_ns;
}
