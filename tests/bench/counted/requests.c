/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * requests SERVERS WORKERS WORK_US SECONDS: servers with so many workers each. A worker asks its server for
 * work, sleeps until it is given some, does it and asks again; a server wakes all that have asked. With more
 * workers than CPUs the machine is saturated. Prints the time from the wakeup of a worker to its first
 * instruction, and the requests done in a second. The work is CPU time, as in periodic.c.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/bench/counted/load.h"

static const char usage[] = "requests SERVERS WORKERS WORK_US SECONDS";

#define SAMPLES_MAX_PER_SECOND 10000

/* What is the same for all. */
struct plan {
	unsigned long workers;
	uint64_t work_ns, end_ns;
	size_t samples_max;
};

struct worker {
	const struct plan *plan;
	struct server *server;
	struct worker *next; /* that asked before it */
	atomic_int called;   /* futex: there is work */
	uint64_t called_ns;  /* when; written before called */
	struct samples waits;
	pthread_t thread;
};

struct server {
	const struct plan *plan;
	_Atomic(struct worker *) asking; /* a stack */
	atomic_int asked;                /* futex: somebody has asked */
	struct worker *workers;
	pthread_t thread;
};

/* Sleeps until the word is set, and clears it. */
static void futex_await(atomic_int *word)
{
	while (!atomic_exchange(word, 0))
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void futex_signal(atomic_int *word)
{
	if (!atomic_exchange(word, 1))
		syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void ask(struct worker *w)
{
	w->next = atomic_load(&w->server->asking);
	while (!atomic_compare_exchange_weak(&w->server->asking, &w->next, w))
		;
	futex_signal(&w->server->asked);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	uint64_t end_ns;

	do {
		ask(w);
		futex_await(&w->called);
		samples_add(&w->waits, now_ns() - w->called_ns);
		end_ns = ran_ns() + w->plan->work_ns;
		while (ran_ns() < end_ns)
			compute(CHUNK_STEPS / 4);
	} while (now_ns() < w->plan->end_ns);
	return NULL;
}

/* Ends with the process, when its workers have ended. */
static void *serve(void *argument)
{
	struct server *s = argument;
	struct worker *w, *next;

	for (;;) {
		futex_await(&s->asked);
		for (w = atomic_exchange(&s->asking, NULL); w; w = next) {
			next = w->next; /* which it writes anew as soon as it runs */
			w->called_ns = now_ns();
			futex_signal(&w->called);
		}
	}
	return NULL;
}

static void start_server(struct server *s, const struct plan *plan)
{
	s->plan = plan;
	s->workers = calloc(plan->workers, sizeof(*s->workers));
	check_thread(s->workers ? 0 : ENOMEM, "calloc");
	check_thread(pthread_create(&s->thread, NULL, serve, s), "pthread_create");
	for (unsigned long i = 0; i < plan->workers; i++) {
		struct worker *w = &s->workers[i];

		*w = (struct worker){ .plan = plan, .server = s };
		samples_begin(&w->waits, plan->samples_max);
		check_thread(pthread_create(&w->thread, NULL, work, w), "pthread_create");
	}
}

/* Adds the waits of a server's workers, which have ended then. */
static void end_server(struct server *s, struct samples *all)
{
	for (unsigned long i = 0; i < s->plan->workers; i++) {
		check_thread(pthread_join(s->workers[i].thread, NULL), "pthread_join");
		samples_join(all, &s->workers[i].waits);
		samples_end(&s->workers[i].waits);
	}
}

int main(int argc, char **argv)
{
	unsigned long n = argument(argv, 1, 1, usage), seconds = argument(argv, 4, 1, usage);
	struct plan plan = {
		.workers = argument(argv, 2, 1, usage),
		.work_ns = argument(argv, 3, 1, usage) * NSEC_PER_USEC,
		.end_ns = now_ns() + seconds * NSEC_PER_SEC,
		.samples_max = seconds * SAMPLES_MAX_PER_SECOND,
	};
	struct server *servers = calloc(n, sizeof(*servers));
	struct samples all;

	check_thread(servers ? 0 : ENOMEM, "calloc");
	samples_begin(&all, n * plan.workers * plan.samples_max);
	for (unsigned long i = 0; i < n; i++)
		start_server(&servers[i], &plan);
	for (unsigned long i = 0; i < n; i++)
		end_server(&servers[i], &all);
	figure("requests_per_s", (double)all.n / (double)seconds);
	samples_print(&all, "wakeup");
	samples_end(&all); /* the servers wait on in what is theirs until the process ends */
	return EXIT_SUCCESS;
}
