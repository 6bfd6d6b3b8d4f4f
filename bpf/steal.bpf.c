// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/steal.bpf.h"

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

u32 queue_length(u32 domain, const struct wd40_config __arena *config __arg_arena)
{
	s32 length = scx_bpf_dsq_nr_queued(queue_of(domain, config->fifo_sched));
	s32 leftover = 0;

	if (config->order_changed)
		leftover = scx_bpf_dsq_nr_queued(queue_of(domain, !config->fifo_sched));
	return (length > 0 ? length : 0) + (leftover > 0 ? leftover : 0);
}

/* From the victims [first, end) of a domain whose queue is at least threshold long. */
static bool steal_from(const struct wd40_domain __arena *thief, u32 first, u32 end, u32 threshold,
		       const struct wd40_config __arena *config)
{
	if (!threshold)
		return false;
	for (u32 i = first; i < end && can_loop; i++) {
		u32 victim = thief->victims[i];

		if (queue_length(victim, config) >= threshold && queue_consume(victim, config))
			return true;
	}
	return false;
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

s32 steal(u32 thief_domain, const struct wd40_config __arena *config __arg_arena)
{
	struct wd40_domain __arena *thief = domain_at(thief_domain);

	if (!thief)
		return -ENOENT;
	if (steal_from(thief, 0, thief->nr_victims_node, config->greedy_threshold, config))
		return WD40_CTR_STEAL_NODE;
	if (config->greedy_threshold && steal_from(thief, thief->nr_victims_node, thief->nr_victims,
						   config->greedy_threshold_x_numa, config))
		return WD40_CTR_STEAL_FAR;
	return -ENOENT;
}
