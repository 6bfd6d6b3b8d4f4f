// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/steal.bpf.h"

/* So many tasks at the head of a queue are looked at for one that may run on a CPU. */
#define QUEUE_HEAD_DEPTH 32

s32 queues_create(void)
{
	s32 err = 0;
	u32 d;

	for (d = 0; d < shared.nr_domains && !err && can_loop; d++) {
		err = scx_bpf_create_dsq(QUEUE_DEADLINE(d), -1);
		if (!err)
			err = scx_bpf_create_dsq(QUEUE_FIFO(d), -1);
	}
	return err;
}

bool queue_consume(u32 domain, const struct wd40_config __arena *config __arg_arena)
{
	bool fifo = config->fifo_sched;

	if (config->order_changed && kernel_move_to_local(queue_of(domain, !fifo)))
		return true;
	return kernel_move_to_local(queue_of(domain, fifo));
}

__hidden struct task_struct *queue_first(u32 domain, const struct wd40_config __arena *config)
{
	if (config->order_changed && scx_bpf_dsq_nr_queued(QUEUE_FIFO(domain)) > 0)
		return NULL;
	return kernel_queue_first(QUEUE_DEADLINE(domain));
}

__hidden bool queue_first_deadline(u32 domain, s32 cpu, const struct wd40_config __arena *config,
				   u64 *ret_deadline)
{
	struct task_struct *p = queue_first(domain, config);
	u64 turn = 0, end = QUEUE_HEAD_DEPTH;

	if (!p)
		return false;
	*ret_deadline = p->scx.dsq_vtime;
	if (cpumask_kernel_test(kernel_mask_allowed(p), cpu))
		return true;
	barrier_var(end); /* a number that the verifier knows would make it follow each turn */
	kernel_for_each_queued (p, QUEUE_DEADLINE(domain)) {
		*ret_deadline = p->scx.dsq_vtime;
		if (cpumask_kernel_test(kernel_mask_allowed(p), cpu) || ++turn == end)
			break;
	}
	return true;
}

u32 queue_length(u32 domain, const struct wd40_config __arena *config __arg_arena)
{
	s32 length = scx_bpf_dsq_nr_queued(queue_of(domain, config->fifo_sched));
	s32 leftover = 0;

	if (config->order_changed)
		leftover = scx_bpf_dsq_nr_queued(queue_of(domain, !config->fifo_sched));
	return (length > 0 ? length : 0) + (leftover > 0 ? leftover : 0);
}

__hidden u32 queue_length_soon(u32 domain, const struct wd40_config __arena *config, u64 now)
{
	return queue_length(domain, config) + domain_expects(domain, now);
}

/* One look for work in other domains. */
struct raid {
	const struct wd40_domain __arena *thief;
	const struct wd40_config __arena *config;
	bool take; /* or just see whether there is something */
	u64 now;   /* for the latter */
};

static u32 raid_length(const struct raid *r, u32 victim)
{
	return r->take ? queue_length(victim, r->config)
		       : queue_length_soon(victim, r->config, r->now);
}

/* Among the victims [first, end) whose queue is at least threshold long. Which one; -ENOENT. */
static s32 raid_some(const struct raid *r, u32 first, u32 end, u32 threshold)
{
	if (!threshold)
		return -ENOENT;
	for (u32 i = first; i < end && can_loop; i++) {
		u32 victim = r->thief->victims[i];

		if (raid_length(r, victim) < threshold)
			continue;
		if (!r->take || queue_consume(victim, r->config))
			return (s32)victim;
	}
	return -ENOENT;
}

/* Near CPUs are woken before far ones, so those must not take sooner. */
static u32 far_threshold(const struct wd40_config __arena *config)
{
	u32 near = config->greedy_threshold, far = config->greedy_threshold_x_numa;

	if (!near || !far)
		return 0;
	return far > near ? far : near;
}

bool steal_is_due(u32 thief_domain, u32 victim_domain,
		  const struct wd40_config __arena *config __arg_arena)
{
	struct wd40_domain __arena *thief = domain_at(thief_domain);
	struct wd40_domain __arena *victim = domain_at(victim_domain);
	u32 threshold = 1;

	if (!thief || !victim)
		return false;
	if (thief != victim)
		threshold = thief->node == victim->node ? config->greedy_threshold
							: far_threshold(config);
	return threshold && queue_length(victim_domain, config) >= threshold;
}

static s32 raid_all(const struct raid *r)
{
	const struct wd40_domain __arena *thief = r->thief;
	s32 victim;

	if (!thief)
		return -ENOENT;
	victim = raid_some(r, 0, thief->nr_victims_node, r->config->greedy_threshold);
	if (victim < 0)
		victim = raid_some(r, thief->nr_victims_node, thief->nr_victims,
				   far_threshold(r->config));
	return victim;
}

s32 steal(u32 thief_domain, const struct wd40_config __arena *config __arg_arena)
{
	struct raid r = { .thief = domain_at(thief_domain), .config = config, .take = true };
	struct wd40_domain __arena *victim = domain_at(raid_all(&r));

	if (!victim)
		return -ENOENT;
	return victim->node == r.thief->node ? WD40_CTR_STEAL_NODE : WD40_CTR_STEAL_FAR;
}

s32 steal_find(u32 thief_domain, const struct wd40_config __arena *config __arg_arena)
{
	struct raid r = { .thief = domain_at(thief_domain), .config = config, .now = kernel_now() };

	return raid_all(&r);
}

bool steal_orphan(const struct wd40_config __arena *config __arg_arena)
{
	if (!READ_ONCE(shared.nr_orphaned))
		return false;
	for (u32 d = 0; d < shared.nr_domains && can_loop; d++)
		if (!READ_ONCE(shared.domains[d].nr_online) && queue_consume(d, config))
			return true;
	return false;
}
