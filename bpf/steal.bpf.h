/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queues of the domains and where a CPU with nothing to do finds work: in its own domain, then in the
 * other domains of its node, nearest first, whose queue holds at least greedy_threshold tasks, then
 * in other nodes by greedy_threshold_x_numa, or the former if that is more.
 *
 * A domain has one queue per order, because the kernel allows no mixture in one: one that sorts by
 * deadline and one first-in-first-out. After a live change of the order the old one runs empty first.
 */
#pragma once

#include "bpf/domain.bpf.h"
#include "bpf/kernel.bpf.h"

#define QUEUE_DEADLINE(domain) ((u64)(domain) * 2)
#define QUEUE_FIFO(domain)     ((u64)(domain) * 2 + 1)

static __always_inline u64 queue_of(u32 domain, bool fifo)
{
	return fifo ? QUEUE_FIFO(domain) : QUEUE_DEADLINE(domain);
}

/* Creates both queues of every domain. Sleepable. Negative errno. */
s32 queues_create(void);

/* Takes the first task of a domain that may run here to this CPU. False: there is none. */
bool queue_consume(u32 domain, const struct wd40_config __arena *config __arg_arena);

/*
 * The first of the tasks queued in a domain by deadline. NULL: there is none, what was queued in the other order
 * goes first, or the kernel cannot tell.
 */
__hidden struct task_struct *queue_first(u32 domain, const struct wd40_config __arena *config);

/*
 * Deadline of the first of them that may run on the CPU; of a later one, when there is none near the head.
 * False: as queue_first.
 */
__hidden bool queue_first_deadline(u32 domain, s32 cpu, const struct wd40_config __arena *config,
				   u64 *ret_deadline);

/* Number of tasks queued in a domain. */
u32 queue_length(u32 domain, const struct wd40_config __arena *config __arg_arena);

/* The same, with one that is expected (domain_expects). */
__hidden u32 queue_length_soon(u32 domain, const struct wd40_config __arena *config, u64 now);

/* Takes a task of a domain that lost all its CPUs. Everybody serves those first. */
bool steal_orphan(const struct wd40_config __arena *config __arg_arena);

/*
 * Steals a task for a CPU of the domain. Returns the counter that says where it came from; -ENOENT:
 * nothing to steal.
 */
s32 steal(u32 thief_domain, const struct wd40_config __arena *config __arg_arena);

/* Is a domain's queue as long as it must be for a CPU of the other, or the same, domain to take from it? */
bool steal_is_due(u32 thief_domain, u32 victim_domain,
		  const struct wd40_config __arena *config __arg_arena);

/*
 * The domain that steal would take from, once those who are expected are queued, had its tasks an affinity
 * that lets them come; -ENOENT.
 */
s32 steal_find(u32 thief_domain, const struct wd40_config __arena *config __arg_arena);
