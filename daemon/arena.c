/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lay-out of the arena. Behind the struct follow, each at the start of a cache line:
 *
 *	CPUs, domains, moves
 *	masks: all CPUs, those online, two rounds of tuner masks, one mask a domain
 *	victim lists
 *	(next page) the range of the task slab, left untouched for BPF to populate
 */
#include "daemon/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define CHUNK_OBJECTS_MIN 16u
#define ROUND_UP(n, to)   (((n) + (to) - 1) / (to) * (to))

/* What is left of the arena. */
struct space {
	uint8_t *next, *end;
};

/* Zeroed, and by that populated; NULL when it does not fit. */
static void *take(struct space *s, uint64_t count, uint64_t size)
{
	uint64_t bytes = ROUND_UP(count * size, WD40_CACHELINE);
	uint8_t *start = s->next;

	if (bytes > (uint64_t)(s->end - s->next))
		return NULL;
	memset(start, 0, bytes);
	s->next += bytes;
	return start;
}

static u64 *take_mask(struct space *s, const struct wd40_shared *shared)
{
	return take(s, shared->mask_words, sizeof(u64));
}

static int take_tables(struct wd40_shared *shared, struct space *s)
{
	shared->cpus = take(s, shared->nr_cpu_ids, sizeof(struct wd40_cpu));
	shared->domains = take(s, shared->nr_domains, sizeof(struct wd40_domain));
	shared->moves = take(s, WD40_MOVE_SLOTS, sizeof(struct wd40_move));
	shared->all_cpus = take_mask(s, shared);
	shared->online_cpus = take_mask(s, shared);
	if (!shared->cpus || !shared->domains || !shared->moves || !shared->all_cpus ||
	    !shared->online_cpus)
		return -ENOSPC;
	for (size_t i = 0; i < ARRAY_SIZE(shared->tunes); i++) {
		shared->tunes[i].direct_greedy = take_mask(s, shared);
		shared->tunes[i].kick_greedy = take_mask(s, shared);
		shared->tunes[i].overutilized = take(s, shared->domain_words, sizeof(u64));
		if (!shared->tunes[i].direct_greedy || !shared->tunes[i].kick_greedy ||
		    !shared->tunes[i].overutilized)
			return -ENOSPC;
	}
	for (uint32_t i = 0; i < shared->nr_domains; i++) {
		struct wd40_domain *d = &shared->domains[i];

		d->cpus = take_mask(s, shared);
		d->victims = take(s, shared->nr_domains - 1, sizeof(u32));
		if (!d->cpus || !d->victims)
			return -ENOSPC;
	}
	return 0;
}

/*
 * Makes the CPU, not seen before, one of its domain's. For BPF, which may be running: the words
 * that the domain spans grow before the bit in them, and the CPU knows its domain last.
 */
static void add_cpu(struct wd40_shared *shared, const struct topology_cpu *c)
{
	struct wd40_domain *d = &shared->domains[c->domain];
	uint32_t word = c->id / WD40_BITS_PER_WORD;
	u64 bit = 1ull << c->id % WD40_BITS_PER_WORD;

	if (d->nr_cpus == 0 || word < d->first_word)
		__atomic_store_n(&d->first_word, word, __ATOMIC_RELAXED);
	if (word >= d->end_word)
		__atomic_store_n(&d->end_word, word + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&d->cpus[word], d->cpus[word] | bit, __ATOMIC_RELEASE);
	__atomic_store_n(&d->nr_cpus, d->nr_cpus + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->all_cpus[word], shared->all_cpus[word] | bit, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->cpus[c->id].node, c->node, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->cpus[c->id].domain, c->domain, __ATOMIC_RELEASE);
}

void arena_update_cpus(struct wd40_shared *shared, const struct arena_constants *c,
		       const struct topology *t)
{
	if (c)
		arena_put_back_domains(shared, c);
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++)
		if (t->cpus[i].domain != WD40_NO_DOMAIN &&
		    t->cpus[i].domain != shared->cpus[i].domain)
			add_cpu(shared, &t->cpus[i]);
}

static void fill_tables(struct wd40_shared *shared, const struct topology *t)
{
	for (uint32_t i = 0; i < t->nr_domains; i++) {
		shared->domains[i].id = i;
		shared->domains[i].node = t->domains[i].node;
		shared->domains[i].node_id = t->nodes[t->domains[i].node].id;
	}
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++) {
		shared->cpus[i].domain = WD40_NO_DOMAIN;
		shared->cpus[i].node = WD40_NO_NODE;
	}
	arena_update_cpus(shared, NULL, t);
}

/* For sorting nodes as seen from one of them. */
struct distant_node {
	uint32_t distance;
	uint32_t turn; /* places behind the one that sees it, around the circle of nodes */
	uint32_t node;
};

static int compare_distant(const void *a, const void *b)
{
	const struct distant_node *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return (x->turn > y->turn) - (x->turn < y->turn);
}

