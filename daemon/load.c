/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/ravg.h"
#include "daemon/arena.h"

#define SLEPT_LONG     (16ull << WD40_HALF_LIFE_SHIFT)
#define TASKS_ROOM_MIN 1024u
#define READ(x)        __atomic_load_n(&(x), __ATOMIC_RELAXED)

int load_new(uint32_t nr_domains, struct load **ret)
{
	_cleanup_(load_freep) struct load *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->nr_domains = nr_domains;
	l->domains = calloc(nr_domains, sizeof(l->domains[0]));
	l->duty_by_weight = calloc(WD40_MAX_WEIGHT + 1, sizeof(l->duty_by_weight[0]));
	l->left = calloc(RAVG_HALF_LIFE_PERIODS, sizeof(l->left[0]));
	if (!l->domains || !l->duty_by_weight || !l->left)
		return -ENOMEM;
	for (uint32_t i = 0; i < RAVG_HALF_LIFE_PERIODS; i++)
		l->left[i] = exp2(-(double)i / RAVG_HALF_LIFE_PERIODS);
	*ret = TAKE_PTR(l);
	return 0;
}

struct load *load_free(struct load *l)
{
	if (!l)
		return NULL;
	free(l->domains);
	free(l->tasks);
	free(l->duty_by_weight);
	free(l->left);
	free(l);
	return NULL;
}

static void read_capacities(struct load *l, const struct wd40_shared *shared)
{
	l->capacity = 0;
	for (uint32_t i = 0; i < l->nr_domains; i++) {
		double capacity = READ(shared->domains[i].capacity) / 1024.0;

		l->domains[i] = (struct load_domain){ .node = shared->domains[i].node,
						      .capacity = capacity };
		l->capacity += capacity;
	}
}

static int make_room(struct load *l)
{
	uint32_t room = l->tasks_room ? 2 * l->tasks_room : TASKS_ROOM_MIN;
	struct load_task *tasks;

	if (l->nr_tasks < l->tasks_room)
		return 0;
	tasks = reallocarray(l->tasks, room, sizeof(tasks[0]));
	if (!tasks)
		return -ENOMEM;
	l->tasks = tasks;
	l->tasks_room = room;
	return 0;
}

/* 2^(-n / RAVG_HALF_LIFE_PERIODS): what is left after so many periods. */
static double left_after(const struct load *l, uint64_t periods)
{
	uint64_t half_lives = periods >> RAVG_HALF_LIFE_SHIFT;

	if (half_lives >= RAVG_FORGOTTEN_AFTER)
		return 0;
	return l->left[periods % RAVG_HALF_LIFE_PERIODS] / (double)(1ull << half_lives);
}

/*
 * The duty at the end of the last whole period. As ravg_read of bpf/ravg.h, but by a table, in a
 * fifth of the time: there may be a million tasks.
 */
static float read_duty(const struct load *l, const struct wd40_task *t, double rate, uint64_t now)
{
	const struct wd40_ravg r = ravg_copy(&t->duty);
	double duty = (double)r.avg / ((double)WD40_DUTY_ONE * (1u << WD40_RAVG_FRAC)), mean, left;
	uint64_t periods = (now >> WD40_RAVG_PERIOD_SHIFT) - (r.at >> WD40_RAVG_PERIOD_SHIFT);

	if (now > r.at && periods) {
		mean = (double)r.partial / WD40_DUTY_ONE +
		       rate * (double)(RAVG_PERIOD - r.at % RAVG_PERIOD);
		left = left_after(l, periods - 1);
		duty = duty * l->left[1] + mean / RAVG_PERIOD * (1 - l->left[1]);
		duty = duty * left + rate * (1 - left);
	}
	return duty < 1 ? (float)duty : 1;
}

static uint32_t destination(const struct wd40_shared *shared, u64 word, uint32_t domain)
{
	u32 slot = WD40_MOVE_WORD_SLOT(word), target;

	if (!word || slot >= WD40_MOVE_SLOTS)
		return domain;
	target = READ(shared->moves[slot].target);
	return target < shared->nr_domains ? target : domain;
}

/*
 * Reads the task in a slot; its load is its duty for now. False: it is nobody, has slept for long, or
 * changed hands meanwhile. Its own word for where it is is not taken: that leads anywhere.
 */
