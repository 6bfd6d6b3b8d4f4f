/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A log-linear histogram of times: each power of two is cut into HISTOGRAM_STEPS equal buckets, so a
 * percentile is at most 1/HISTOGRAM_STEPS too high, whatever the range, in constant memory.
 */
#pragma once

#include "bpf/shared.h"

#define HISTOGRAM_STEP_BITS 6
#define HISTOGRAM_STEPS     (1u << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_BUCKETS   ((65 - HISTOGRAM_STEP_BITS) * HISTOGRAM_STEPS)

struct histogram {
	u64 count, sum_ns, max_ns;
	u64 buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, u64 value_ns);

/*
 * The smallest bucket's end that at least percentile (0..100) of the values do not exceed, at most the
 * largest value; 0 when there are no values.
 */
u64 histogram_percentile(const struct histogram *h, double percentile);

/* In ns, 0 when there are no values. */
u64 histogram_mean(const struct histogram *h);
