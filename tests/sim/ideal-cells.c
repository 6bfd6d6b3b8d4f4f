// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/ideal-cells.h"

int cells_init(struct cells *c, const struct mask_table *masks)
{
	u32 nr_cpus = mask_table_nr_bits(masks);

	*c = (struct cells){ .masks = masks, .nr_slots = 2 };
	while (c->nr_slots < 2 * nr_cpus)
		c->nr_slots *= 2;
	c->at = calloc(nr_cpus, sizeof(*c->at));
	c->of_cpu = calloc(nr_cpus, sizeof(*c->of_cpu));
	c->signatures = calloc(nr_cpus, sizeof(*c->signatures));
	c->slots = calloc(c->nr_slots, sizeof(*c->slots));
	return c->at && c->of_cpu && c->signatures && c->slots ? 0 : -ENOMEM;
}

void cells_done(struct cells *c)
{
	free(c->at);
	free(c->of_cpu);
	free(c->signatures);
	free(c->slots);
}

/* The finalizer of splitmix64: numbers that look random, so that their xor stands for their set. */
static u64 scatter(u64 x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void sign(struct cells *c, u32 mask)
{
	struct mask_range range = mask_table_get(c->masks, mask);
	u64 mark = scatter(mask);

	for (u32 w = range.first_word; w < range.end_word; w++)
		for (unsigned long bits = range.words[w]; bits; bits &= bits - 1)
			c->signatures[w * 64 + (u32)__builtin_ctzl(bits)] ^= mark;
}

static u32 cell_of(struct cells *c, u64 signature, u32 kind)
{
	u32 i = (u32)signature & (c->nr_slots - 1);

	while (c->slots[i] && c->at[c->slots[i] - 1].signature != signature)
		i = (i + 1) & (c->nr_slots - 1);
	if (!c->slots[i]) {
		c->at[c->nr] = (struct cell){ .signature = signature, .kind = kind };
		c->slots[i] = ++c->nr;
	}
	return c->slots[i] - 1;
}

void cells_divide(struct cells *c, const u32 *kind, const bool *available, const u32 *used,
		  u32 nr_used)
{
	u32 nr_cpus = mask_table_nr_bits(c->masks);

	c->nr = 0;
	memset(c->slots, 0, c->nr_slots * sizeof(*c->slots));
	memset(c->signatures, 0, nr_cpus * sizeof(*c->signatures));
	for (u32 i = 0; i < nr_used; i++)
		sign(c, used[i]);
	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		c->of_cpu[cpu] = NO_CELL;
		if (!available[cpu])
			continue;
		c->of_cpu[cpu] =
			cell_of(c, c->signatures[cpu] ^ scatter(~(u64)kind[cpu]), kind[cpu]);
		c->at[c->of_cpu[cpu]].nr_cpus++;
	}
}
