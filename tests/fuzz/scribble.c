/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/scribble.h"

#include <stddef.h>

#include "daemon/arena.h"

#define MOVES_MAX 16u /* that are scribbled on: the first to be used */

/* Fields that lie side by side. */
struct piece {
	void *start;
	size_t size;
};

#define PIECE(from, last) \
	((struct piece){ &(from), (size_t)((char *)(&(last) + 1) - (char *)&(from)) })

static struct piece piece_of_cpu(struct wd40_cpu *cpu, bool first)
{
	return first ? PIECE(cpu->capacity, cpu->online) : PIECE(cpu->busy_ns, cpu->run_delay);
}

static struct piece piece_of_domain(struct wd40_domain *d, bool first)
{
	return first ? PIECE(d->nr_online, d->capacity) : PIECE(d->min_vtime, d->load_rate);
}

static struct piece piece_of_task(const struct wd40_shared *shared, uint32_t index)
{
	return (struct piece){ arena_task(shared, index), shared->tasks.object_size };
}

/* What BPF writes, and the daemon reads. */
static struct piece any_piece(struct wd40_shared *shared, uint32_t tasks_max, struct fuzz_bytes *in)
{
	uint32_t what = fuzz_below(in, 8), which = fuzz_below(in, 256);
	u32 *answer = &shared->moves[which % MOVES_MAX].answer;

	switch (what) {
	case 0: return piece_of_cpu(&shared->cpus[which / 2 % shared->nr_cpu_ids], which % 2);
	case 1: return piece_of_domain(&shared->domains[which / 2 % shared->nr_domains], which % 2);
	case 2: return PIECE(shared->nr_orphaned, shared->hotplugs);
	case 3: return PIECE(shared->load_clock_current, shared->load_clock_claimed);
	case 4: return PIECE(shared->load_clocks, shared->load_clocks);
	case 5: return PIECE(shared->tasks.nr_chunks, shared->tasks.free_head);
	case 6: return PIECE(*answer, *answer);
	default: return piece_of_task(shared, which % tasks_max);
	}
}

void scribble(struct wd40_shared *shared, uint32_t tasks_max, struct fuzz_bytes *in)
{
	struct piece p = any_piece(shared, tasks_max, in);
	size_t at = fuzz_number(in, 2) % p.size, n = 1 + fuzz_below(in, 32);

	for (; n && at < p.size; n--, at++)
		((uint8_t *)p.start)[at] = (uint8_t)fuzz_below(in, 256);
}

void scribble_anywhere(struct wd40_shared *shared, struct fuzz_bytes *in)
{
	uint8_t *start = (uint8_t *)&shared->nr_cpu_ids;
	size_t room = (size_t)((uint8_t *)shared->moves - start), at = fuzz_number(in, 2) % room;

	for (uint32_t n = 1 + fuzz_below(in, 32); n && at < room; n--, at++)
		start[at] = (uint8_t)fuzz_below(in, 256);
}
