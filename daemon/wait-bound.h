/* SPDX-License-Identifier: GPL-2.0-only */
/* The bound on waits that bpf/guard.bpf.h derives, in numbers. Pure. */
#pragma once

#include <stdint.h>

#include "bpf/shared.h"

/*
 * The longest that a task waits in a domain's queue, in us: whatever the nr_tasks tasks that live there
 * do, on a domain of nr_cpus CPUs online, for a task that may run on all of these. Slices count as the
 * longer of the two, as the tuner may change between them meanwhile. UINT64_MAX: no CPU, no bound.
 */
uint64_t wait_bound_usec(const struct wd40_config *config, uint32_t nr_tasks, uint32_t nr_cpus);
