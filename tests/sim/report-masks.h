/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU masks, each different one kept once: tasks of one affinity are one group by its id. */
#pragma once

#include "bpf/shared.h"

struct mask_table;

struct mask_range {
	const unsigned long *words; /* of the whole mask */
	u32 first_word, end_word;   /* those that are not zero lie in [first_word, end_word) */
};

struct mask_table *mask_table_new(u32 nr_bits);
struct mask_table *mask_table_free(struct mask_table *t);

/*
 * The id of the mask, which is copied when it is new; bits from nr_bits on are 0. Ids count from 0.
 */
u32 mask_table_id(struct mask_table *t, const unsigned long *mask);

/* Valid until the next call of mask_table_id. */
struct mask_range mask_table_get(const struct mask_table *t, u32 id);
u32 mask_table_nr_bits(const struct mask_table *t);
