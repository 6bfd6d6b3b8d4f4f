// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/cpumask.bpf.h"

u32 cpumask_allowed(struct task_struct *p __arg_trusted, const u64 __arena *set __arg_arena,
		    u32 first, u32 end)
{
	kernel_mask allowed = kernel_mask_affinity(p);
	u64 in = 0, out = 0;

	for (u32 w = first; w < end && can_loop; w++) {
		u64 word = kernel_mask_word(allowed, w);

		in |= set[w] & word;
		out |= set[w] & ~word;
	}
	if (!in)
		return CPUMASK_DISJOINT;
	return out ? CPUMASK_PARTLY : CPUMASK_WHOLLY;
}

bool cpumask_allows_any(struct task_struct *p __arg_trusted, const u64 __arena *a __arg_arena,
			const u64 __arena *b __arg_arena, u32 first, u32 end)
{
	kernel_mask allowed = kernel_mask_affinity(p);
	u64 found = 0;

	for (u32 w = first; w < end && can_loop; w++)
		found |= a[w] & b[w] & kernel_mask_word(allowed, w);
	return found != 0;
}

bool cpumask_any_idle(struct task_struct *p __arg_trusted, const u64 __arena *set __arg_arena,
		      u32 first, u32 end)
{
	kernel_mask idle = kernel_mask_idle(p, false);
	u64 found = 0;

	for (u32 w = first; w < end && can_loop; w++)
		found |= set[w] & kernel_mask_word(idle, w);
	return found != 0;
}
