// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arena and its slabs. The free list is a stack of object indices; its head carries a tag that
 * every pop changes, so that a pop that read a stale successor fails its cmpxchg (ABA).
 */
#include "bpf/arena.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WD40_ARENA_PAGES);
	__ulong(map_extra, WD40_ARENA_BASE);
} arena SEC(".maps");

#define HEAD(tag, index_plus_1) ((u64)(tag) << 32 | (index_plus_1))
#define HEAD_TAG(head)          ((u32)((head) >> 32))
#define HEAD_INDEX(head)        ((u32)(head)) /* + 1, 0 = empty */

/* Puts the chain first..last (linked by next_free) on the free list. */
static bool push_chain(struct wd40_slab __arena *slab, u32 first, u32 last)
{
	struct wd40_slot __arena *tail = slab_slot(slab, last);

	while (can_loop) {
		u64 old = READ_ONCE(slab->free_head);

		tail->next_free = HEAD_INDEX(old);
		if (__sync_val_compare_and_swap(&slab->free_head, old,
						HEAD(HEAD_TAG(old), first + 1)) == old)
			return true;
	}
	return false;
}

/* Index + 1 of the object taken from the free list, 0 when it is empty. */
static u32 pop(struct wd40_slab __arena *slab)
{
	while (can_loop) {
		u64 old = READ_ONCE(slab->free_head);
		u32 index = HEAD_INDEX(old), next;

		if (!index)
			return 0;
		next = READ_ONCE(slab_slot(slab, index - 1)->next_free);
		if (__sync_val_compare_and_swap(&slab->free_head, old,
						HEAD(HEAD_TAG(old) + 1, next)) == old)
			return index;
	}
	return 0;
}

/*
 * Populates the next chunk of the range and puts its objects on the free list. A chunk that could not
 * be populated is given back when nobody took a later one meanwhile, else its range stays unused.
 */
static bool populate_chunk(struct wd40_slab __arena *slab)
{
	u32 chunk = __sync_fetch_and_add(&slab->nr_chunks, 1);
	u32 n = slab->chunk_objects, first = chunk * n, i = 0;
	u64 at = (u64)chunk * slab->chunk_pages * WD40_PAGE_SIZE;

	if (chunk >= slab->nr_chunks_max ||
	    !bpf_arena_alloc_pages(&arena, slab->base + at, slab->chunk_pages, -1, 0)) {
		__sync_val_compare_and_swap(&slab->nr_chunks, chunk + 1, chunk);
		return false;
	}
	for (i = 0; i + 1 < n && can_loop; i++)
		slab_slot(slab, first + i)->next_free = first + i + 2;
	return push_chain(slab, first, first + n - 1);
}

/* The daemon reads the slab, but no chunk that is in the making. */
static bool grow(struct wd40_slab __arena *slab)
{
	bool grown;

	__sync_fetch_and_add(&slab->nr_growing, 1);
	grown = populate_chunk(slab);
	__sync_fetch_and_add(&slab->nr_growing, (u32)-1);
	return grown;
}

s64 slab_alloc(struct wd40_slab __arena *slab __arg_arena)
{
	struct wd40_slot __arena *slot;
	u32 index = pop(slab);
	bool more = true;

	/* others may empty a new chunk first, or give objects back while this one fails to grow */
	for (int tries = 0; !index && more && tries < 4; tries++) {
		more = grow(slab);
		index = pop(slab);
	}
	if (!index)
		return -ENOMEM;
	slot = slab_slot(slab, index - 1);
	WRITE_ONCE(slot->generation, slot->generation + 1);
	__sync_fetch_and_add(&slab->nr_used, 1);
	return index - 1;
}

int slab_free(struct wd40_slab __arena *slab __arg_arena, u32 index)
{
	struct wd40_slot __arena *slot = slab_slot(slab, index);

	WRITE_ONCE(slot->generation, slot->generation + 1);
	push_chain(slab, index, index);
	__sync_fetch_and_add(&slab->nr_used, (u32)-1);
	return 0;
}

/* Is one of the word's bytes 0? */
static __always_inline bool has_zero_byte(u64 word)
{
	return (word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull;
}

/*
 * Length of a text in whole words, up to and including the one with its end. Not static nor inline, so that the
 * verifier forgets how the number came about.
 */
__attribute__((noinline)) u32 arena_text_words(u64 text)
{
	u32 words = 0;

	while (can_loop)
		if (has_zero_byte(kernel_read_word((const void *)(text + 8ull * words++))))
			break;
	return words;
}

u64 arena_copy_text(u64 text)
{
	u32 words = arena_text_words(text);
	u64 __arena *copy =
		bpf_arena_alloc_pages(&arena, NULL, words * 8 / WD40_PAGE_SIZE + 1, -1, 0);

	if (!copy)
		return 0;
	for (u32 w = 0; w < words && can_loop; w++)
		copy[w] = kernel_read_word((const void *)(text + 8ull * w));
	return (u64)copy;
}
