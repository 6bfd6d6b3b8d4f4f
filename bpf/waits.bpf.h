/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histograms of waits (struct wd40_waits): a CPU counts into its own, so nothing here is atomic, and the
 * search for the bucket has no branch.
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
