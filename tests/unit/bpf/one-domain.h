/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of who gets how much of some CPUs, mostly of one domain, and who waits how long. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/bpf/scheduler.h"

/* For cmocka's teardown. */
static inline int end(void **state)
{
	stop();
	return 0;
}

/* So many CPUs that share a cache. The short slice is that of a full machine. */
static inline void begin(u32 cpus, bool short_slice)
{
	start((struct native_shape){ 1, 1, cpus });
	native_set_overutilized(short_slice);
}

static inline void begin_again(u32 cpus, bool short_slice)
{
	stop();
	begin(cpus, short_slice);
}

static inline u64 slice_ns(void)
{
	return native_tune()->overutilized[0] ? native_config()->slice_overutil_ns
					      : native_config()->slice_underutil_ns;
}

static inline void assert_ran(const struct task_struct *p, double fair_ns, double tolerance)
{
	if (p->native.ran < fair_ns * (1 - tolerance) || p->native.ran > fair_ns * (1 + tolerance))
		fail_msg("weight %u ran %.3f s, fair is %.3f s", p->scx.weight, p->native.ran / 1e9,
			 fair_ns / 1e9);
}

/* All CPUs were busy, and each actor [first, end) got its share by weight of that. */
static inline void assert_fair(u32 first, u32 last, double total_ns, double tolerance)
{
	double weights = 0;

	for (u32 i = first; i < last; i++)
		weights += actors[i]->scx.weight;
	for (u32 i = first; i < last; i++)
		assert_ran(actors[i], total_ns * actors[i]->scx.weight / weights, tolerance);
}

static inline void assert_waits_below(u64 bound_ns)
{
	if (longest_wait_of_all() > bound_ns)
		fail_msg("waited %.3f s", longest_wait_of_all() / 1e9);
}

/* Each competitor goes first for its credit and two slices at most: so long is a turn of all. */
static inline u64 turn_ns(u32 cpus)
{
	return (nr_actors / cpus + 1) * 3 * slice_ns();
}
