// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "tests/sim/report-idle.h"
#include "tests/sim/report-memory.h"

/* Tasks of one affinity that wait. */
struct waiters {
	u32 nr;
	u32 place; /* in masks_in_use, while nr > 0 */
};

struct idle_watch {
	const struct mask_table *masks;
	u32 nr_words, nr_idle, nr_lost;
	unsigned long *idle, *lost, *now_lost; /* CPUs; now_lost: room to work */
	u64 *lost_since;                       /* by CPU */
	struct waiters *waiters;               /* by affinity */
	u32 room;
	u32 *in_use, nr_in_use; /* affinities with waiters */
	bool changed;
	u64 total_ns, longest_ns; /* of what is over */
};

struct idle_watch *idle_watch_new(const struct mask_table *masks)
{
	struct idle_watch *w = calloc(1, sizeof(*w));
	u32 nr_cpus = mask_table_nr_bits(masks);

	if (!w)
		return NULL;
	w->masks = masks;
	w->nr_words = WD40_WORDS(nr_cpus);
	w->idle = calloc(w->nr_words, sizeof(*w->idle));
	w->lost = calloc(w->nr_words, sizeof(*w->lost));
	w->now_lost = calloc(w->nr_words, sizeof(*w->now_lost));
	w->lost_since = calloc(nr_cpus, sizeof(*w->lost_since));
	if (!w->idle || !w->lost || !w->now_lost || !w->lost_since)
		return idle_watch_free(w);
	return w;
}

struct idle_watch *idle_watch_free(struct idle_watch *w)
{
	if (!w)
		return NULL;
	free(w->idle);
	free(w->lost);
	free(w->now_lost);
	free(w->lost_since);
	free(w->waiters);
	free(w->in_use);
	free(w);
	return NULL;
}

void idle_watch_set_idle(struct idle_watch *w, s32 cpu, bool idle)
{
	unsigned long *word = &w->idle[cpu / 64], bit = 1ul << cpu % 64;

	if (!(*word & bit) == !idle)
		return;
	*word ^= bit;
	w->nr_idle += idle ? 1 : -1u;
	w->changed = true;
}

static struct waiters *waiters_of(struct idle_watch *w, u32 mask)
{
	if (mask >= w->room) {
		u32 room = 2 * (mask + 1);

		w->waiters = sim_grow(w->waiters, room, sizeof(*w->waiters));
		w->in_use = sim_grow(w->in_use, room, sizeof(*w->in_use));
		memset(w->waiters + w->room, 0, (room - w->room) * sizeof(*w->waiters));
		w->room = room;
	}
	return &w->waiters[mask];
}

void idle_watch_wait(struct idle_watch *w, u32 mask, bool waits)
{
	struct waiters *all = waiters_of(w, mask);

	if (waits && all->nr++ == 0) {
		all->place = w->nr_in_use;
		w->in_use[w->nr_in_use++] = mask;
		w->changed = true;
	} else if (!waits && --all->nr == 0) {
		u32 last = w->in_use[--w->nr_in_use];

		w->in_use[all->place] = last;
		w->waiters[last].place = all->place;
		w->changed = true;
	}
}

static void find_lost(struct idle_watch *w)
{
	memset(w->now_lost, 0, w->nr_words * sizeof(*w->now_lost));
	for (u32 i = 0; i < w->nr_in_use; i++) {
		struct mask_range range = mask_table_get(w->masks, w->in_use[i]);

		for (u32 word = range.first_word; word < range.end_word; word++)
			w->now_lost[word] |= range.words[word] & w->idle[word];
	}
}

static void begin(struct idle_watch *w, u32 cpu, u64 now_ns)
{
	w->lost_since[cpu] = now_ns;
	w->nr_lost++;
}

static void end(struct idle_watch *w, u32 cpu, u64 now_ns)
{
	u64 lost_ns = now_ns - w->lost_since[cpu];

	w->total_ns += lost_ns;
	if (lost_ns > w->longest_ns)
		w->longest_ns = lost_ns;
	w->nr_lost--;
}

void idle_watch_settle(struct idle_watch *w, u64 now_ns)
{
	if (!w->changed)
		return;
	w->changed = false;
	if (!w->nr_lost && (!w->nr_idle || !w->nr_in_use))
		return;
	find_lost(w);
	for (u32 i = 0; i < w->nr_words; i++) {
		unsigned long was = w->lost[i], is = w->now_lost[i];

		for (unsigned long bits = is & ~was; bits; bits &= bits - 1)
			begin(w, i * 64 + (u32)__builtin_ctzl(bits), now_ns);
		for (unsigned long bits = was & ~is; bits; bits &= bits - 1)
			end(w, i * 64 + (u32)__builtin_ctzl(bits), now_ns);
		w->lost[i] = is;
	}
}

/* The sum and the longest of what is not over yet. */
static void under_way(const struct idle_watch *w, u64 now_ns, u64 *sum_ns, u64 *longest_ns)
{
	*sum_ns = *longest_ns = 0;
	for (u32 i = 0; i < w->nr_words && w->nr_lost; i++)
		for (unsigned long bits = w->lost[i]; bits; bits &= bits - 1) {
			u64 ns = now_ns - w->lost_since[i * 64 + (u32)__builtin_ctzl(bits)];

			*sum_ns += ns;
			*longest_ns = ns > *longest_ns ? ns : *longest_ns;
		}
}

u64 idle_watch_total_ns(const struct idle_watch *w, u64 now_ns)
{
	u64 sum_ns, longest_ns;

	under_way(w, now_ns, &sum_ns, &longest_ns);
	return w->total_ns + sum_ns;
}

u64 idle_watch_longest_ns(const struct idle_watch *w, u64 now_ns)
{
	u64 sum_ns, longest_ns;

	under_way(w, now_ns, &sum_ns, &longest_ns);
	return longest_ns > w->longest_ns ? longest_ns : w->longest_ns;
}
