/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decaying averages of a rate (struct wd40_ravg in bpf/shared.h says how they are stored).
 *
 * At the end of each period:  avg = avg * y + mean * (1 - y),  y = 2^(-period / half-life),
 * mean = partial / period. Everything is linear in the rate and all averages are cut at the same
 * instants, so the average of a sum is the sum of the averages; and y may change at any time, since
 * avg is normalised.
 *
 * All static inline: they run under a bpf_spin_lock, where a call may not.
 */
#pragma once

#include "bpf/kernel.bpf.h"

#define RAVG_ONE_Q32         (1ull << 32)
#define RAVG_PERIOD_SHIFT    20
#define RAVG_PARTIAL_SHIFT   (WD40_RAVG_FRAC - RAVG_PERIOD_SHIFT) /* partial -> avg's fraction */
#define RAVG_MAX_PERIOD_BITS 22 /* 2^22 periods = 73 min: the past is forgotten beyond it */

_Static_assert(1ull << RAVG_PERIOD_SHIFT == WD40_RAVG_PERIOD_NS, "period is a power of two");

/* a * f / 2^32, rounded; f at most 2^32 */
static __always_inline u64 ravg_mul_q32(u64 a, u64 f)
{
	return (a >> 32) * f + (((a & 0xffffffffull) * f + (1ull << 31)) >> 32);
}

/* y^n, as a fraction of 2^32 */
static __always_inline u64 ravg_pow_q32(u64 y_q32, u64 n)
{
	u64 result = RAVG_ONE_Q32;

	if (n >> RAVG_MAX_PERIOD_BITS)
		return 0;
	for (int bit = 0; bit < RAVG_MAX_PERIOD_BITS; bit++) {
		if (n & 1)
			result = ravg_mul_q32(result, y_q32);
		n >>= 1;
		if (!n)
			break;
		y_q32 = ravg_mul_q32(y_q32, y_q32);
	}
	return result;
}

/*
 * Brings r to now_ns, during which its rate was rate. y_q32: wd40_config.load_decay_q32. A time
 * before r's own (clocks of two CPUs differ a little) changes nothing.
 */
static __always_inline void ravg_advance(struct wd40_ravg __arena *r, u64 rate, u64 now_ns,
					 u64 y_q32)
{
	u64 periods, rest_ns, to_end_ns, mean, kept;

	if (now_ns <= r->at)
		return;
	periods = (now_ns >> RAVG_PERIOD_SHIFT) - (r->at >> RAVG_PERIOD_SHIFT);
	if (!periods) {
		r->partial += rate * (now_ns - r->at);
		r->at = now_ns;
		return;
	}
	to_end_ns = WD40_RAVG_PERIOD_NS - (r->at & (WD40_RAVG_PERIOD_NS - 1));
	rest_ns = now_ns & (WD40_RAVG_PERIOD_NS - 1);

	/* the period that was under way */
	mean = (r->partial + rate * to_end_ns) << RAVG_PARTIAL_SHIFT;
	r->avg = ravg_mul_q32(r->avg, y_q32) + ravg_mul_q32(mean, RAVG_ONE_Q32 - y_q32);

	/* whole periods at a constant rate, in closed form */
	if (periods > 1) {
		kept = ravg_pow_q32(y_q32, periods - 1);
		r->avg = ravg_mul_q32(r->avg, kept) +
			 ravg_mul_q32(rate << WD40_RAVG_FRAC, RAVG_ONE_Q32 - kept);
	}
	r->partial = rate * rest_ns;
	r->at = now_ns;
}

/* Adds from to into, both advanced to the same time before. */
static __always_inline void ravg_add(struct wd40_ravg __arena *into,
				     const struct wd40_ravg __arena *from)
{
	into->avg += from->avg;
	into->partial += from->partial;
}

/* Takes from out of outof, never below 0: averages round. */
static __always_inline void ravg_sub(struct wd40_ravg __arena *outof,
				     const struct wd40_ravg __arena *from)
{
	outof->avg -= from->avg < outof->avg ? from->avg : outof->avg;
	outof->partial -= from->partial < outof->partial ? from->partial : outof->partial;
}
