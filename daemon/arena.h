/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's side of the arena: lays it out for a topology and publishes configuration and tuner
 * decisions in it (see bpf/shared.h). Pure memory: works on the real arena, the fake one and the
 * simulator's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/shared.h"
#include "config/tunables.h"
#include "daemon/topology.h"
#include "daemon/tuner.h"
#include "util/cleanup.h"

/*
 * Lays out CPU and domain tables, masks, victim lists, moves and the task slab's range behind the
 * zeroed struct. size: bytes of the whole arena, counted from shared; tasks_max: upper bound of the
 * slab, lowered to what fits. Every page up to the slab is written, so that BPF finds it populated;
 * no page of the slab is touched. -ENOSPC, -ENOMEM; *shared may then be half laid out.
 */
int arena_lay_out(struct wd40_shared *shared, uint64_t size, uint32_t tasks_max,
		  const struct topology *t);

/*
 * What was laid out for good, in memory that BPF cannot write: pointers, sizes, and whose node a domain is.
 * Made before the attach. -ENOMEM.
 */
struct arena_constants;
int arena_constants_new(const struct wd40_shared *shared, struct arena_constants **ret);
struct arena_constants *arena_constants_free(struct arena_constants *c);
DEFINE_CLEANUP(struct arena_constants, arena_constants_free)

/*
 * Puts them back into the arena where something else has been written over them, so that they lead nowhere
 * else; the second for the domains, too, which takes longer the more there are. True: that was so.
 */
bool arena_put_back(struct wd40_shared *shared, const struct arena_constants *c);
bool arena_put_back_domains(struct wd40_shared *shared, const struct arena_constants *c);

/*
 * Tells a running scheduler which domain CPUs that came online for the first time belong to, after
 * topology_update of the topology that was laid out. It writes where the domains say, so these are put back
 * first; c may be NULL where nobody else writes into the arena.
 */
void arena_update_cpus(struct wd40_shared *shared, const struct arena_constants *c,
		       const struct topology *t);

/*
 * Publishes the values as the next configuration; generation counts from 1. BPF uses it from its
 * next callback on. retired is the caller's count of slots left behind since the last grace period,
 * 0 after lay-out. When all others are, waits for one (some 10 ms) by
 * membarrier(MEMBARRIER_CMD_GLOBAL), or, where the kernel refuses that (nohz_full), by sleeping for
 * 100 ms, which no callback lasts. Returns 0.
 */
int arena_publish_config(struct wd40_shared *shared, const struct tunable_set *values,
			 uint64_t generation, uint32_t *retired);

/* The configuration that BPF reads now, for reading back. */
const struct wd40_config *arena_config(const struct wd40_shared *shared);

/* Publishes a tuner decision as the next round. */
void arena_publish_tune(struct wd40_shared *shared, const struct tuner_decision *d);

/* The context that the handle names, or another use of it: see its generation. */
struct wd40_task *arena_task(const struct wd40_shared *shared, wd40_handle task);

/*
 * A copy of the kernel's dump for a scheduler that failed, for the caller to free; NULL when there is none
 * in the arena, which is of size bytes, or no memory. One that does not end does so with the arena.
 */
char *arena_copy_exit_dump(const struct wd40_shared *shared, uint64_t size);

/* Sum of a counter over all CPUs. */
uint64_t arena_counter(const struct wd40_shared *shared, enum wd40_counter counter);
