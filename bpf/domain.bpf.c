// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/deadline.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/ravg.h"

/* One lock a domain, in a map of its own: a lock inside an arena is not allowed. */
struct domain_lock {
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WD40_MAX_DOMAINS);
	__type(key, u32);
	__type(value, struct domain_lock);
} domain_locks SEC(".maps");

/* How many other domains a fork looks at. */
#define FORK_CANDIDATES 16

bool domain_serves(u32 index, struct task_struct *p __arg_trusted)
{
	struct wd40_domain __arena *dom = domain_at(index);

	return dom &&
	       cpumask_allows_any(p, dom->cpus, shared.online_cpus, dom->first_word, dom->end_word);
}

u32 domain_set_allowed(struct wd40_task __arena *t __arg_arena, struct task_struct *p __arg_trusted)
{
	/* mostly it is: one look at all CPUs is quicker than one at each domain's */
	bool everywhere =
		cpumask_allowed(p, shared.all_cpus, 0, shared.mask_words) == CPUMASK_WHOLLY;
	u32 nr = 0;

	t->hotplugs = (u16)READ_ONCE(shared.hotplugs); /* before the masks that it tells of */
	for (u32 w = 0; w < shared.domain_words && can_loop; w++)
		t->allowed_domains[w] = 0;
	for (u32 d = 0; d < shared.nr_domains && can_loop; d++) {
		if (everywhere ? !READ_ONCE(shared.domains[d].nr_online) : !domain_serves(d, p))
			continue;
		t->allowed_domains[d / WD40_BITS_PER_WORD] |= 1ull << (d % WD40_BITS_PER_WORD);
		nr++;
	}
	t->nr_allowed_domains = nr;
	t->flags &= ~(WD40_TASK_ALL_CPUS | WD40_TASK_ONE_CPU | WD40_TASK_NO_MIGRATION);
	if (everywhere)
		t->flags |= WD40_TASK_ALL_CPUS;
	if (p->nr_cpus_allowed == 1)
		t->flags |= WD40_TASK_ONE_CPU;
	if (kernel_mask_allowed(p) != kernel_mask_affinity(p))
		t->flags |= WD40_TASK_NO_MIGRATION;
	return nr;
}

static bool domain_usable(const struct wd40_task __arena *t, u32 index)
{
	return domain_allowed(t, index) && READ_ONCE(shared.domains[index].nr_online);
}

u32 domain_nearest_allowed(const struct wd40_task __arena *t __arg_arena, u32 from, u64 node_mask)
{
	struct wd40_domain __arena *dom = domain_at(from);
	u32 nearest = from;

	if (!dom)
		return from;
	if (domain_usable(t, from) && domain_in_nodes(from, node_mask))
		return from;
	for (u32 i = 0; i < dom->nr_victims && can_loop; i++) {
		u32 d = dom->victims[i];

		if (!domain_usable(t, d))
			continue;
		if (domain_in_nodes(d, node_mask))
			return d;
		if (!domain_usable(t, nearest))
			nearest = d;
	}
	return nearest;
}

/* Runnable weight of a domain for each CPU of the fastest kind that it has the capacity of. */
static u64 runnable_per_capacity(u32 index)
{
	struct wd40_domain __arena *dom = &shared.domains[index];

	return READ_ONCE(dom->load_rate) * CPUPERF_ONE / (READ_ONCE(dom->capacity) ?: 1);
}

u32 domain_for_fork(const struct wd40_task __arena *child __arg_arena, u32 parent_domain)
{
	u32 best = domain_nearest_allowed(child, parent_domain, 0);
	struct wd40_domain __arena *dom = domain_at(best);
	u64 best_rate;

	if (!dom)
		return best;
	best_rate = runnable_per_capacity(best);
	if (best_rate < WD40_BASE_WEIGHT)
		return best;
	for (u32 i = 0; i < dom->nr_victims && i < FORK_CANDIDATES && can_loop; i++) {
		u32 d = dom->victims[i];
		u64 rate;

		if (!domain_usable(child, d))
			continue;
		rate = runnable_per_capacity(d);
		if (rate < best_rate) {
			best_rate = rate;
			best = d;
		}
	}
	return best;
}

/*
 * The next load clock goes on where the last one is at now_ns. Who loses the race for making it, or is
 * late with an old configuration, reads the one that is there. The exchange is the release.
 */
