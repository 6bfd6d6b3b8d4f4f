// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include "tests/sim/report-histogram.h"

/* Values below HISTOGRAM_STEPS have a bucket each. */
static u32 bucket_of(u64 value)
{
	u32 shift;

	if (value < HISTOGRAM_STEPS)
		return (u32)value;
	shift = 63 - HISTOGRAM_STEP_BITS - (u32)__builtin_clzll(value);
	return (shift + 1) * HISTOGRAM_STEPS + (u32)(value >> shift) - HISTOGRAM_STEPS;
}

static u64 last_value_of(u32 bucket)
{
	u32 shift;

	if (bucket < HISTOGRAM_STEPS)
		return bucket;
	shift = bucket / HISTOGRAM_STEPS - 1;
	return ((u64)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << shift) + (1ull << shift) - 1;
}

void histogram_add(struct histogram *h, u64 value_ns)
{
	h->count++;
	h->sum_ns += value_ns;
	if (value_ns > h->max_ns)
		h->max_ns = value_ns;
	h->buckets[bucket_of(value_ns)]++;
}

u64 histogram_percentile(const struct histogram *h, double percentile)
{
	u64 wanted = (u64)ceil((double)h->count * percentile / 100), seen = 0;

	if (!h->count)
		return 0;
	for (u32 i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen && seen >= wanted)
			return last_value_of(i) < h->max_ns ? last_value_of(i) : h->max_ns;
	}
	return h->max_ns;
}

u64 histogram_mean(const struct histogram *h)
{
	return h->count ? h->sum_ns / h->count : 0;
}
