/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that stands in for an arena. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "daemon/arena.h"
#include "tests/unit/daemon/made-topology.h"

#define MiB       (1ull << 20)
#define TASKS_MAX 20000

/* Room for an arena, with a page behind it that nobody may touch. */
struct room {
	struct wd40_shared *shared;
	uint64_t size;
};

static inline struct room room_new(uint64_t size)
{
	struct room r = { .size = size };
	uint8_t *p = mmap(NULL, size + WD40_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(mprotect(p + size, WD40_PAGE_SIZE, PROT_NONE), 0);
	r.shared = (struct wd40_shared *)p;
	return r;
}

static inline void room_free(struct room r)
{
	assert_int_equal(munmap(r.shared, r.size + WD40_PAGE_SIZE), 0);
}

/* An arena laid out for a regular machine. */
struct laid_out {
	struct room room;
	struct wd40_shared *shared;
	struct topology *t;
};

static inline struct laid_out lay_out(uint32_t nodes, uint32_t domains, uint32_t cpus)
{
	struct laid_out a = { .room = room_new(64 * MiB),
			      .t = topology_make(nodes, domains, cpus) };

	a.shared = a.room.shared;
	assert_int_equal(arena_lay_out(a.shared, a.room.size, TASKS_MAX, a.t), 0);
	return a;
}

static inline void laid_out_done(struct laid_out *a)
{
	topology_free(a->t);
	room_free(a->room);
}

static inline int set_up(void **state)
{
	struct laid_out *a = malloc(sizeof(*a));

	*a = lay_out(2, 2, 2);
	*state = a;
	return 0;
}

static inline int tear_down(void **state)
{
	laid_out_done(*state);
	free(*state);
	return 0;
}
