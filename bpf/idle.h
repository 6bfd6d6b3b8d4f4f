/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A CPU's idle time in one word, which a reader on another CPU or in userspace gets whole: two words,
 * the time so far and since when it is idle, could be of two different moments.
 *
 * The word of a busy CPU is the time it has been idle; that of an idle one is the moment it became so
 * less the time before, and is marked. So either is now less the other: a CPU that changes over flips
 * its word, and what an idle CPU has by now is read the same way. 0 is a busy CPU that never was idle.
 * Times are those of the scheduler's clock.
 */
#pragma once

#include <stdbool.h>

#include "bpf/shared.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define IDLE_MARK (1ull << 63)

static __always_inline bool idle_is(u64 word)
{
	return word & IDLE_MARK;
}

/* The word of the CPU when it changes over, at now_ns. A clock that went back a little is clamped. */
static __always_inline u64 idle_flip(u64 word, u64 now_ns)
{
	u64 time_ns = word & ~IDLE_MARK;

	return (now_ns > time_ns ? now_ns - time_ns : 0) | (~word & IDLE_MARK);
}

/* How long the CPU has been idle up to now_ns, since attach. */
static __always_inline u64 idle_read_ns(u64 word, u64 now_ns)
{
	return idle_is(word) ? idle_flip(word, now_ns) : word;
}
