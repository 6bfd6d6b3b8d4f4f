/* SPDX-License-Identifier: GPL-2.0-only */
/* How busy each CPU was lately, from /proc/stat. Keeps the file open and allocates only in new. */
#pragma once

#include <stdint.h>

#include "util/cleanup.h"

struct procstat;

/*
 * Opens root/proc/stat ("" in production) for CPU ids below nr_cpus and takes the first reading, so
 * that the first update has something to compare with. Errors: those of open and read, -ENOMEM.
 */
int procstat_new(const char *root, uint32_t nr_cpus, struct procstat **ret);
struct procstat *procstat_free(struct procstat *p);
DEFINE_CLEANUP(struct procstat, procstat_free)

/*
 * Reads anew. A CPU's share is that of the time since its last reading; where no tick has passed
 * since, the share stays. Errors: those of read; the shares are then as good as they were.
 */
int procstat_update(struct procstat *p);

/*
 * Per CPU id, 0..100: time in tasks and interrupts; waiting for disks is idle, and time stolen by a
 * hypervisor is neither. Negative: offline, or seen once only. Valid until procstat_free, and
 * written by each update.
 */
const double *procstat_busy_pct(const struct procstat *p);

/* Ticks that the online CPUs together have passed since procstat_new: busy ones, and all. */
struct procstat_ticks {
	uint64_t busy, all;
};
struct procstat_ticks procstat_ticks(const struct procstat *p);
