/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tasks of each domain by their load, in buckets an eighth of an octave wide: for finding one of
 * about a given load among a million, without sorting them.
 */
#pragma once

#include "daemon/load.h"

#define BALANCE_OCTAVES 20 /* loads from 2^-20 to 1 */
#define BALANCE_BUCKETS (8 * BALANCE_OCTAVES + 1)
#define BALANCE_NO_TASK (~0u)

struct balance_index {
	uint32_t nr_domains;
	uint32_t *heads; /* by domain and bucket: index into load->tasks */
	uint32_t *next;  /* of each task */
	uint32_t room;
};

int balance_index_init(struct balance_index *x, uint32_t nr_domains); /* -ENOMEM */
void balance_index_done(struct balance_index *x);

/* The bucket of a load; those too small or large count to the first or last one. */
uint32_t balance_bucket(float load);

/* Makes it anew from the tasks that may be moved, kworkers only when asked for. -ENOMEM. */
int balance_index_fill(struct balance_index *x, const struct load *l, bool kworkers);

/* First task of a bucket; x->next has the others. In the order of the slab. */
static inline uint32_t *balance_index_head(const struct balance_index *x, uint32_t domain,
					   uint32_t bucket)
{
	return &x->heads[domain * BALANCE_BUCKETS + bucket];
}