static bool read_task(const struct load *l, const struct wd40_shared *shared, uint32_t index,
		      uint64_t now, struct load_task *ret)
{
	const struct wd40_task *t = arena_task(shared, index);
	u32 generation = __atomic_load_n(&t->slot.generation, __ATOMIC_ACQUIRE);
	u32 flags = READ(t->flags), weight = READ(t->weight), domain = READ(t->domain);
	bool runnable = flags & WD40_TASK_RUNNABLE;
	bool captive = flags & WD40_TASK_ONE_CPU || READ(t->nr_allowed_domains) <= 1;
	u64 word = READ(t->move);

	if (!(generation & 1) || domain >= l->nr_domains || !weight || weight > WD40_MAX_WEIGHT)
		return false;
	if (!runnable && READ(t->duty.at) + SLEPT_LONG < now)
		return false;
	*ret = (struct load_task){
		.handle = WD40_HANDLE(generation, index),
		.domain = domain,
		.bound_for = destination(shared, word, domain),
		.load = read_duty(l, t, runnable, now),
		.weight = (uint16_t)weight,
		.captive = captive,
		.movable = !captive && !word && !(flags & WD40_TASK_NO_MIGRATION),
		.kworker = flags & WD40_TASK_KWORKER,
	};
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return READ(t->slot.generation) == generation;
}

static void note_weight(struct load *l, uint32_t weight, double duty)
{
	u64 *word = &l->weights[weight / WD40_BITS_PER_WORD];
	u64 bit = 1ull << weight % WD40_BITS_PER_WORD;

	if (!(*word & bit))
		l->duty_by_weight[weight] = 0;
	*word |= bit;
	l->duty_by_weight[weight] += duty;
	l->duty += duty;
	l->weighted += duty * weight;
}

/* The next lower weight that occurs, 0 when there is none. */
static uint32_t next_lower(const struct load *l, uint32_t weight)
{
	uint32_t w = weight / WD40_BITS_PER_WORD;
	u64 word = l->weights[w] & ((1ull << weight % WD40_BITS_PER_WORD) - 1);

	while (!word && w)
		word = l->weights[--w];
	if (!word)
		return 0;
	return w * WD40_BITS_PER_WORD + 63 - (uint32_t)__builtin_clzll(word);
}

/*
 * Walks down the weights. above: duty of the weights passed, which count as limit; below: weighted duty
 * of the rest. The solution lies above a weight at which they are still worth more than the machine.
 */
static double find_limit(const struct load *l)
{
	double above = 0, below = l->weighted;

	if (l->duty <= l->capacity || !(l->capacity > 0))
		return 1;
	for (uint32_t w = WD40_MAX_WEIGHT + 1; (w = next_lower(l, w));) {
		if (above * w + below > w * l->capacity)
			break;
		above += l->duty_by_weight[w];
		below -= w * l->duty_by_weight[w];
	}
	return fmax(below / (l->capacity - above), 1);
}

static void weigh_tasks(struct load *l)
{
	double limit = l->limit = find_limit(l);

	for (uint32_t i = 0; i < l->nr_tasks; i++) {
		struct load_task *t = &l->tasks[i];

		if (t->weight < limit)
			t->load *= (float)(t->weight / limit);
		l->domains[t->domain].load += t->load;
		l->domains[t->domain].captive += t->captive ? t->load : 0;
		l->domains[t->domain].coming -= t->load;
		l->domains[t->bound_for].coming += t->load;
	}
}

/*
 * How much of the slab is populated. A page that is not must not be touched: it would come to be by
 * that, and BPF could not have it. While a chunk is in the making the count of the last time serves.
 */
static uint32_t populated_chunks(struct load *l, const struct wd40_slab *slab)
{
	u32 chunks = __atomic_load_n(&slab->nr_chunks, __ATOMIC_ACQUIRE);

	if (!__atomic_load_n(&slab->nr_growing, __ATOMIC_ACQUIRE) &&
	    READ(slab->nr_chunks) == chunks)
		l->chunks = chunks < slab->nr_chunks_max ? chunks : slab->nr_chunks_max;
	return l->chunks;
}

static int read_tasks(struct load *l, const struct wd40_shared *shared, uint64_t now)
{
	const struct wd40_slab *slab = &shared->tasks;
	uint32_t objects = populated_chunks(l, slab) * slab->chunk_objects;

	for (uint32_t i = 0; i < objects; i++) {
		struct load_task *next;
		int r = make_room(l);

		if (r < 0)
			return r;
		next = &l->tasks[l->nr_tasks];
		if (!read_task(l, shared, i, now, next))
			continue;
		note_weight(l, next->weight, next->load);
		l->nr_tasks++;
	}
	return 0;
}

static void set_mean(struct load *l)
{
	double sum = 0;

	for (uint32_t d = 0; d < l->nr_domains; d++)
		sum += l->domains[d].load;
	l->mean = l->capacity > 0 ? sum / l->capacity : 0;
}

int load_read(struct load *l, const struct wd40_shared *shared)
{
	int r;

	l->nr_tasks = 0;
	l->mean = 0;
	l->duty = l->weighted = 0;
	memset(l->weights, 0, sizeof(l->weights));
	read_capacities(l, shared);
	r = read_tasks(l, shared, wd40_load_time(shared, wd40_clock_ns(shared)));
	if (r < 0) {
		l->nr_tasks = 0;
		return r;
	}
	weigh_tasks(l);
	set_mean(l);
	return 0;
}
