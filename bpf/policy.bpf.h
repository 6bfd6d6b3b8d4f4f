/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a callback goes by: one generation of the configuration and of the tuner's decision, read once;
 * and the counters that it leaves behind.
 */
#pragma once

#include "bpf/cpumask.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/kernel.bpf.h"

struct policy {
	const struct wd40_config __arena *config;
	const struct wd40_tune __arena *tune;
};

static __always_inline struct policy policy_now(void)
{
	u32 config = READ_ONCE(shared.config_current) % WD40_CONFIG_SLOTS;
	u32 tune = READ_ONCE(shared.tune_current) % 2;

	return (struct policy){
		.config = &shared.configs[config],
		.tune = &shared.tunes[tune],
	};
}

static __always_inline bool policy_overutilized(struct policy policy, u32 domain)
{
	return policy.tune->any_overutilized && domain < shared.nr_domains &&
	       cpumask_test(policy.tune->overutilized, domain);
}

/* The slice in a domain, by its index; without a domain the long one. */
static __always_inline u64 policy_slice_ns(struct policy policy, u32 domain)
{
	return policy_overutilized(policy, domain) ? policy.config->slice_overutil_ns
						   : policy.config->slice_underutil_ns;
}

static __always_inline u64 policy_load_now(struct policy policy)
{
	return load_now(policy.config, kernel_now());
}

static __always_inline void count(u32 counter)
{
	u32 cpu = bpf_get_smp_processor_id();

	if (cpu < shared.nr_cpu_ids && counter < WD40_NR_COUNTERS)
		shared.cpus[cpu].counters[counter]++;
}
