// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue for each domain, first in first out. Tasks are dealt out to the domains in turn, and stay:
 * what scheduling is like when nothing is balanced, and weights count for nothing. A domain whose CPUs
 * are all offline keeps what is in its queue.
 */
#include "bpf/domain.bpf.h"
#include "tests/sim/baseline-private.h"

struct home {
	u32 domain;
};

static struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__type(key, int);
	__type(value, struct home);
} homes;

static u32 next_domain;

static struct home *home_of(struct task_struct *p)
{
	return bpf_task_storage_get(&homes, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static bool serves(u32 domain, const struct task_struct *p)
{
	const struct wd40_domain *dom = domain_at(domain);

	for (u32 w = dom->first_word; w < dom->end_word; w++)
		for (u64 bits = dom->cpus[w]; bits; bits &= bits - 1)
			if (native_allowed(p,
					   (s32)(w * WD40_BITS_PER_WORD) + __builtin_ctzll(bits)))
				return true;
	return false;
}

/* The next in turn that may serve the task. */
static u32 deal(struct task_struct *p)
{
	for (u32 i = 0; i < shared.nr_domains; i++) {
		u32 domain = next_domain++ % shared.nr_domains;

		if (serves(domain, p))
			return domain;
	}
	return domain_of_cpu(scx_bpf_task_cpu(p));
}

static u32 domain_for(struct task_struct *p)
{
	struct home *home = home_of(p);

	if (!serves(home->domain, p))
		home->domain = deal(p);
	return home->domain;
}

static s32 select_cpu(struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	s32 cpu = baseline_claim_idle(p, domain_for(p));

	if (cpu < 0)
		return prev_cpu;
	kernel_insert(p, DSQ_LOCAL, BASELINE_SLICE_NS, 0);
	return cpu;
}

static void enqueue(struct task_struct *p, u64 enq_flags)
{
	u32 domain = domain_for(p);

	kernel_insert(p, domain, BASELINE_SLICE_NS, enq_flags);
	baseline_kick_idle(p, domain);
}

static void dispatch(s32 cpu, struct task_struct *prev)
{
	u32 domain = domain_of_cpu(cpu);

	if (domain != WD40_NO_DOMAIN)
		kernel_move_to_local(domain);
}

static s32 init_task(struct task_struct *p, struct scx_init_task_args *args)
{
	home_of(p)->domain = deal(p);
	return 0;
}

static s32 init(void)
{
	s32 err = 0;

	next_domain = 0;
	for (u32 i = 0; i < shared.nr_domains && !err; i++)
		err = scx_bpf_create_dsq(i, -1);
	return err;
}

/* Without them the kernel ends a scheduler when a CPU comes or goes. */
static void hotplug(s32 cpu)
{
}

const struct sched_ext_ops llc_fifo_ops = {
	.select_cpu = select_cpu,
	.enqueue = enqueue,
	.dispatch = dispatch,
	.init_task = init_task,
	.cpu_online = hotplug,
	.cpu_offline = hotplug,
	.init = init,
	.name = "llc_fifo",
};
