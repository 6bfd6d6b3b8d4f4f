/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers in the order of their time: a heap with four children a node. Timers of one time go by their
 * tie, which no two timers share, so the order never depends on addresses or on history.
 */
#pragma once

#include <stdbool.h>

#include "bpf/shared.h"

struct native_timer {
	u64 tie;  /* its owner's for good */
	u32 slot; /* where it is in the heap, plus 1; 0: it is not set */
};

struct native_heap_entry {
	u64 at_ns, tie;
	struct native_timer *timer;
};

struct native_heap {
	struct native_heap_entry *entries;
	u32 nr, room;
};

/* Sets a timer, or sets it anew. O(log n); memory only grows with the number of timers. */
void native_heap_set(struct native_heap *h, struct native_timer *t, u64 at_ns);
void native_heap_cancel(struct native_heap *h, struct native_timer *t);

/* The time of the first timer, ~0 without one. */
u64 native_heap_first_ns(const struct native_heap *h);

/* Takes the first timer out; there must be one. */
struct native_timer *native_heap_pop(struct native_heap *h);
void native_heap_done(struct native_heap *h);
