/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard against starvation: who has waited for too long goes first, whatever its weight.
 *
 * A task of little weight would wait for minutes beside heavy ones, which may have come after it was
 * queued. The kernel ends a scheduler where a task waits for 30 s, or holds up RCU for 21 s since it was
 * preempted while it read (seen: khugepaged, nice 19, beside hogs at nice -20). So one CPU of a domain
 * looks through the queue in each WD40_RESCUE_INTERVAL_NS, and brings to its head, the longest wait
 * first, who has waited for WD40_RESCUE_AFTER_NS.
 *
 * The bound. Let n tasks wait for the CPUs that a task may run on, c of these, and s be the slice.
 *
 *	A task is overdue at	WD40_RESCUE_AFTER_NS
 *	and seen to be so	max(WD40_RESCUE_INTERVAL_NS, s) later, since each CPU dispatches at least once
 *				in a slice;
 *	it then goes after	those that waited longer, of which there are k <= n: k / c slices more, and one
 *				for the slice under way.
 *
 * The rescued have long slices (slice_underutil_ns), as long as all of them together fit into one
 * interval of the domain's CPUs; those beyond have s. So
 *
 *	wait <= WD40_RESCUE_AFTER_NS + 2 * max(WD40_RESCUE_INTERVAL_NS, s) + (n / c + 1) * s
 *
 * up to GUARD_DEPTH tasks in a queue, and counting slices of this scheduler alone: what realtime tasks
 * and interrupts take comes on top. First-in-first-out queues need no guard: nothing passes a task there,
 * so it waits (n / c + 1) * s.
 *
 * Who is in the queue of a domain where no CPU that it may use is online any more, though others are, is
 * brought to the nearest one that has such a CPU, by deadline likewise, and at once when a CPU goes.
 *
 * daemon/wait-bound.c computes it, and each domain's object on the bus publishes it.
 */
#pragma once

#include "bpf/kernel.bpf.h"
#include "bpf/policy.bpf.h"

/* So many tasks of a queue are looked at, from its end. */
#define GUARD_DEPTH 4096

/*
 * For dispatch on a CPU of the domain. Once in the interval: wakes helpers, brings forward who is overdue,
 * takes those that shall move, or cannot stay, to the queue of the domain they shall move to, and sees to it that the longest
 * wait of the domain includes those who still wait.
 */
__hidden void guard_domain(u32 domain, struct policy policy, u64 now);

/* The next guard_domain does that, however long ago it was. */
static __always_inline void guard_soon(struct wd40_domain __arena *dom)
{
	WRITE_ONCE(dom->rescued_at, 0);
}
