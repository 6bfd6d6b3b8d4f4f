/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's memory. The daemon's own code lays the arena out, in a mapping; only the struct at
 * its begin is then copied to where the scheduler has it as a global variable. Slab pages can be
 * touched only after they have been allocated.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "config/tunables.h"
#include "daemon/arena.h"
#include "tests/native/core.h"

#define ARENA_SIZE  ((size_t)1 << 30)
#define ARENA_PAGES (ARENA_SIZE / WD40_PAGE_SIZE)

static struct {
	u8 *start;
	u8 *slab;
	bool allocated[ARENA_PAGES];
	pthread_mutex_t lock;
	u32 retired; /* configuration slots */
} memory = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool take_pages(size_t first, u32 pages)
{
	if (first + pages > ARENA_PAGES)
		return false;
	for (u32 i = 0; i < pages; i++)
		if (memory.allocated[first + i])
			return false;
	memset(&memory.allocated[first], true, pages);
	return true;
}

void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, u32 pages, int node, u64 flags)
{
	bool ok;

	native_enter(__func__);
	if ((u8 *)addr < memory.slab || (uintptr_t)addr % WD40_PAGE_SIZE)
		native_die("pages are allocated at %p, which is not in the slab", addr);
	pthread_mutex_lock(&memory.lock);
	ok = !native.fail_pages;
	if (!ok)
		native.fail_pages--;
	ok = ok && take_pages(((u8 *)addr - memory.start) / WD40_PAGE_SIZE, pages);
	pthread_mutex_unlock(&memory.lock);
	if (!ok)
		return NULL;
	if (mprotect(addr, (size_t)pages * WD40_PAGE_SIZE, PROT_READ | PROT_WRITE) < 0)
		native_die("mprotect: %m");
	return addr;
}

static void lay_out(const struct topology *t, u32 tasks_max)
{
	struct wd40_shared *at;
	size_t rest, whole_pages = sizeof(*at) / WD40_PAGE_SIZE * WD40_PAGE_SIZE;

	memory.start = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory.start == MAP_FAILED)
		native_die("mmap: %m");
	at = (struct wd40_shared *)memory.start;
	if (arena_lay_out(at, ARENA_SIZE, tasks_max, t) < 0)
		native_die("the arena is too small");
	shared = *at;
	memory.slab = shared.tasks.base;
	rest = ARENA_SIZE - (size_t)(memory.slab - memory.start);
	if (mprotect(memory.slab, rest, PROT_NONE) < 0 || mprotect(at, whole_pages, PROT_NONE) < 0)
		native_die("mprotect: %m");
}

static void publish_defaults(void)
{
	struct tunable_set set = { 0 };
	char why[TUNABLE_WHY_MAX];

	for (int id = 0; id < NR_TUNABLES; id++)
		if (tunable_parse(id, tunables[id].default_text, &set.values[id], why) < 0)
			native_die("%s: its default %s", tunables[id].key, why);
	memory.retired = 0;
	arena_publish_config(&shared, &set, 1, &memory.retired);
	tunable_set_done(&set);
}

void native_arena_boot(const struct topology *t, u32 tasks_max)
{
	native_on_read = NULL;
	memset(&shared, 0, sizeof(shared));
	lay_out(t, tasks_max);
	publish_defaults();
}

void native_arena_halt(void)
{
	if (munmap(memory.start, ARENA_SIZE) < 0)
		native_die("munmap: %m");
	memset(memory.allocated, 0, sizeof(memory.allocated));
}

struct wd40_config *native_config(void)
{
	return &shared.configs[shared.config_current];
}

struct wd40_tune *native_tune(void)
{
	return &shared.tunes[shared.tune_current & 1];
}

void native_set_overutilized(bool overutilized)
{
	native_tune()->any_overutilized = overutilized;
	memset(native_tune()->overutilized, overutilized ? 0xff : 0,
	       shared.domain_words * sizeof(u64));
}

void native_publish(struct wd40_config config)
{
	u32 slot = (shared.config_current + 1) % WD40_CONFIG_SLOTS;

	config.generation = native_config()->generation + 1;
	shared.configs[slot] = config;
	__atomic_store_n(&shared.config_current, slot, __ATOMIC_RELEASE);
}
