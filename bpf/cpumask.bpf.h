/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU sets of run-time size: words of 64 bits in the arena, read-only here, beside the kernel's own
 * masks. A span is the range of words in which a set has CPUs.
 */
#pragma once

#include "bpf/kernel.bpf.h"

struct cpumask_span {
	u32 first; /* word */
	u32 end;
};

static __always_inline bool cpumask_test(const u64 __arena *mask, u32 cpu)
{
	return mask[cpu / WD40_BITS_PER_WORD] >> (cpu % WD40_BITS_PER_WORD) & 1;
}

static __always_inline bool cpumask_kernel_test(const struct cpumask *mask, u32 cpu)
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

/* Does the arena set share a CPU with the kernel's? */
__hidden bool cpumask_intersects(const u64 __arena *set, struct cpumask_span span,
				 const struct cpumask *kernel_set);

/* Is the arena set part of the kernel's? */
__hidden bool cpumask_subset(const u64 __arena *set, struct cpumask_span span,
			     const struct cpumask *kernel_set);

/*
 * Claims an idle CPU (it counts as busy from then on) that is in set, in limit (NULL: no limit), in
 * allowed and in idle, the kernel's mask of idle CPUs or of idle cores. -ENOENT: none.
 */
__hidden s32 cpumask_claim_idle(const u64 __arena *set, struct cpumask_span span,
				const u64 __arena *limit, const struct cpumask *allowed,
				const struct cpumask *idle);
