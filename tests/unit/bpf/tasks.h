/* SPDX-License-Identifier: GPL-2.0-only */
/* Task contexts for tests of single modules, without a scheduler that makes them. */
#pragma once

#include <string.h>

#include "tests/native/native.h"

#include "bpf/arena.bpf.h"
#include "bpf/domain.bpf.h"

#define MSEC   1000000ull
#define SEC_NS 1000000000ull

/* The load time now. */
static inline u64 load_time(void)
{
	return load_now(native_config(), native.now_ns);
}

/* A context from the slab, allowed everywhere, in no domain. */
static inline struct wd40_task *task_make(u32 weight)
{
	s64 index = slab_alloc(&shared.tasks);
	struct wd40_task *t = (struct wd40_task *)slab_slot(&shared.tasks, (u32)index);

	t->index = (u32)index;
	t->domain = WD40_NO_DOMAIN;
	t->weight = weight;
	t->hotplugs = (u16)shared.hotplugs;
	for (u32 d = 0; d < shared.nr_domains; d++)
		t->allowed_domains[d / 64] |= 1ull << d % 64;
	t->flags = WD40_TASK_ALL_CPUS;
	return t;
}

/* The same in a domain, which is its only allowed one if so wished. */
static inline struct wd40_task *task_in(u32 domain, u32 weight)
{
	struct wd40_task *t = task_make(weight);

	domain_join(t, domain, load_time());
	return t;
}

static inline void task_forbid(struct wd40_task *t, u32 domain)
{
	t->allowed_domains[domain / 64] &= ~(1ull << domain % 64);
	t->flags &= ~WD40_TASK_ALL_CPUS;
}

/* As the scheduler's init does it. */
static inline void all_online(void)
{
	shared.nr_orphaned = shared.nr_domains;
	for (u32 cpu = 0; cpu < shared.nr_cpu_ids; cpu++)
		domain_cpu_online((s32)cpu, true);
}
