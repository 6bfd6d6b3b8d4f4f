/* SPDX-License-Identifier: GPL-2.0-only */
/* An arena with tasks in it, as BPF would have left it. */
#pragma once

#include <string.h>

#include "bpf/ravg.h"
#include "daemon/load.h"
#include "tests/unit/daemon/room.h"

#define SEC_NS 1000000000ull

struct crowd {
	struct laid_out a;
	struct wd40_shared *shared;
	uint64_t now_ns;
	uint32_t nr_tasks;
};

static inline void crowd_set_time(struct crowd *c, uint64_t now_ns)
{
	c->now_ns = c->shared->cpus[0].clock_ns = now_ns;
}

/* As if it had always been so. */
static inline void crowd_set_half_life(struct crowd *c, uint64_t ns)
{
	c->shared->load_clocks[0] = (struct wd40_load_clock){
		.generation = 1,
		.half_life_ns = ns,
		.pace = (1ull << (WD40_HALF_LIFE_SHIFT + WD40_LOAD_PACE_SHIFT)) / ns,
	};
}

static inline uint64_t crowd_load_time(const struct crowd *c)
{
	return wd40_load_time(c->shared, c->now_ns);
}

/* All CPUs online, of full capacity; a half-life of a second. */
static inline struct crowd crowd_new(uint32_t nodes, uint32_t domains, uint32_t cpus)
{
	struct crowd c = { .a = lay_out(nodes, domains, cpus), .now_ns = 1000 * SEC_NS };

	c.shared = c.a.shared;
	crowd_set_half_life(&c, SEC_NS);
	crowd_set_time(&c, c.now_ns);
	for (uint32_t i = 0; i < c.shared->nr_domains; i++)
		c.shared->domains[i].capacity = 1024 * cpus;
	return c;
}

static inline void crowd_free(struct crowd *c)
{
	laid_out_done(&c->a);
}

static inline struct wd40_task *crowd_task(const struct crowd *c, uint32_t index)
{
	return (struct wd40_task *)(c->shared->tasks.base +
				    (uint64_t)index * c->shared->tasks.object_size);
}

static inline wd40_handle crowd_handle(const struct wd40_task *t)
{
	return WD40_HANDLE(t->slot.generation, t->index);
}

static inline void task_allow_only(struct crowd *c, struct wd40_task *t, u64 domains)
{
	memset(t->allowed_domains, 0, c->shared->domain_words * sizeof(u64));
	t->allowed_domains[0] = domains;
	t->nr_allowed_domains = (u32)__builtin_popcountll(domains);
}

/* A task that has been runnable for the part duty of the time, and is so now. */
static inline struct wd40_task *crowd_add(struct crowd *c, uint32_t domain, uint32_t weight,
					  double duty)
{
	struct wd40_slab *slab = &c->shared->tasks;
	struct wd40_task *t = crowd_task(c, c->nr_tasks);

	slab->nr_chunks = c->nr_tasks / slab->chunk_objects + 1;
	assert_true(slab->nr_chunks <= slab->nr_chunks_max);
	t->slot.generation = 1;
	t->index = c->nr_tasks++;
	t->pid = 1000 + t->index;
	t->domain = domain;
	t->weight = weight;
	t->flags = WD40_TASK_RUNNABLE;
	t->duty.avg = (u64)(duty * WD40_DUTY_ONE * (1 << WD40_RAVG_FRAC));
	t->duty.at = crowd_load_time(c);
	t->nr_allowed_domains = c->shared->nr_domains;
	memset(t->allowed_domains, 0xff, c->shared->domain_words * sizeof(u64));
	return t;
}

static inline void crowd_add_many(struct crowd *c, uint32_t n, uint32_t domain, uint32_t weight,
				  double duty)
{
	while (n--)
		crowd_add(c, domain, weight, duty);
}
