/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slab over arena pages: objects of one run-time size in a reserved address range, with a lock-free
 * free list and a generation per object, so that a handle outlives its object without ever naming
 * another one. An object starts with struct wd40_slot; freeing leaves its memory readable.
 */
#pragma once

#include "bpf/kernel.bpf.h"

/*
 * Takes an object, growing the slab by a chunk when none is free (sleepable callbacks only). Its slot
 * has a new odd generation; the rest holds what the last user left. Returns its index, or -ENOMEM:
 * the range or memory is used up.
 */
s64 slab_alloc(struct wd40_slab __arena *slab __arg_arena);

/* Gives an object back; its handles turn stale. index must be in use. Returns 0. */
int slab_free(struct wd40_slab __arena *slab __arg_arena, u32 index);

/*
 * Copies a text of kernel memory, given by its address, into pages of its own in the arena, for good
 * (sleepable callbacks only). Address of the copy, or 0.
 */
u64 arena_copy_text(u64 text);

static __always_inline struct wd40_slot __arena *slab_slot(struct wd40_slab __arena *slab,
							   u32 index)
{
	return (struct wd40_slot __arena *)(slab->base + (u64)index * slab->object_size);
}
