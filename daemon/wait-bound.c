/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/wait-bound.h"

#define NSEC_PER_USEC 1000ull

static uint64_t longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t wait_bound_usec(const struct wd40_config *config, uint32_t nr_tasks, uint32_t nr_cpus)
{
	uint64_t slice_ns = longer(config->slice_underutil_ns, config->slice_overutil_ns), turn_ns;

	if (!nr_cpus)
		return UINT64_MAX;
	turn_ns = (nr_tasks / nr_cpus + 1) * slice_ns;
	if (config->fifo_sched)
		return turn_ns / NSEC_PER_USEC;
	return (WD40_RESCUE_AFTER_NS + 2 * longer(WD40_RESCUE_INTERVAL_NS, slice_ns) + turn_ns) /
	       NSEC_PER_USEC;
}
