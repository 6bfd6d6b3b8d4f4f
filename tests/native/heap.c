/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "tests/native/heap.h"
#include "tests/native/native.h"

#define CHILDREN 4

static bool before(const struct native_heap_entry *a, const struct native_heap_entry *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->tie < b->tie;
}

static void place(struct native_heap *h, u32 i, struct native_heap_entry e)
{
	h->entries[i] = e;
	e.timer->slot = i + 1;
}

/* The entry goes into the hole at i or above it. */
static void sift_up(struct native_heap *h, u32 i, struct native_heap_entry e)
{
	while (i) {
		u32 parent = (i - 1) / CHILDREN;

		if (!before(&e, &h->entries[parent]))
			break;
		place(h, i, h->entries[parent]);
		i = parent;
	}
	place(h, i, e);
}

static u32 first_child(const struct native_heap *h, u32 i)
{
	u32 first = i * CHILDREN + 1, best = first;

	for (u32 child = first + 1; child < first + CHILDREN && child < h->nr; child++)
		if (before(&h->entries[child], &h->entries[best]))
			best = child;
	return best;
}

/* The entry goes into the hole at i or below it. */
static void sift_down(struct native_heap *h, u32 i, struct native_heap_entry e)
{
	while (i * CHILDREN + 1 < h->nr) {
		u32 child = first_child(h, i);

		if (!before(&h->entries[child], &e))
			break;
		place(h, i, h->entries[child]);
		i = child;
	}
	place(h, i, e);
}

static void fill_hole(struct native_heap *h, u32 i, struct native_heap_entry e)
{
	if (i && before(&e, &h->entries[(i - 1) / CHILDREN]))
		sift_up(h, i, e);
	else
		sift_down(h, i, e);
}

void native_heap_set(struct native_heap *h, struct native_timer *t, u64 at_ns)
{
	struct native_heap_entry e = { at_ns, t->tie, t };

	if (t->slot) {
		fill_hole(h, t->slot - 1, e);
		return;
	}
	if (h->nr == h->room) {
		h->room = h->room ? 2 * h->room : 64;
		h->entries = realloc(h->entries, h->room * sizeof(h->entries[0]));
		if (!h->entries)
			native_die("no memory for %u timers", h->room);
	}
	sift_up(h, h->nr++, e);
}

void native_heap_cancel(struct native_heap *h, struct native_timer *t)
{
	u32 i = t->slot - 1;

	if (!t->slot)
		return;
	t->slot = 0;
	h->nr--;
	if (i < h->nr)
		fill_hole(h, i, h->entries[h->nr]);
}

u64 native_heap_first_ns(const struct native_heap *h)
{
	return h->nr ? h->entries[0].at_ns : ~0ull;
}

struct native_timer *native_heap_pop(struct native_heap *h)
{
	struct native_timer *t = h->entries[0].timer;

	native_heap_cancel(h, t);
	return t;
}

void native_heap_done(struct native_heap *h)
{
	free(h->entries);
	*h = (struct native_heap){ 0 };
}
