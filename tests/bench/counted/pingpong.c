/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pingpong PAIRS TRIPS: pairs of processes that send a byte to and fro through two pipes, all pairs at once.
 * Prints the mean round trip in us.
 */
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/counted/load.h"

static const char usage[] = "pingpong PAIRS TRIPS";

struct pair {
	int to[2], fro[2];
};

static void send_byte(int fd)
{
	check((int)write(fd, "", 1), "write");
}

static void receive_byte(int fd)
{
	char byte;

	check((int)read(fd, &byte, 1), "read");
}

static void serve(const struct pair *p, unsigned long trips)
{
	for (; trips; trips--) {
		send_byte(p->to[1]);
		receive_byte(p->fro[0]);
	}
	_exit(EXIT_SUCCESS);
}

static void answer(const struct pair *p, unsigned long trips)
{
	for (; trips; trips--) {
		receive_byte(p->to[0]);
		send_byte(p->fro[1]);
	}
	_exit(EXIT_SUCCESS);
}

static void start_pair(unsigned long trips)
{
	struct pair p;

	check(pipe(p.to), "pipe");
	check(pipe(p.fro), "pipe");
	if (!fork_bound())
		serve(&p, trips);
	if (!fork_bound())
		answer(&p, trips);
	for (int i = 0; i < 2; i++) {
		close(p.to[i]);
		close(p.fro[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned long pairs = argument(argv, 1, 1, usage), trips = argument(argv, 2, 1, usage);
	uint64_t start_ns = now_ns();

	for (unsigned long i = 0; i < pairs; i++)
		start_pair(trips);
	wait_children(2 * pairs);
	figure("round_trip_us", (double)(now_ns() - start_ns) / NSEC_PER_USEC / (double)trips);
	return EXIT_SUCCESS;
}
