/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a round of the balancer costs, with the reading of all tasks and the plan: machines with an even
 * load, as in most rounds, and skewed ones, where there is as much to plan as requests fit. The least of
 * some rounds counts: a busy computer makes others longer, but none shorter. Aims are issue 4's.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bpf/ravg.h"
#include "daemon/arena.h"
#include "daemon/balancer.h"
#include "tests/unit/daemon/made-topology.h"

#define ARENA_BYTES ((uint64_t)WD40_ARENA_PAGES * WD40_PAGE_SIZE)
#define ROUNDS      15
#define NOW_NS      1000000000000ull

struct machine {
	struct topology *t;
	struct wd40_shared *shared;
	struct balancer *b;
	struct tunable_set values;
	uint32_t tasks;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void add_task(struct machine *m, uint32_t index, uint32_t domain)
{
	struct wd40_task *t = arena_task(m->shared, index);

	t->slot.generation = 1;
	t->index = index;
	t->domain = domain;
	t->weight = index % 4 ? 100 : 1 + index % 1000;
	t->flags = index % 3 ? WD40_TASK_RUNNABLE : 0;
	t->nr_allowed_domains = m->shared->nr_domains;
	t->duty.avg = (u64)(index % 100 + 1) * (WD40_DUTY_ONE / 100) << WD40_RAVG_FRAC;
	t->duty.at = wd40_load_time(m->shared, NOW_NS) - (index % 5000) * 1000000ull;
	memset(t->allowed_domains, 0xff, m->shared->domain_words * sizeof(u64));
}

/* skew: percent of the tasks that are in the first tenth of the domains beyond their part. */
static void add_tasks(struct machine *m, uint32_t skew)
{
	struct wd40_slab *slab = &m->shared->tasks;
	uint32_t n = m->shared->nr_domains, crowded = n / 10 + 1;

	slab->nr_chunks = (m->tasks + slab->chunk_objects - 1) / slab->chunk_objects;
	for (uint32_t i = 0; i < m->tasks; i++)
		add_task(m, i, i % 100 < skew ? i / 100 % crowded : i / 7 % n);
}

static struct machine machine_new(uint32_t domains, uint32_t tasks, uint32_t skew)
{
	uint32_t nodes = domains >= 16 ? domains / 16 : 2;
	struct machine m = { .t = topology_make(nodes, domains / nodes, 8), .tasks = tasks };
	void *state;

	m.shared = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m.shared == MAP_FAILED || arena_lay_out(m.shared, ARENA_BYTES, 1u << 22, m.t) < 0 ||
	    balancer_policy.new(m.t, &state) < 0)
		abort();
	m.b = state;
	m.shared->load_clocks[0].pace =
		(1ull << (WD40_HALF_LIFE_SHIFT + WD40_LOAD_PACE_SHIFT)) / 1000000000;
	m.shared->cpus[0].clock_ns = NOW_NS;
	for (uint32_t i = 0; i < domains; i++)
		m.shared->domains[i].capacity = 8 * 1024;
	m.values.values[TUNABLE_BALANCE_INTERVAL].usec = 2000000;
	m.values.values[TUNABLE_LOAD_BALANCE].b = true;
	add_tasks(&m, skew);
	return m;
}

static void machine_free(struct machine *m)
{
	balancer_policy.free(m->b);
	munmap(m->shared, ARENA_BYTES);
	topology_free(m->t);
}

/* A plan is not carried out, so each round is the same; its requests are taken back for that. */
static double round_us(struct machine *m)
{
	const struct policy_snapshot in = { .topology = m->t,
					    .values = &m->values,
					    .shared = m->shared };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start = now_ns(), took;

		balancer_policy.run(m->b, &in);
		took = now_ns() - start;
		least = took < least ? took : least;
	}
	return (double)least / 1000;
}

/* Bytes that the balancer keeps for tasks. */
static double bytes_a_task(const struct machine *m)
{
	const struct load *l = m->b->load;

	return ((double)l->tasks_room * sizeof(l->tasks[0]) +
		(double)m->b->balance->index.room * sizeof(m->b->balance->index.next[0])) /
	       m->tasks;
}

/* Than the aim, before it is a failure: another load on the machine may make a round some times slower. */
#ifdef __SANITIZE_ADDRESS__
#define SLOWER 100
#else
#define SLOWER 10
#endif

/* False: so far from the aim that the work grows with something it should not. */
static bool measure(uint32_t domains, uint32_t tasks, uint32_t skew, double aim_us)
{
	struct machine m = machine_new(domains, tasks, skew);
	double us = round_us(&m);

	printf("%7u %9u %5u %% %8u %12.1f %12.1f %8.1f %8.0f\n", domains, tasks, skew,
	       m.b->balance->nr_moves, us, aim_us, us * 1000 / tasks, bytes_a_task(&m));
	machine_free(&m);
	return us <= SLOWER * aim_us;
}

int main(void)
{
	static const struct {
		uint32_t domains, tasks;
		double aim_us;
	} sizes[] = {
		{ 4, 1000, 100 },      { 4, 4000, 200 },         { 16, 16000, 1500 },
		{ 64, 64000, 5000 },   { 128, 250000, 25000 },   { 512, 500000, 50000 },
		{ 512, 1000000, 1e5 }, { 1024, 1000000, 1.5e5 },
	};
	bool fine = true;

	printf("domains     tasks    skew    moves     round us       aim us  ns/task  B/task\n");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (uint32_t skew = 0; skew <= 40; skew += 20)
			fine &= measure(sizes[i].domains, sizes[i].tasks, skew, sizes[i].aim_us);
	return fine ? 0 : 1;
}
