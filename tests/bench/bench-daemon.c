/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon's regular work costs: a tuner round and its publication, a change of the
 * configuration, a reading of /proc/stat, and a reading of a large machine's topology. One line a
 * figure: the median of many rounds. The bounds are wide; they catch work that grows with the
 * square of something, not a slow computer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "daemon/arena.h"
#include "daemon/procstat.h"
#include "daemon/tuner.h"
#include "tests/unit/daemon/machine.h"
#include "tests/unit/daemon/made-topology.h"

#define ARENA_BYTES (256ull << 20)
#define ROUNDS_MAX  2001

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
	double *busy_pct;
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
	    arena_lay_out(u.shared, ARENA_BYTES, 100000, u.t) < 0)
		abort();
	u.busy_pct = calloc(u.t->nr_cpu_ids, sizeof(u.busy_pct[0]));
	for (uint32_t i = 0; i < u.t->nr_cpu_ids; i++)
		u.busy_pct[i] = i % 101;
	u.values.values[TUNABLE_LOAD_HALF_LIFE].usec = 1000000;
	return u;
}

static void tuning_free(struct tuning *u)
{
	munmap(u->shared, ARENA_BYTES);
	tuner_decision_free(u->decision);
	topology_free(u->t);
	free(u->busy_pct);
}

static void tune(void *arg)
{
	struct tuning *u = arg;
	struct tuner_snapshot in = { u->t, u->busy_pct, 50, 100, false };

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

static void update_procstat(void *arg)
{
	if (procstat_update(arg) < 0)
		abort();
}

static bool measure_procstat(void)
{
	uint32_t cpus = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	struct procstat *p;
	char what[64];
	bool fine;

	if (procstat_new("", cpus, &p) < 0)
		abort();
	snprintf(what, sizeof(what), "/proc/stat of this machine, %u CPUs", cpus);
	fine = measure(what, ROUNDS_MAX, 20000, update_procstat, p);
	procstat_free(p);
	return fine;
}

/* What parsing alone costs: a file, which the kernel need not make up first. */
static bool measure_parsing(uint32_t cpus, double bound_us)
{
	struct machine m = machine_new();
	struct procstat *p;
	char *text, what[64];
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool fine;

	for (uint32_t i = 0; i < cpus; i++)
		fprintf(f, "cpu%u 123456789 12345 98765432 1234567890 123456 0 123456 0 0 0\n", i);
	fclose(f);
	machine_write(&m, text, "proc/stat");
	if (procstat_new(m.root, cpus, &p) < 0)
		abort();
	snprintf(what, sizeof(what), "stat file parsed, %u CPUs", cpus);
	fine = measure(what, ROUNDS_MAX, bound_us, update_procstat, p);
	procstat_free(p);
	free(text);
	machine_done(&m);
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
	fine &= measure_parsing(8, 200);
	fine &= measure_parsing(512, 5000);
	fine &= measure_procstat();
	fine &= measure_topology();
	return fine ? 0 : 1;
}
