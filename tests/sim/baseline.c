// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/domain.bpf.h"
#include "tests/sim/baseline-private.h"
#include "tests/sim/baseline.h"

extern struct sched_ext_ops wd40_ops;

const struct sim_scheduler sim_schedulers[] = {
	{ "wd40", "the scheduler of this project", &wd40_ops },
	{ "global-vtime", "one queue for all CPUs, by weighted virtual time", &global_vtime_ops },
	{ "llc-fifo", "a queue per domain, first in first out, nothing is balanced",
	  &llc_fifo_ops },
	{ 0 },
};

static bool claim(const struct task_struct *p, s32 cpu, u32 domain)
{
	return (domain == ANY_DOMAIN || domain_of_cpu(cpu) == domain) && native_allowed(p, cpu) &&
	       scx_bpf_test_and_clear_cpu_idle(cpu);
}

s32 baseline_claim_idle(struct task_struct *p, u32 domain)
{
	kernel_mask idle = kernel_mask_idle(p, false), allowed = kernel_mask_allowed(p);
	s32 last = scx_bpf_task_cpu(p);

	if (claim(p, last, domain))
		return last;
	for (u32 w = 0; w < WD40_WORDS(native.nr_cpu_ids); w++)
		for (u64 bits = kernel_mask_word(idle, w) & kernel_mask_word(allowed, w); bits;
		     bits &= bits - 1) {
			s32 cpu = (s32)(w * WD40_BITS_PER_WORD) + __builtin_ctzll(bits);

			if (claim(p, cpu, domain))
				return cpu;
		}
	return -1;
}

void baseline_kick_idle(struct task_struct *p, u32 domain)
{
	s32 cpu = baseline_claim_idle(p, domain);

	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, KICK_IDLE);
}