static const struct wd40_load_clock __arena *load_clock_change(
	u32 current, const struct wd40_config __arena *config, u64 now_ns)
{
	struct wd40_load_clock __arena *was = &shared.load_clocks[current % WD40_CONFIG_SLOTS];
	struct wd40_load_clock __arena *next =
		&shared.load_clocks[(current + 1) % WD40_CONFIG_SLOTS];

	if (config->generation <= was->generation || !config->load_half_life_ns ||
	    __sync_val_compare_and_swap(&shared.load_clock_claimed, current, current + 1) !=
		    current)
		return was;
	next->generation = config->generation;
	next->half_life_ns = config->load_half_life_ns;
	next->since_ns = now_ns;
	next->since = load_clock_read(was, now_ns);
	next->pace = (1ull << (WD40_HALF_LIFE_SHIFT + WD40_LOAD_PACE_SHIFT)) / next->half_life_ns;
	__sync_lock_test_and_set(&shared.load_clock_current, current + 1);
	return next;
}

u64 load_now(const struct wd40_config __arena *config __arg_arena, u64 now_ns)
{
	u32 current = READ_ONCE(shared.load_clock_current);
	const struct wd40_load_clock __arena *clock =
		&shared.load_clocks[current % WD40_CONFIG_SLOTS];

	if (clock->half_life_ns != config->load_half_life_ns)
		clock = load_clock_change(current, config, now_ns);
	return load_clock_read(clock, now_ns);
}

static __always_inline bool is_runnable(const struct wd40_task __arena *t)
{
	return t->flags & WD40_TASK_RUNNABLE;
}

static __always_inline u64 rate_of(const struct wd40_task __arena *t)
{
	return is_runnable(t) ? t->weight : 0;
}

/* Brings the averages of task and domain to now; the caller holds the domain's lock. */
static __always_inline void advance_locked(struct wd40_domain __arena *dom,
					   struct wd40_task __arena *t, u64 load_now)
{
	/* both are cut at the same time from here on, whichever's clock is ahead of this CPU's */
	if (load_now < dom->load.at)
		load_now = dom->load.at;
	if (load_now < t->duty.at)
		load_now = t->duty.at;
	ravg_advance(&dom->load, dom->load_rate, load_now);
	ravg_advance(&t->duty, is_runnable(t) ? WD40_DUTY_ONE : 0, load_now);
}

static __always_inline struct domain_lock *lock_of(u32 index)
{
	return bpf_map_lookup_elem(&domain_locks, &index);
}

/* Takes the task's share out of its domain's load. */
static __always_inline void load_remove_locked(struct wd40_domain __arena *dom,
					       struct wd40_task __arena *t, u64 load_now)
{
	advance_locked(dom, t, load_now);
	ravg_sub(&dom->load, &t->duty, t->weight);
	dom->load_rate -= rate_of(t);
}

/* Adds it, both averages being advanced. */
static __always_inline void load_insert_locked(struct wd40_domain __arena *dom,
					       const struct wd40_task __arena *t)
{
	ravg_add(&dom->load, &t->duty, t->weight);
	dom->load_rate += rate_of(t);
}

int domain_set_runnable(struct wd40_task __arena *t __arg_arena, bool runnable, u64 load_now)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	struct domain_lock *lock = lock_of(t->domain);

	if (!dom || !lock)
		return 0;
	bpf_spin_lock(&lock->lock);
	advance_locked(dom, t, load_now);
	dom->load_rate -= rate_of(t);
	t->flags = runnable ? t->flags | WD40_TASK_RUNNABLE : t->flags & ~WD40_TASK_RUNNABLE;
	dom->load_rate += rate_of(t);
	bpf_spin_unlock(&lock->lock);
	return 0;
}

int domain_set_weight(struct wd40_task __arena *t __arg_arena, u32 weight, u64 load_now)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	struct domain_lock *lock = lock_of(t->domain);

	if (weight < 1)
		weight = 1;
	if (weight > WD40_MAX_WEIGHT)
		weight = WD40_MAX_WEIGHT;
	if (!dom || !lock)
		return 0;
	bpf_spin_lock(&lock->lock);
	load_remove_locked(dom, t, load_now);
	t->vtime = deadline_reweigh(t->vtime, dom, t->weight ?: 1, weight);
	t->weight = weight;
	load_insert_locked(dom, t);
	bpf_spin_unlock(&lock->lock);
	return 0;
}

