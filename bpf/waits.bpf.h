/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waits: their histograms (struct wd40_waits), and a domain's longest. A CPU counts into its own
 * histograms, so nothing there is atomic, and the search for the bucket has no branch.
 */
#pragma once

#include "bpf/kernel.bpf.h"
#include "bpf/shared.h"

/* An instant. It comes again after 73 minutes, and is never 0. */
static __always_inline u32 waits_stamp(u64 now_ns)
{
	return (u32)(now_ns >> WD40_WAIT_SHIFT) ?: 1;
}

/* Units between two stamps; none where the clocks of two CPUs disagree. */
static __always_inline u32 waits_between(u32 from, u32 to)
{
	s32 units = (s32)(to - from);

	return (u32)(units & ~(units >> 31));
}

/* The number of bits that the units have. */
static __always_inline u32 waits_bucket(u32 units)
{
	u32 bits = units > 0, shift;

	shift = (units > 0xffff) << 4;
	units >>= shift;
	bits += shift;
	shift = (units > 0xff) << 3;
	units >>= shift;
	bits += shift;
	shift = (units > 0xf) << 2;
	units >>= shift;
	bits += shift;
	shift = (units > 0x3) << 1;
	units >>= shift;
	bits += shift + (units >> 1);
	return bits < WD40_WAIT_BUCKETS ? bits : WD40_WAIT_BUCKETS - 1;
}

static __always_inline void waits_count(struct wd40_waits __arena *w, u32 units)
{
	w->sum += units;
	w->buckets[waits_bucket(units)]++;
}

/* The task has a CPU: how long it waited for that. Before waits_end. */
static __always_inline void waits_record(struct wd40_cpu __arena *c, struct wd40_task __arena *t,
					 u64 now)
{
	u32 stamp = waits_stamp(now);

	if (t->runnable_since)
		waits_count(&c->run_delay, waits_between(t->runnable_since, stamp));
	if (t->queued_at)
		waits_count(&c->queue_wait, waits_between(waits_stamp(t->queued_at), stamp));
	t->runnable_since = 0;
}

/*
 * The wait of a queued task is over. Returns it, in ns, and records the domain's longest: two CPUs may
 * race, the larger value comes back with its next wait.
 */
static __always_inline u64 waits_end(struct wd40_task __arena *t, struct wd40_domain __arena *dom,
				     u64 now)
{
	u64 waited_ns = now > t->queued_at ? now - t->queued_at : 0;

	WRITE_ONCE(t->queued_at, 0);
	if (waited_ns > READ_ONCE(dom->max_wait_ns))
		WRITE_ONCE(dom->max_wait_ns, waited_ns);
	return waited_ns;
}
