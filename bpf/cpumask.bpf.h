/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU sets of run-time size: words of 64 bits in the arena, read-only here, beside the kernel's own
 * masks.
 */
#pragma once

#include "bpf/kernel.bpf.h"

static __always_inline bool cpumask_test(const u64 __arena *mask, u32 cpu)
{
	return mask[cpu / WD40_BITS_PER_WORD] >> (cpu % WD40_BITS_PER_WORD) & 1;
}

static __always_inline bool cpumask_kernel_test(kernel_mask mask, u32 cpu)
{
	return kernel_mask_word(mask, cpu / WD40_BITS_PER_WORD) >> (cpu % WD40_BITS_PER_WORD) & 1;
}

/* Number of the lowest bit set; word must not be 0. BPF has no instruction for it. */
static __always_inline u32 cpumask_lowest_bit(u64 word)
{
	u32 bit = 0;

	if (!(word & 0xffffffffull)) {
		bit += 32;
		word >>= 32;
	}
	if (!(word & 0xffff)) {
		bit += 16;
		word >>= 16;
	}
	if (!(word & 0xff)) {
		bit += 8;
		word >>= 8;
	}
	if (!(word & 0xf)) {
		bit += 4;
		word >>= 4;
	}
	if (!(word & 0x3)) {
		bit += 2;
		word >>= 2;
	}
	return bit + !(word & 1);
}

enum cpumask_overlap {
	CPUMASK_DISJOINT,
	CPUMASK_PARTLY, /* some of the set's CPUs are allowed */
	CPUMASK_WHOLLY,
};

/*
 * How much of a set, which has its CPUs in the words [first, end), the task's affinity allows: an enum
 * cpumask_overlap.
 */
u32 cpumask_allowed(struct task_struct *p __arg_trusted, const u64 __arena *set __arg_arena,
		    u32 first, u32 end);

/* Does the task's affinity allow a CPU that is in both sets? Words as above. */
bool cpumask_allows_any(struct task_struct *p __arg_trusted, const u64 __arena *a __arg_arena,
			const u64 __arena *b __arg_arena, u32 first, u32 end);

/* Is a CPU of the set idle? p: any task. */
bool cpumask_any_idle(struct task_struct *p __arg_trusted, const u64 __arena *set __arg_arena,
		      u32 first, u32 end);
