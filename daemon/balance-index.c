/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/balance-index.h"

#include <errno.h>
#include <string.h>

#define FLOAT_FRACTION_BITS 23
#define BUCKET_SHIFT        (FLOAT_FRACTION_BITS - 3) /* eight buckets an octave */
#define FLOAT_ONE_EXPONENT  127

int balance_index_init(struct balance_index *x, uint32_t nr_domains)
{
	*x = (struct balance_index){ .nr_domains = nr_domains };
	x->heads = calloc((size_t)nr_domains * BALANCE_BUCKETS, sizeof(x->heads[0]));
	return x->heads ? 0 : -ENOMEM;
}

void balance_index_done(struct balance_index *x)
{
	free(x->heads);
	free(x->next);
}

/* A float's exponent and first three bits of fraction are the bucket, by its very format. */
uint32_t balance_bucket(float load)
{
	const int32_t first = (FLOAT_ONE_EXPONENT - BALANCE_OCTAVES) * 8;
	int32_t bits;

	memcpy(&bits, &load, sizeof(bits));
	bits = (bits >> BUCKET_SHIFT) - first;
	if (bits < 0)
		return 0;
	return bits < BALANCE_BUCKETS ? (uint32_t)bits : BALANCE_BUCKETS - 1;
}

static int make_room(struct balance_index *x, uint32_t n)
{
	uint32_t *next;

	if (n <= x->room)
		return 0;
	next = reallocarray(x->next, n, sizeof(next[0]));
	if (!next)
		return -ENOMEM;
	x->next = next;
	x->room = n;
	return 0;
}

int balance_index_fill(struct balance_index *x, const struct load *l, bool kworkers)
{
	int r = make_room(x, l->tasks_room);

	if (r < 0)
		return r;
	memset(x->heads, 0xff, (size_t)x->nr_domains * BALANCE_BUCKETS * sizeof(x->heads[0]));
	for (uint32_t i = l->nr_tasks; i-- > 0;) {
		const struct load_task *t = &l->tasks[i];
		uint32_t *head;

		if (!t->movable || (t->kworker && !kworkers))
			continue;
		head = balance_index_head(x, t->domain, balance_bucket(t->load));
		x->next[i] = *head;
		*head = i;
	}
	return 0;
}
