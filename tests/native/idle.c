/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPUs and cores are idle, as kernel/sched/ext/idle.c tracks it; and which are online. */
#include "tests/native/core.h"

bool native_is_idle(s32 cpu)
{
	return cpubits_test(native.idle, (u32)cpu);
}

/* update_builtin_idle: a core is idle when all of its CPUs are, but for those that are offline. */
void native_set_idle(s32 cpu, bool idle)
{
	u32 i = (u32)cpu;
	bool core = true;

	native_check_cpu(cpu, __func__);
	cpubits_assign(native.idle, i, idle);
	do {
		core = core && (native_is_idle((s32)i) || !cpubits_test(native.online, i));
		i = native.cpus[i].sibling;
	} while (i != (u32)cpu);
	do {
		cpubits_assign(native.idle_cores, i, core && cpubits_test(native.online, i));
		i = native.cpus[i].sibling;
	} while (i != (u32)cpu);
}

void native_set_all_idle(bool idle)
{
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		if (native.cpus[cpu].active) {
			native_set_idle((s32)cpu, idle);
			native.cpus[cpu].idle = idle;
		}
}

void native_change_online(s32 cpu, bool online)
{
	native_check_cpu(cpu, __func__);
	cpubits_assign(native.online, (u32)cpu, online);
	native.cpus[cpu].active = online;
}

/* scx_idle_test_and_clear_cpu */
bool scx_bpf_test_and_clear_cpu_idle(s32 cpu)
{
	bool idle;

	native_enter(__func__);
	native_check_cpu(cpu, __func__);
	idle = native_is_idle(cpu);
	if (idle)
		native_set_idle(cpu, false);
	if (idle && native.fail_claims) {
		native.fail_claims--;
		return false;
	}
	return idle;
}

/* pick_idle_cpu_in_node, without its order of nodes */
static s32 claim_any(const struct task_struct *p, const unsigned long *idle)
{
	s32 cpu = cpubits_next_and(p->cpus_ptr->bits, idle, WD40_WORDS(native.nr_cpu_ids), 0);

	if (cpu >= 0)
		native_set_idle(cpu, false);
	return cpu;
}

static bool claim(const struct task_struct *p, s32 cpu, const unsigned long *idle)
{
	if (!cpubits_test(p->cpus_ptr->bits, (u32)cpu) || !cpubits_test(idle, (u32)cpu))
		return false;
	native_set_idle(cpu, false);
	return true;
}

/* The steps of scx_select_cpu_dfl; its preference for the cache and the node is left out. */
static s32 find_idle(const struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	s32 cpu;

	if (wake_flags & WAKE_SYNC && native.current && !(native.current->flags & PF_EXITING) &&
	    !native.cpus[native.cpu].local.nr && native_any_idle() &&
	    cpubits_test(p->cpus_ptr->bits, (u32)native.cpu))
		return native.cpu;
	if (claim(p, prev_cpu, native.idle_cores))
		return prev_cpu;
	cpu = claim_any(p, native.idle_cores);
	if (cpu >= 0)
		return cpu;
	return claim(p, prev_cpu, native.idle) ? prev_cpu : claim_any(p, native.idle);
}

/* What the kernel does for a scheduler without select_cpu: select_task_rq_scx. */
s32 native_select_cpu_default(struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	s32 cpu = find_idle(p, prev_cpu, wake_flags);

	if (cpu < 0)
		return prev_cpu;
	p->native.verdict = (struct native_verdict){ true, DSQ_LOCAL, SLICE_DEFAULT_NS, 0, 0 };
	return cpu;
}

bool native_any_idle(void)
{
	return cpubits_next_and(native.idle, native.idle, WD40_WORDS(native.nr_cpu_ids), 0) >= 0;
}

kernel_mask kernel_mask_idle(struct task_struct *p, bool cores)
{
	native_enter(__func__);
	return (kernel_mask)(cores ? native.idle_cores : native.idle);
}

const struct cpumask *scx_bpf_get_online_cpumask(void)
{
	native_enter(__func__);
	return (const struct cpumask *)native.online;
}

void scx_bpf_put_cpumask(const struct cpumask *mask)
{
	native_enter(__func__);
}
