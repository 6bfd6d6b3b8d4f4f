/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon's regular work costs: a tuner round, from the arena to its publication there, a change
 * of the configuration, and a reading of a large machine's topology. One line a figure: the median of
 * many rounds. The bounds are wide; they catch work that grows with the square of something, not a
 * slow computer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "daemon/arena.h"
#include "daemon/busy.h"
#include "daemon/tuner.h"
#include "tests/unit/daemon/machine.h"
#include "tests/unit/daemon/made-topology.h"

#define ARENA_BYTES (256ull << 20)
#define ROUNDS_MAX  2001
#define ROUND_NS    (100ull * 1000 * 1000)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Runs fn so often, prints the median and returns whether it is within the bound. */
static bool measure(const char *what, int rounds, double bound_us, void (*fn)(void *), void *arg)
{
	static uint64_t took[ROUNDS_MAX];
	double median_us;

	for (int i = 0; i < rounds; i++) {
		uint64_t start = now_ns();

		fn(arg);
		took[i] = now_ns() - start;
	}
	qsort(took, (size_t)rounds, sizeof(took[0]), compare);
	median_us = (double)took[rounds / 2] / 1000;
	printf("%-52s %10.2f us  (bound %.0f)\n", what, median_us, bound_us);
	return median_us <= bound_us;
}

struct tuning {
	struct topology *t;
	struct wd40_shared *shared;
	struct tuner_decision *decision;
	struct busy_meter *meter;
	struct tunable_set values;
	uint64_t generation;
	uint32_t retired;
};

static struct tuning tuning_new(uint32_t nodes, uint32_t domains, uint32_t cpus)
{
	struct tuning u = { .t = topology_make(nodes, domains, cpus) };

	u.shared = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (u.shared == MAP_FAILED || tuner_decision_new(u.t, &u.decision) < 0 ||
	    busy_meter_new(u.t->nr_cpu_ids, &u.meter) < 0 ||
	    arena_lay_out(u.shared, ARENA_BYTES, 100000, u.t) < 0)
		abort();
	for (uint32_t i = 0; i < u.t->nr_cpu_ids; i++)
		u.shared->cpus[i].online = 1;
	u.values.values[TUNABLE_LOAD_HALF_LIFE].usec = 1000000;
	return u;
}

static void tuning_free(struct tuning *u)
{
	munmap(u->shared, ARENA_BYTES);
	tuner_decision_free(u->decision);
	topology_free(u->t);
	busy_meter_free(u->meter);
}

static void tune(void *arg)
{
	struct tuning *u = arg;
	struct tuner_snapshot in = { u->t, busy_meter_pct(u->meter), 50, 100, false };

	u->shared->cpus[0].clock_ns += ROUND_NS;
	for (uint32_t i = 0; i < u->t->nr_cpu_ids; i++)
		u->shared->cpus[i].idle += i % 101 * (ROUND_NS / 100);
	busy_meter_update(u->meter, u->shared);
	tuner_run(&in, u->decision);
	arena_publish_tune(u->shared, u->decision);
}

static void publish(void *arg)
{
	struct tuning *u = arg;

	u->retired = 0; /* as if the grace period had cost nothing */
	arena_publish_config(u->shared, &u->values, ++u->generation, &u->retired);
}

static void publish_with_grace(void *arg)
{
	struct tuning *u = arg;

	u->retired = WD40_CONFIG_SLOTS - 1;
	arena_publish_config(u->shared, &u->values, ++u->generation, &u->retired);
}

static bool measure_machine(const char *name, uint32_t nodes, uint32_t domains, uint32_t cpus,
			    double bound_us)
{
	struct tuning u = tuning_new(nodes, domains, cpus);
	bool fine = measure(name, ROUNDS_MAX, bound_us, tune, &u);

	tuning_free(&u);
	return fine;
}

static bool measure_publish(void)
{
	struct tuning u = tuning_new(2, 2, 2);
	bool fine = measure("configuration published", ROUNDS_MAX, 50, publish, &u);

	fine &= measure("configuration published after a grace period", 21, 1e6, publish_with_grace,
			&u);
	tuning_free(&u);
	return fine;
}

static void read_topology(void *arg)
{
	struct machine *m = arg;
	struct topology *t;
	char why[256];

	if (topology_read(m->root, 3, "", why, &t) < 0)
		abort();
	topology_free(t);
}

static bool measure_topology(void)
{
	struct machine m = machine_new();
	bool fine;

	machine_make(&m, (struct machine_shape){ 8, 64, 8, 1, .only_l3 = true });
	fine = measure("topology read, 4096 CPUs, 512 domains", 11, 500000, read_topology, &m);
	machine_done(&m);
	return fine;
}

int main(void)
{
	bool fine = true;

	fine &= measure_machine("tuner round and publication, 8 CPUs, 4 domains", 2, 2, 2, 100);
	fine &= measure_machine("tuner round and publication, 512 CPUs, 64 domains", 2, 32, 8, 200);
	fine &= measure_machine("tuner round and publication, 8192 CPUs, 1024 domains", 16, 64, 8,
				20000);
	fine &= measure_publish();
	fine &= measure_topology();
	return fine ? 0 : 1;
}
