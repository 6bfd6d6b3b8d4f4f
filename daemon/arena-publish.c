/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration and tuner decisions on their way to BPF, and counters on their way back. */
#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/arena.h"

#define GRACE_SLEEP_NS (100l * 1000 * 1000)
#define NSEC_PER_USEC  1000ull

/* Returns when every callback that was running has ended. */
static void wait_for_grace(void)
{
	struct timespec left = { .tv_nsec = GRACE_SLEEP_NS };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) >= 0)
		return;
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

const struct wd40_config *arena_config(const struct wd40_shared *shared)
{
	uint32_t current = __atomic_load_n(&shared->config_current, __ATOMIC_ACQUIRE);

	return &shared->configs[current % WD40_CONFIG_SLOTS];
}

static void fill_config(struct wd40_config *c, const struct tunable_set *values)
{
	const struct tunable_value *v = values->values;

	c->slice_underutil_ns = v[TUNABLE_SLICE_UNDERUTIL].usec * NSEC_PER_USEC;
	c->slice_overutil_ns = v[TUNABLE_SLICE_OVERUTIL].usec * NSEC_PER_USEC;
	c->load_half_life_ns = v[TUNABLE_LOAD_HALF_LIFE].usec * NSEC_PER_USEC;
	c->greedy_threshold = v[TUNABLE_GREEDY_THRESHOLD].u;
	c->greedy_threshold_x_numa = v[TUNABLE_GREEDY_THRESHOLD_X_NUMA].u;
	c->perf_level = v[TUNABLE_PERF].u;
	c->fifo_sched = v[TUNABLE_FIFO_SCHED].b;
	c->wakeup_preemption = v[TUNABLE_WAKEUP_PREEMPTION].b;
	c->kthreads_local = v[TUNABLE_KTHREADS_LOCAL].b;
	c->direct_greedy_numa = v[TUNABLE_DIRECT_GREEDY_NUMA].b;
	c->mempolicy_affinity = v[TUNABLE_MEMPOLICY_AFFINITY].b;
}

/*
 * The slot behind the current one was left longest ago. As long as fewer than all the others were
 * left since the last grace period it is not among those, so nobody can be reading it.
 */
int arena_publish_config(struct wd40_shared *shared, const struct tunable_set *values,
			 uint64_t generation, uint32_t *retired)
{
	const struct wd40_config *old = arena_config(shared);
	uint32_t slot = (shared->config_current + 1) % WD40_CONFIG_SLOTS;
	struct wd40_config *c = &shared->configs[slot];

	if (*retired >= WD40_CONFIG_SLOTS - 1) {
		wait_for_grace();
		*retired = 0;
	}
	memset(c, 0, sizeof(*c));
	fill_config(c, values);
	c->generation = generation;
	c->order_changed =
		old->order_changed || (old->generation && old->fifo_sched != c->fifo_sched);
	__atomic_store_n(&shared->config_current, slot, __ATOMIC_RELEASE);
	(*retired)++;
	return 0;
}

/* Copies the set into the mask. Returns whether there is anything in it. */
static bool fill_mask(u64 *mask, const struct cpuset *s)
{
	u64 any = 0;

	for (uint32_t i = 0; i < s->nr_words; i++) {
		__atomic_store_n(&mask[i], s->words[i], __ATOMIC_RELAXED);
		any |= s->words[i];
	}
	return any;
}

void arena_publish_tune(struct wd40_shared *shared, const struct tuner_decision *d)
{
	uint32_t current = shared->tune_current;
	struct wd40_tune *tune = &shared->tunes[(current + 1) & 1];

	tune->round = shared->tunes[current & 1].round + 1;
	tune->any_direct_greedy = fill_mask(tune->direct_greedy, d->direct_greedy);
	tune->any_kick_greedy = fill_mask(tune->kick_greedy, d->kick_greedy);
	tune->any_overutilized = fill_mask(tune->overutilized, d->full_domains);
	__atomic_store_n(&shared->tune_current, current + 1, __ATOMIC_RELEASE);
}

uint64_t arena_counter(const struct wd40_shared *shared, enum wd40_counter counter)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < shared->nr_cpu_ids; i++)
		sum += __atomic_load_n(&shared->cpus[i].counters[counter], __ATOMIC_RELAXED);
	return sum;
}
