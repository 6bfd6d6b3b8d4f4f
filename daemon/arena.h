/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's side of the arena: lays it out for a topology and publishes configuration and tuner
 * decisions in it (see bpf/shared.h). Pure memory: works on the real arena, the fake one and the
 * simulator's.
 */
#pragma once

#include <stdint.h>

#include "bpf/shared.h"
#include "config/tunables.h"
#include "daemon/topology.h"
#include "daemon/tuner.h"

/*
 * Lays out CPU and domain tables, masks, victim lists, moves and the task slab's range behind the
 * zeroed struct. size: bytes of the whole arena, tasks_max: upper bound of the slab. -ENOSPC.
 */
int arena_lay_out(struct wd40_shared *shared, uint64_t size, uint32_t tasks_max,
		  const struct topology *t);

/*
 * Publishes the values as the next configuration. BPF uses it from its next callback on. When a
 * slot must be used again, waits for a grace period first by membarrier(MEMBARRIER_CMD_GLOBAL).
 * retired counts the slots left behind since the last one. -EAGAIN when the kernel has no membarrier
 * and slots ran out.
 */
int arena_publish_config(struct wd40_shared *shared, const struct tunable_set *values,
			 uint64_t generation, uint32_t *retired);

/* The configuration that BPF reads now, for reading back. */
const struct wd40_config *arena_config(const struct wd40_shared *shared);

/* Publishes a tuner decision as the next round. */
void arena_publish_tune(struct wd40_shared *shared, const struct tuner_decision *d);

/* Sum of a counter over all CPUs. */
uint64_t arena_counter(const struct wd40_shared *shared, enum wd40_counter counter);

/* Multiplier per WD40_RAVG_PERIOD_NS for a half-life, times 2^32 (wd40_config.load_decay_q32). */
uint64_t arena_decay_q32(uint64_t half_life_usec);
