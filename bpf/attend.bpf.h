/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attendance: a queue that no CPU of its domain comes to is served by the others, whatever keeps those away: a
 * real-time task, a hypervisor that does not let them run, a kernel that is about to take them offline.
 *
 * A CPU attends to its domain's queue when it dispatches and takes a task, from whatever queue, or leaves nobody
 * waiting there; and when it is idle no more after it had found nobody. That it is idle, or is asked, proves
 * nothing: a CPU that the kernel has made inactive is idle, time and again, beside tasks that it may not take,
 * and some kernels (7.2) ask it all the same. One that computes dispatches at the end of each slice at the
 * latest, so a queue is unattended when nobody was there for
 *
 *	limit = max(slice_underutil_ns, ATTEND_SLICE_NS) + ATTEND_MARGIN_NS
 *
 * where ATTEND_SLICE_NS is what the kernel gives by itself, and the margin covers the tick at which the end of
 * a slice is seen. From then on
 *
 *	a CPU that dispatches	looks after ATTEND_DOMAINS other domains in turn, each ATTEND_PATROL_NS, and takes
 *				the first task that it may run. The next turn is its own domain's, so that it gives
 *				away every other one at most;
 *	who queues a task	wakes any idle CPU that may run it, if the rules of stealing find none (helper).
 *
 * So with d domains, u of them unattended, a task that a CPU outside may run waits in such a queue, before
 * that CPU takes the first of it,
 *
 *	limit + (d / ATTEND_DOMAINS + u + 1) * (2 * slice + ATTEND_PATROL_NS)
 *
 * beside a CPU that computes. Where all CPUs that might come sleep, one dispatches when the daemon runs next
 * (tune-interval), unless the daemon waits in such a queue itself.
 */
#pragma once

#include "bpf/cpu.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/policy.bpf.h"

#define ATTEND_STEP_NS   1000000ull
#define ATTEND_SLICE_NS  20000000ull
#define ATTEND_MARGIN_NS 20000000ull
#define ATTEND_PATROL_NS 10000000ull
#define ATTEND_DOMAINS   8

static __always_inline u64 attend_limit_ns(const struct wd40_config __arena *config)
{
	u64 slice = config->slice_underutil_ns;

	return (slice > ATTEND_SLICE_NS ? slice : ATTEND_SLICE_NS) + ATTEND_MARGIN_NS;
}

/* A CPU of the domain is there. */
static __always_inline void attend(struct wd40_domain __arena *dom, u64 now)
{
	if ((s64)(now - READ_ONCE(dom->attended_at)) >= (s64)ATTEND_STEP_NS)
		WRITE_ONCE(dom->attended_at, now);
}

/* Has no CPU of the domain been there for too long? */
static __always_inline bool attend_fails(const struct wd40_domain __arena *dom,
					 const struct wd40_config __arena *config, u64 now)
{
	return (s64)(now - READ_ONCE(dom->attended_at)) > (s64)attend_limit_ns(config);
}

/*
 * For dispatch on CPU c: takes a task from a queue that nobody attends to, from that which the CPU was called
 * to first. Every other CPU of other domains does so, whatever the rules of stealing.
 */
bool attend_elsewhere(struct wd40_cpu __arena *c __arg_arena,
		      const struct wd40_config __arena *config __arg_arena, u64 now);
