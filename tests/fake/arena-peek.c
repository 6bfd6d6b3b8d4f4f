/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks from outside into the arena of the fake back-end, where BPF would look:
 *
 *	arena-peek FILE			prints configuration, tuner decision and counters as JSON
 *	arena-peek FILE COUNTER N	adds N to a counter of CPU 0
 *	arena-peek FILE hog DOMAIN	adds a task that always wants to run and may do so everywhere
 *	arena-peek FILE answer N	answers all requests to move so (enum wd40_move_answer)
 *	arena-peek FILE wait CPU BUCKET N	counts N waits in a queue that ended on the CPU
 *	arena-peek FILE domain D FIELD N	sets what BPF tells of a domain
 *	arena-peek FILE hotplug CPU 0|1	the CPU has gone, or come
 *	arena-peek FILE config N	raises each value of the configuration by N, and flips each flag
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/arena.h"

static const char *const counter_names[] = {
#define X(NAME, field, help) #field,
	WD40_COUNTERS(X)
#undef X
};

static struct wd40_shared *map_arena(const char *path)
{
	size_t size = (size_t)WD40_ARENA_PAGES * WD40_PAGE_SIZE;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	p = mmap((void *)WD40_ARENA_BASE, size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
	if (p == MAP_FAILED) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	return p;
}

static int add_to_counter(struct wd40_shared *shared, const char *name, const char *n)
{
	for (size_t i = 0; i < WD40_NR_COUNTERS; i++)
		if (strcmp(counter_names[i], name) == 0) {
			shared->cpus[0].counters[i] += strtoull(n, NULL, 10);
			return EXIT_SUCCESS;
		}
	fprintf(stderr, "no counter %s\n", name);
	return EXIT_FAILURE;
}

static int raise_config(struct wd40_config *c, u32 n)
{
	c->slice_underutil_ns += n * 1000;
	c->slice_overutil_ns += n * 1000;
	c->greedy_threshold += n;
	c->greedy_threshold_x_numa += n;
	c->perf_level += n;
	c->fifo_sched ^= 1;
	c->kthreads_local ^= 1;
	c->direct_greedy_numa ^= 1;
	c->mempolicy_affinity ^= 1;
	c->wakeup_preemption ^= 1;
	return EXIT_SUCCESS;
}

static int add_hog(struct wd40_shared *shared, u32 domain)
{
	struct wd40_slab *slab = &shared->tasks;
	u32 index = slab->nr_used++;
	struct wd40_task *t = arena_task(shared, WD40_HANDLE(1, index));

	t->index = index;
	t->pid = 1000 + index;
	t->domain = domain;
	t->weight = 100;
	t->flags = WD40_TASK_RUNNABLE | WD40_TASK_ALL_CPUS;
	t->nr_allowed_domains = shared->nr_domains;
	t->duty.avg = (u64)WD40_DUTY_ONE << WD40_RAVG_FRAC;
	memset(t->allowed_domains, 0xff, shared->domain_words * sizeof(u64));
	__atomic_store_n(&t->slot.generation, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&slab->nr_chunks, index / slab->chunk_objects + 1, __ATOMIC_RELEASE);
	return EXIT_SUCCESS;
}

static int answer_moves(struct wd40_shared *shared, u32 answer)
{
	for (u32 i = 0; i < WD40_MOVE_SLOTS; i++) {
		struct wd40_move *m = &shared->moves[i];

		if (__atomic_load_n(&m->answer, __ATOMIC_ACQUIRE) != WD40_MOVE_PENDING)
			continue;
		if (answer == WD40_MOVE_APPLIED)
			arena_task(shared, m->task)->domain = m->target;
		arena_task(shared, m->task)->move = 0;
		__atomic_store_n(&m->answer, answer, __ATOMIC_RELEASE);
	}
	return EXIT_SUCCESS;
}

static int count_waits(struct wd40_shared *shared, u32 cpu, u32 bucket, u32 n)
{
	struct wd40_waits *w = &shared->cpus[cpu].queue_wait;

	w->sum += n << bucket;
	w->buckets[bucket] += n;
	return EXIT_SUCCESS;
}

static int set_domain(struct wd40_domain *d, const char *field, u64 n)
{
	if (strcmp(field, "nr_tasks") == 0)
		d->nr_tasks = (u32)n;
	else if (strcmp(field, "nr_online") == 0)
		d->nr_online = (u32)n;
	else if (strcmp(field, "capacity") == 0)
		d->capacity = (u32)n;
	else if (strcmp(field, "max_wait_ns") == 0)
		d->max_wait_ns = n;
	else
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

static int hotplug(struct wd40_shared *shared, u32 cpu, u32 online)
{
	__atomic_store_n(&shared->cpus[cpu].online, online, __ATOMIC_RELAXED);
	__atomic_add_fetch(&shared->hotplugs, 1, __ATOMIC_RELEASE);
	return EXIT_SUCCESS;
}

/* A copy that was not written to meanwhile: a slot is written again after all the others. */
static struct wd40_config take_config(const struct wd40_shared *shared)
{
	struct wd40_config c;

	do
		c = *arena_config(shared);
	while (arena_config(shared)->generation > c.generation + WD40_CONFIG_SLOTS / 2);
	return c;
}

static void print_config(const struct wd40_config *c)
{
	printf("\"generation\": %llu, \"slice_underutil_ns\": %llu, \"slice_overutil_ns\": %llu, ",
	       c->generation, c->slice_underutil_ns, c->slice_overutil_ns);
	printf("\"load_half_life_ns\": %llu, \"greedy_threshold\": %u, ", c->load_half_life_ns,
	       c->greedy_threshold);
	printf("\"greedy_threshold_x_numa\": %u, \"perf_level\": %u, ", c->greedy_threshold_x_numa,
	       c->perf_level);
	printf("\"fifo_sched\": %u, \"kthreads_local\": %u, ", c->fifo_sched, c->kthreads_local);
	printf("\"direct_greedy_numa\": %u, \"mempolicy_affinity\": %u, ", c->direct_greedy_numa,
	       c->mempolicy_affinity);
	printf("\"wakeup_preemption\": %u", c->wakeup_preemption);
}

static void print_tune(const struct wd40_tune *t)
{
	printf("\"round\": %llu, \"direct_greedy\": %llu, \"kick_greedy\": %llu, ", t->round,
	       t->direct_greedy[0], t->kick_greedy[0]);
	printf("\"overutilized\": %llu", t->overutilized[0]);
}

int main(int argc, char **argv)
{
	struct wd40_shared *shared;
	struct wd40_config config;

	if (argc != 2 && (argc < 4 || argc > 6)) {
		fprintf(stderr,
			"usage: arena-peek FILE [COUNTER|config|hog|answer|wait|domain|hotplug "
			"N ..]\n");
		return 2;
	}
	shared = map_arena(argv[1]);
	if (argc == 6 && strcmp(argv[2], "domain") == 0)
		return set_domain(&shared->domains[atoi(argv[3])], argv[4],
				  strtoull(argv[5], NULL, 10));
	if (argc == 5)
		return hotplug(shared, (u32)atoi(argv[3]), (u32)atoi(argv[4]));
	if (argc == 6)
		return count_waits(shared, atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
	if (argc == 4 && strcmp(argv[2], "config") == 0)
		return raise_config(&shared->configs[shared->config_current], atoi(argv[3]));
	if (argc == 4 && strcmp(argv[2], "hog") == 0)
		return add_hog(shared, (u32)atoi(argv[3]));
	if (argc == 4 && strcmp(argv[2], "answer") == 0)
		return answer_moves(shared, (u32)atoi(argv[3]));
	if (argc == 4)
		return add_to_counter(shared, argv[2], argv[3]);
	config = take_config(shared);
	printf("{\"nr_cpu_ids\": %u, \"nr_domains\": %u, \"config\": {", shared->nr_cpu_ids,
	       shared->nr_domains);
	print_config(&config);
	printf("}, \"tune\": {");
	print_tune(&shared->tunes[shared->tune_current & 1]);
	printf("}}\n");
	return EXIT_SUCCESS;
}