/* All nodes, nearest first, the node itself before all. order has nr_nodes entries. */
static void sort_nodes(const struct topology *t, uint32_t from, struct distant_node *order)
{
	for (uint32_t i = 0; i < t->nr_nodes; i++)
		order[i] = (struct distant_node){
			.distance = i == from ? 0 : t->nodes[from].distance[i],
			.turn = (i + t->nr_nodes - from) % t->nr_nodes,
			.node = i,
		};
	qsort(order, t->nr_nodes, sizeof(order[0]), compare_distant);
}

/* Domains of a node lie side by side: [first[node], first[node + 1]). */
static void find_domains(const struct topology *t, uint32_t *first)
{
	uint32_t domain = 0;

	for (uint32_t node = 0; node <= t->nr_nodes; node++) {
		while (domain < t->nr_domains && t->domains[domain].node < node)
			domain++;
		first[node] = domain;
	}
}

/*
 * Fault 20: everybody else, nearest first, none left out and never oneself. Within a node a domain
 * begins behind its own place, so that not all of them turn on the same victim.
 */
static void fill_victims(struct wd40_domain *d, const struct topology *t,
			 const struct distant_node *order, const uint32_t *first)
{
	uint32_t place = d->id - first[d->node];

	for (uint32_t i = 0; i < t->nr_nodes; i++) {
		uint32_t node = order[i].node, n = first[node + 1] - first[node];

		for (uint32_t k = 1; k <= n; k++) {
			uint32_t victim = first[node] + (place + k) % n;

			if (victim != d->id)
				d->victims[d->nr_victims++] = victim;
		}
		if (node == d->node)
			d->nr_victims_node = d->nr_victims;
	}
}

static int choose_victims(struct wd40_shared *shared, const struct topology *t)
{
	struct distant_node *order = calloc(t->nr_nodes, sizeof(*order));
	uint32_t *first = calloc(t->nr_nodes + 1, sizeof(*first));
	int r = order && first ? 0 : -ENOMEM;

	if (r == 0)
		find_domains(t, first);
	for (uint32_t node = 0; r == 0 && node < t->nr_nodes; node++) {
		sort_nodes(t, node, order);
		for (uint32_t i = first[node]; i < first[node + 1]; i++)
			fill_victims(&shared->domains[i], t, order, first);
	}
	free(order);
	free(first);
	return r;
}

static int reserve_slab(struct wd40_shared *shared, const struct space *s, uint32_t tasks_max)
{
	struct wd40_slab *slab = &shared->tasks;
	uintptr_t base = ROUND_UP((uintptr_t)s->next, WD40_PAGE_SIZE);
	uint64_t pages = base < (uintptr_t)s->end ? ((uintptr_t)s->end - base) / WD40_PAGE_SIZE : 0;
	uint64_t chunks;

	slab->base = (u8 *)base;
	slab->object_size = (u32)ROUND_UP(
		sizeof(struct wd40_task) + shared->domain_words * sizeof(u64), WD40_CACHELINE);
	slab->chunk_pages =
		ROUND_UP(CHUNK_OBJECTS_MIN * slab->object_size, WD40_PAGE_SIZE) / WD40_PAGE_SIZE;
	slab->chunk_objects = slab->chunk_pages * WD40_PAGE_SIZE / slab->object_size;
	chunks = ROUND_UP((uint64_t)tasks_max, slab->chunk_objects) / slab->chunk_objects;
	if (chunks > pages / slab->chunk_pages)
		chunks = pages / slab->chunk_pages;
	slab->nr_chunks_max = (u32)chunks;
	return chunks ? 0 : -ENOSPC;
}

int arena_lay_out(struct wd40_shared *shared, uint64_t size, uint32_t tasks_max,
		  const struct topology *t)
{
	struct space s = { (uint8_t *)(shared + 1), (uint8_t *)shared + size };
	int r;

	if (size < sizeof(*shared))
		return -ENOSPC;
	shared->nr_cpu_ids = t->nr_cpu_ids;
	shared->nr_domains = t->nr_domains;
	shared->nr_nodes = t->nr_nodes;
	shared->mask_words = WD40_WORDS(t->nr_cpu_ids);
	shared->domain_words = WD40_WORDS(t->nr_domains);
	r = take_tables(shared, &s);
	if (r < 0)
		return r;
	fill_tables(shared, t);
	r = choose_victims(shared, t);
	if (r < 0)
		return r;
	return reserve_slab(shared, &s, tasks_max);
}

struct wd40_task *arena_task(const struct wd40_shared *shared, wd40_handle task)
{
	uint64_t offset = (uint64_t)WD40_HANDLE_INDEX(task) * shared->tasks.object_size;

	return (struct wd40_task *)(shared->tasks.base + offset);
}

char *arena_copy_exit_dump(const struct wd40_shared *shared, uint64_t size)
{
	const char *end = (const char *)shared + size;
	const char *dump = __atomic_load_n(&shared->exit_dump, __ATOMIC_RELAXED);

	if (dump < (const char *)shared || dump >= end)
		return NULL;
	return strndup(dump, (size_t)(end - dump));
}
