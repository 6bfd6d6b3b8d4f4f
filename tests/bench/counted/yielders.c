/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * yielders barrier N ROUNDS: N threads that compute a little and then meet, each round; who is there early
 * yields until all are. Prints the seconds that it took.
 * yielders hog SECONDS: on one CPU, a process that only yields beside one that computes. Prints the work of
 * the second (as hogs does) and how often the first came back, in thousands.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/counted/load.h"

static const char usage[] = "yielders barrier N ROUNDS, or yielders hog SECONDS";

struct barrier {
	unsigned long n, rounds;
	atomic_ulong arrived;
};

static void *meet(void *argument)
{
	struct barrier *b = argument;

	for (unsigned long round = 1; round <= b->rounds; round++) {
		compute(CHUNK_STEPS);
		atomic_fetch_add(&b->arrived, 1);
		while (atomic_load(&b->arrived) < round * b->n)
			sched_yield();
	}
	return NULL;
}

static void run_barrier(unsigned long n, unsigned long rounds)
{
	struct barrier b = { .n = n, .rounds = rounds };
	pthread_t *threads = calloc(n, sizeof(*threads));
	uint64_t start_ns = now_ns();

	check_thread(threads ? 0 : ENOMEM, "calloc");
	for (unsigned long i = 0; i < n; i++)
		check_thread(pthread_create(&threads[i], NULL, meet, &b), "pthread_create");
	for (unsigned long i = 0; i < n; i++)
		check_thread(pthread_join(threads[i], NULL), "pthread_join");
	free(threads);
	figure("seconds", (double)(now_ns() - start_ns) / NSEC_PER_SEC);
}

static void run_beside_hog(unsigned long seconds)
{
	uint64_t end_ns = now_ns() + seconds * NSEC_PER_SEC;
	uint64_t *chunks = shared_memory(sizeof(*chunks)), yields = 0;
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	check(sched_setaffinity(0, sizeof(first), &first), "sched_setaffinity");
	if (!fork_bound()) {
		for (; now_ns() < end_ns; (*chunks)++)
			compute(CHUNK_STEPS);
		_exit(EXIT_SUCCESS);
	}
	for (; now_ns() < end_ns; yields++)
		sched_yield();
	wait_children(1);
	figure("work", (double)*chunks * CHUNK_STEPS / 1e6);
	figure("kyields", (double)yields / 1e3);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "barrier") == 0)
		run_barrier(argument(argv, 2, 1, usage), argument(argv, 3, 1, usage));
	else
		run_beside_hog(argument(argv, 2, 1, usage));
	return EXIT_SUCCESS;
}
