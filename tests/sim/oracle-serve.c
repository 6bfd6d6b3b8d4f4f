// SPDX-License-Identifier: GPL-2.0-only
/*
 * I9, no luck: a queue is served whatever keeps its domain's CPUs away, as bpf/attend.bpf.h promises
 * ("unserved"): nobody has been taken from it for its bound, though a CPU of another domain has computed and
 * dispatched all that time and may run one of those who wait. And CPUs come and go in time ("hotplug-slow"): the
 * thread that ends grace periods is one of those who wait.
 */
#include "bpf/attend.bpf.h"
#include "bpf/steal.bpf.h"
#include "tests/sim/oracle-private.h"

/* A hotplug has the thread for grace periods run twice, which may be rescued each time. */
#define HOTPLUG_MAX_NS (3 * (WD40_RESCUE_AFTER_NS + 2 * WD40_RESCUE_INTERVAL_NS))

static u64 longest_slice_ns(const struct sim_oracles *o)
{
	return peak_of(&o->slice) + native.tick_ns;
}

/* Whatever the scheduler thinks of them. */
static bool has_active_cpu(u32 domain)
{
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		if (domain_of_cpu((s32)cpu) == domain && native.cpus[cpu].active)
			return true;
	return false;
}

static bool is_unattended(u32 domain)
{
	return attend_fails(domain_at(domain), native_config(), native.now_ns) ||
	       !has_active_cpu(domain);
}

static u64 bound_ns(const struct sim_oracles *o)
{
	u32 turns = shared.nr_domains / ATTEND_DOMAINS + 1;
	u64 slice = longest_slice_ns(o), least = ATTEND_SLICE_NS;
	u64 limit = (slice > least ? slice : least) + ATTEND_MARGIN_NS;

	for (u32 d = 0; d < shared.nr_domains; d++)
		turns += is_unattended(d);
	return limit + turns * (2 * slice + ATTEND_PATROL_NS);
}

/* Has the CPU computed since then, and does it go on doing so? */
static bool computes_since(const struct sim_oracles *o, u32 cpu, u64 since_ns)
{
	const struct native_cpu *n = &native.cpus[cpu];
	const struct oracle_cpu *c = &o->cpus[cpu];

	return n->active && n->running && !n->in_irq && c->busy_since < since_ns &&
	       c->occupied_until < since_ns &&
	       native.now_ns - n->dispatched_at < longest_slice_ns(o);
}

static void check_queue(struct sim_oracles *o, u32 domain)
{
	const struct oracle_domain *d = &o->domains[domain];
	const struct oracle_task *t;

	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++) {
		u32 home = domain_of_cpu((s32)cpu);

		if (home == domain || home == WD40_NO_DOMAIN ||
		    !computes_since(o, cpu, d->served_at))
			continue;
		t = oracle_queued_for(domain, (s32)cpu);
		if (t)
			oracle_fail(o, "unserved", t, (s32)cpu,
				    "nobody serves domain %u for %llu ms, while CPU %u dispatches",
				    domain, (native.now_ns - d->served_at) / 1000000, cpu);
		return;
	}
}

void oracle_serve_sweep(struct sim_oracles *o)
{
	u64 bound = o->nr_waiting ? bound_ns(o) : 0;

	for (u32 d = 0; d < shared.nr_domains && !o->oracle; d++)
		if (o->domains[d].nr_waiting && native.now_ns - o->domains[d].served_at > bound &&
		    is_unattended(d))
			check_queue(o, d);
}

void oracle_serve_event(struct sim_oracles *o, const struct native_event *e)
{
	if (native.hotplug &&
	    native.now_ns - native.hotplug_since > HOTPLUG_MAX_NS + 4 * longest_slice_ns(o))
		oracle_fail(o, "hotplug-slow", oracle_task(native.grace), native.hotplug->cpu,
			    "CPU %d is on its way %s for %llu ms", native.hotplug->cpu,
			    native.hotplug->online ? "in" : "out",
			    (native.now_ns - native.hotplug_since) / 1000000);
}
