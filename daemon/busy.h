/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How busy each CPU was lately, from the idle time that BPF keeps in the arena (wd40_cpu.idle). Exact to
 * what passes between the look at the clock and the look at a CPU, some microseconds.
 *
 * Busy is all that is not idle: tasks of every class, and interrupts that come while one runs. Waiting
 * for disks is idle, and so is an interrupt that finds the CPU idle.
 */
#pragma once

#include <stdint.h>

#include "bpf/shared.h"
#include "util/cleanup.h"

/* Readings that lie closer together are one: half of the shortest tune-interval. */
#define BUSY_READING_MIN_NS 5000000ull

struct busy_meter;

/* For CPU ids below nr_cpus, which the arenas read must have. -ENOMEM. */
int busy_meter_new(uint32_t nr_cpus, struct busy_meter **ret);
struct busy_meter *busy_meter_free(struct busy_meter *b);
DEFINE_CLEANUP(struct busy_meter, busy_meter_free)

/*
 * Reads anew. A CPU's share is that of the time since the last reading, by the scheduler's clock; where
 * that has not passed BUSY_READING_MIN_NS the reading before, and the shares, stay.
 */
void busy_meter_update(struct busy_meter *b, const struct wd40_shared *shared);

/*
 * Per CPU id, 0..100. Negative: offline, or not read twice since it came. Valid until busy_meter_free,
 * and written by each update.
 */
const double *busy_meter_pct(const struct busy_meter *b);

/* Time of all online CPUs together, between the readings so far. */
struct busy_time {
	uint64_t busy_ns, all_ns;
};
struct busy_time busy_meter_time(const struct busy_meter *b);
