/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/rest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MIN 1024u

struct entry {
	uint32_t generation; /* of the slot's use that rests; 0 = none */
	uint32_t until;
};

/* By slot of the slab. */
struct rest {
	struct entry *entries;
	uint32_t nr_entries;
};

int rest_new(struct rest **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct rest *rest_free(struct rest *r)
{
	if (!r)
		return NULL;
	free(r->entries);
	free(r);
	return NULL;
}

static bool make_room(struct rest *r, uint32_t index)
{
	uint64_t n = r->nr_entries ?: ENTRIES_MIN;
	struct entry *entries;

	while (n <= index)
		n *= 2;
	if (n == r->nr_entries)
		return true;
	entries = reallocarray(r->entries, n, sizeof(entries[0]));
	if (!entries)
		return false;
	memset(entries + r->nr_entries, 0, (n - r->nr_entries) * sizeof(entries[0]));
	r->entries = entries;
	r->nr_entries = (uint32_t)n;
	return true;
}

void rest_until(struct rest *r, wd40_handle task, uint32_t round)
{
	uint32_t index = WD40_HANDLE_INDEX(task);

	if (make_room(r, index))
		r->entries[index] = (struct entry){ WD40_HANDLE_GENERATION(task), round };
}

bool rest_in(const struct rest *r, wd40_handle task, uint32_t round)
{
	uint32_t index = WD40_HANDLE_INDEX(task);

	return index < r->nr_entries &&
	       r->entries[index].generation == WD40_HANDLE_GENERATION(task) &&
	       r->entries[index].until > round;
}
