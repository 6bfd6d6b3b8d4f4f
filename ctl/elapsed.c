/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/elapsed.h"

#include <time.h>

static uint64_t read_usec(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct clocks clocks_now(void)
{
	return (struct clocks){
		.realtime_usec = read_usec(CLOCK_REALTIME),
		.monotonic_usec = read_usec(CLOCK_MONOTONIC),
		.boottime_usec = read_usec(CLOCK_BOOTTIME),
	};
}

/* 0 for what is yet to come. */
static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

uint64_t elapsed_usec(const struct clocks *now, uint64_t realtime_usec, uint64_t monotonic_usec)
{
	uint64_t told = since(now->realtime_usec, realtime_usec);
	uint64_t awake = since(now->monotonic_usec, monotonic_usec);
	uint64_t longest = awake + since(now->boottime_usec, now->monotonic_usec);

	if (told < awake)
		return awake;
	return told < longest ? told : longest;
}
