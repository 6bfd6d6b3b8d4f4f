/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/bench/counted/load.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t ran_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void sleep_until(uint64_t at_ns)
{
	const struct timespec t = { .tv_sec = (time_t)(at_ns / NSEC_PER_SEC),
				    .tv_nsec = (long)(at_ns % NSEC_PER_SEC) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

void compute(uint64_t steps)
{
	uint32_t x = 1;

	for (uint64_t i = 0; i < steps; i++) {
		x = x * 1664525 + 1013904223;
		__asm__ volatile("" : "+r"(x)); /* or the compiler would skip it all */
	}
}

void figure(const char *name, double value)
{
	printf("%s %.9g\n", name, value);
}

unsigned long argument(char *const *argv, int count, unsigned long min, const char *usage)
{
	char *end = NULL;
	unsigned long value = 0;

	for (int i = 0; i <= count; i++)
		if (!argv[i])
			errx(2, "usage: %s", usage);
	value = strtoul(argv[count], &end, 10);
	if (end == argv[count] || *end || value < min)
		errx(2, "%s: not a number from %lu on\nusage: %s", argv[count], min, usage);
	return value;
}

int check(int result, const char *what)
{
	if (result < 0)
		err(EXIT_FAILURE, "%s", what);
	return result;
}

void check_thread(int error, const char *what)
{
	if (error)
		errx(EXIT_FAILURE, "%s: %s", what, strerror(error));
}

void *shared_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	return memory;
}

int fork_bound(void)
{
	pid_t parent = getpid();
	int pid = check(fork(), "fork");

	if (pid)
		return pid;
	check(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	return 0;
}

void wait_children(unsigned long n)
{
	int status;

	for (; n; n--) {
		check(wait(&status), "wait");
		if (status)
			errx(EXIT_FAILURE, "a child failed");
	}
}

void samples_begin(struct samples *s, size_t max)
{
	*s = (struct samples){ .ns = calloc(max, sizeof(*s->ns)), .max = max };
	if (!s->ns)
		err(EXIT_FAILURE, "samples");
}

void samples_end(struct samples *s)
{
	free(s->ns);
	*s = (struct samples){ 0 };
}

void samples_add(struct samples *s, uint64_t ns)
{
	if (s->n < s->max)
		s->ns[s->n++] = ns;
}

void samples_join(struct samples *s, const struct samples *from)
{
	for (size_t i = 0; i < from->n; i++)
		samples_add(s, from->ns[i]);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_rank(const struct samples *s, const char *name, const char *suffix, size_t rank)
{
	printf("%s_%s_us %.3f\n", name, suffix, (double)s->ns[rank] / (double)NSEC_PER_USEC);
}

void samples_print(struct samples *s, const char *name)
{
	if (!s->n)
		errx(EXIT_FAILURE, "no samples");
	qsort(s->ns, s->n, sizeof(*s->ns), compare);
	print_rank(s, name, "p50", (s->n - 1) / 2);
	print_rank(s, name, "p99", (s->n - 1) * 99 / 100);
	print_rank(s, name, "max", s->n - 1);
}
