/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hogs N SECONDS: N processes that compute; with 0 seconds until it is killed. Prints "work", the millions of
 * steps that all of them did together. Each stops by its own look at the clock, so how soon the parent wakes
 * up does not count.
 */
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/counted/load.h"

static const char usage[] = "hogs N SECONDS";

static void hog(uint64_t *chunks, uint64_t end_ns)
{
	for (; !end_ns || now_ns() < end_ns; (*chunks)++)
		compute(CHUNK_STEPS);
	_exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
	unsigned long n = argument(argv, 1, 1, usage), seconds = argument(argv, 2, 0, usage);
	uint64_t end_ns = seconds ? now_ns() + seconds * NSEC_PER_SEC : 0, sum = 0;
	uint64_t(*chunks)[8] = shared_memory(n * sizeof(*chunks)); /* a cache line each */

	for (unsigned long i = 0; i < n; i++)
		if (!fork_bound())
			hog(chunks[i], end_ns);
	wait_children(n);
	for (unsigned long i = 0; i < n; i++)
		sum += chunks[i][0];
	figure("work", (double)sum * CHUNK_STEPS / 1e6);
	return EXIT_SUCCESS;
}
