/* SPDX-License-Identifier: GPL-2.0-only */
/* How long ago something was, although clocks are set and machines sleep. Pure, but for reading clocks. */
#pragma once

#include <stdint.h>

/* A moment by the machine's clocks, in microseconds. */
struct clocks {
	uint64_t realtime_usec;
	uint64_t monotonic_usec; /* stands still while the machine sleeps */
	uint64_t boottime_usec;  /* does not */
};
struct clocks clocks_now(void);

/*
 * Microseconds since a moment, of which the first two clocks are known. The real-time clock is believed as
 * far as the others allow: it was at least as long as the monotonic clock says, and at most longer by all
 * that the machine has slept since it was started.
 */
uint64_t elapsed_usec(const struct clocks *now, uint64_t realtime_usec, uint64_t monotonic_usec);
