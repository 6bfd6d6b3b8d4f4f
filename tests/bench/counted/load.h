/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the loads of "tests/lab bench" share. Each is a program that prints its figures, a line "NAME VALUE"
 * for each, and exits with a failure when it has none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_USEC 1000ull

/* Steps of compute() in one go, between two looks at a clock: some 40 us in the counted machine. */
#define CHUNK_STEPS 2000

/* CLOCK_MONOTONIC, and the CPU time of the calling thread. */
uint64_t now_ns(void);
uint64_t ran_ns(void);

/* Sleeps until that CLOCK_MONOTONIC time. */
void sleep_until(uint64_t at_ns);

/* Computes for so many steps of a few instructions each, without memory or system calls. */
void compute(uint64_t steps);

/* Prints one figure. */
void figure(const char *name, double value);

/* The count-th argument as a number of at least min; exits with the usage when it is none. */
unsigned long argument(char *const *argv, int count, unsigned long min, const char *usage);

/* Exits with the system's message when result, of a call that sets errno, is negative; else returns it. */
int check(int result, const char *what);

/* The same for pthread functions, which return the error. */
void check_thread(int err, const char *what);

/* Memory that children share, zeroed; exits when there is none. */
void *shared_memory(size_t bytes);

/* Forks; the child is killed when its parent ends. As fork(2) but never fails. */
int fork_bound(void);

/* Waits for n children; exits with a failure when one failed. */
void wait_children(unsigned long n);

/* Durations, for percentiles; those beyond max are counted out. */
struct samples {
	uint64_t *ns;
	size_t n, max;
};

/* Begins with room for max, until samples_end(); exits when there is no memory. */
void samples_begin(struct samples *s, size_t max);
void samples_end(struct samples *s);
void samples_add(struct samples *s, uint64_t ns);

/* Adds all of from to s. */
void samples_join(struct samples *s, const struct samples *from);

/* Prints p50, p99 and max in us, as figures NAME_p50_us and so on; sorts. */
void samples_print(struct samples *s, const char *name);