/* The task goes into a domain with the duty that it has. */
static void enter(struct wd40_task __arena *t, u32 index, u64 load_now)
{
	struct wd40_domain __arena *dom = domain_at(index);
	struct domain_lock *lock = lock_of(index);

	t->domain = index;
	if (!dom || !lock)
		return;
	bpf_spin_lock(&lock->lock);
	advance_locked(dom, t, load_now);
	load_insert_locked(dom, t);
	bpf_spin_unlock(&lock->lock);
	__sync_fetch_and_add(&dom->nr_tasks, 1);
}

int domain_leave(struct wd40_task __arena *t __arg_arena, u64 load_now)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	struct domain_lock *lock = lock_of(t->domain);

	t->domain = WD40_NO_DOMAIN;
	if (!dom || !lock)
		return 0;
	bpf_spin_lock(&lock->lock);
	load_remove_locked(dom, t, load_now);
	bpf_spin_unlock(&lock->lock);
	__sync_fetch_and_add(&dom->nr_tasks, (u32)-1);
	return 0;
}

__hidden void domain_join(struct wd40_task __arena *t, u32 index, u64 load_now)
{
	WRITE_ONCE(t->duty.avg, 0);
	WRITE_ONCE(t->duty.partial, 0);
	t->duty.at = load_now;
	enter(t, index, load_now);
}

int domain_transfer(struct wd40_task __arena *t __arg_arena, u32 to, u64 load_now, u64 lag_limit_ns)
{
	struct wd40_domain __arena *from = domain_at(t->domain), *dest = domain_at(to);

	if (!from || !dest || from == dest)
		return 0;
	domain_leave(t, load_now);
	t->vtime = deadline_carry(t->vtime, from, dest, lag_limit_ns);
	enter(t, to, load_now);
	return 0;
}

/* Other CPUs of the word may change at the same time. */
static void set_online_bit(u32 cpu, bool online)
{
	u64 __arena *word = &shared.online_cpus[cpu / WD40_BITS_PER_WORD];
	u64 bit = 1ull << (cpu % WD40_BITS_PER_WORD);
	u64 was = READ_ONCE(*word), now;

	while (can_loop) {
		now = online ? was | bit : was & ~bit;
		now = __sync_val_compare_and_swap(word, was, now);
		if (now == was)
			return;
		was = now;
	}
}

bool domain_cpu_online(s32 cpu, bool online)
{
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(cpu));
	struct wd40_cpu __arena *c;

	if (!dom)
		return false;
	c = &shared.cpus[cpu];
	if (__sync_lock_test_and_set(&c->online, online) == online)
		return true;
	set_online_bit(cpu, online);
	if (online) {
		__sync_fetch_and_add(&shared.nr_offline, (u32)-1);
		c->capacity = scx_bpf_cpuperf_cap(cpu);
		c->called_to = WD40_NO_DOMAIN;
		c->attends = true;
		c->yields_at = WD40_YIELDS_NEVER;
		__sync_fetch_and_add(&dom->capacity, c->capacity);
		if (__sync_fetch_and_add(&dom->nr_online, 1) == 0)
			__sync_fetch_and_add(&shared.nr_orphaned, (u32)-1);
	} else {
		__sync_fetch_and_add(&shared.nr_offline, 1);
		__sync_fetch_and_add(&dom->capacity, -c->capacity);
		if (__sync_fetch_and_add(&dom->nr_online, (u32)-1) == 1)
			__sync_fetch_and_add(&shared.nr_orphaned, 1);
	}
	__sync_fetch_and_add(&shared.hotplugs, 1); /* who sees it sees the rest */
	return true;
}

__hidden void domain_begin(kernel_mask online)
{
	shared.nr_orphaned = shared.nr_domains;
	for (u32 d = 0; d < shared.nr_domains && can_loop; d++)
		shared.nr_offline += shared.domains[d].nr_cpus;
	for (u32 cpu = 0; cpu < shared.nr_cpu_ids && can_loop; cpu++)
		if (cpumask_kernel_test(online, cpu))
			domain_cpu_online(cpu, true);
}
