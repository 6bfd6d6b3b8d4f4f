// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/cpumask.bpf.h"

__hidden bool cpumask_intersects(const u64 __arena *set, struct cpumask_span span,
				 const struct cpumask *kernel_set)
{
	for (u32 w = span.first; w < span.end && can_loop; w++)
		if (set[w] & kernel_mask_word(kernel_set, w))
			return true;
	return false;
}

__hidden bool cpumask_subset(const u64 __arena *set, struct cpumask_span span,
			     const struct cpumask *kernel_set)
{
	for (u32 w = span.first; w < span.end && can_loop; w++)
		if (set[w] & ~kernel_mask_word(kernel_set, w))
			return false;
	return true;
}

/* Claims one of the CPUs in word w; candidates lose the race for a CPU one by one. */
static s32 claim_in_word(u32 w, u64 candidates)
{
	while (candidates && can_loop) {
		u32 cpu = w * WD40_BITS_PER_WORD + cpumask_lowest_bit(candidates);

		if (scx_bpf_test_and_clear_cpu_idle(cpu))
			return cpu;
		candidates &= candidates - 1;
	}
	return -ENOENT;
}

__hidden s32 cpumask_claim_idle(const u64 __arena *set, struct cpumask_span span,
				const u64 __arena *limit, const struct cpumask *allowed,
				const struct cpumask *idle)
{
	for (u32 w = span.first; w < span.end && can_loop; w++) {
		u64 candidates = set[w] & kernel_mask_word(idle, w);
		s32 cpu;

		if (!candidates)
			continue;
		candidates &= kernel_mask_word(allowed, w);
		if (limit)
			candidates &= limit[w];
		cpu = claim_in_word(w, candidates);
		if (cpu >= 0)
			return cpu;
	}
	return -ENOENT;
}
