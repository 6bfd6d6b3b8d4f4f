// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "tests/sim/report-masks.h"
#include "tests/sim/report-memory.h"

#define SLOTS_FIRST 64

struct mask_table {
	u32 nr_bits, nr_words;
	unsigned long *words; /* of all masks, one after the other */
	struct mask_range *ranges;
	u32 nr, room;
	u32 *slots; /* open hashing: id + 1, 0 = free */
	u32 nr_slots;
};

struct mask_table *mask_table_new(u32 nr_bits)
{
	struct mask_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->nr_bits = nr_bits;
	t->nr_words = WD40_WORDS(nr_bits);
	return t;
}

struct mask_table *mask_table_free(struct mask_table *t)
{
	if (!t)
		return NULL;
	free(t->words);
	free(t->ranges);
	free(t->slots);
	free(t);
	return NULL;
}

static const unsigned long *words_of(const struct mask_table *t, u32 id)
{
	return t->words + (size_t)id * t->nr_words;
}

/* FNV-1a, a word at a time. */
static u64 hash(const struct mask_table *t, const unsigned long *mask)
{
	u64 h = 0xcbf29ce484222325ull;

	for (u32 i = 0; i < t->nr_words; i++) {
		h = (h ^ mask[i]) * 0x100000001b3ull;
		h ^= h >> 32;
	}
	return h;
}

/* The slot of the mask, or the free one where it belongs. */
static u32 *slot_of(const struct mask_table *t, const unsigned long *mask)
{
	u32 i = (u32)hash(t, mask) & (t->nr_slots - 1);

	while (t->slots[i] &&
	       memcmp(words_of(t, t->slots[i] - 1), mask, t->nr_words * sizeof(*mask)))
		i = (i + 1) & (t->nr_slots - 1);
	return &t->slots[i];
}

static void make_room(struct mask_table *t)
{
	if (t->nr < t->room)
		return;
	t->room = t->room ? 2 * t->room : SLOTS_FIRST / 2;
	t->words = sim_grow(t->words, (size_t)t->room * t->nr_words, sizeof(*t->words));
	t->ranges = sim_grow(t->ranges, t->room, sizeof(*t->ranges));
	t->nr_slots = 2 * t->room;
	t->slots = sim_grow(t->slots, t->nr_slots, sizeof(*t->slots));
	memset(t->slots, 0, t->nr_slots * sizeof(*t->slots));
	for (u32 id = 0; id < t->nr; id++)
		*slot_of(t, words_of(t, id)) = id + 1;
}

u32 mask_table_id(struct mask_table *t, const unsigned long *mask)
{
	struct mask_range range = { .end_word = t->nr_words };
	u32 *slot;

	make_room(t);
	slot = slot_of(t, mask);
	if (*slot)
		return *slot - 1;
	while (range.first_word < range.end_word && !mask[range.first_word])
		range.first_word++;
	while (range.end_word > range.first_word && !mask[range.end_word - 1])
		range.end_word--;
	memcpy(t->words + (size_t)t->nr * t->nr_words, mask, t->nr_words * sizeof(*mask));
	t->ranges[t->nr] = range;
	*slot = ++t->nr;
	return t->nr - 1;
}

struct mask_range mask_table_get(const struct mask_table *t, u32 id)
{
	struct mask_range range = t->ranges[id];

	range.words = words_of(t, id);
	return range;
}

u32 mask_table_nr_bits(const struct mask_table *t)
{
	return t->nr_bits;
}
