// SPDX-License-Identifier: GPL-2.0-only
/*
 * I3, work conservation ("idle-at-home", "idle-beside-work"): when all has settled no CPU is idle
 *
 *	at home: while its own domain, or one without a CPU online, queues a task that may run on it. A
 *	kick takes no time here, so there is no tolerance.
 *
 *	beside: while a domain queues a task that it would steal. Two moments decide that. A CPU that is
 *	about to be idle looks into every queue in reach (bpf/steal.bpf.h), so what was there then is a
 *	violation at once. And a task that is queued has an idle CPU of kick_greedy in reach woken
 *	(bpf/placement.bpf.h), so what waits beside such a CPU since it was queued is one at once, too.
 *	Only after the settings or the tuner's masks have changed nobody looks anew before a task of the
 *	domain is queued. That is no matter of slices: a task that still comes first is kept, and the kernel
 *	queues one that must not migrate to its CPU by itself. Where tasks of the domain are bound to some
 *	CPUs it may last until one is queued that the idle CPU may take: a helper is looked for who can help
 *	the task that is queued, not those before it. Then it lasts until the guard looks (bpf/guard.bpf.h),
 *	which wakes a helper for each of the first HELPER_DEPTH. One look may be in vain: between it and the
 *	helper's the domain's CPUs may take whom that was woken for.
 *
 * Nor does a CPU steal where it must not ("too-greedy"), which it may where nobody attends to a queue.
 *
 * A CPU that was woken for a domain and is held up by an interrupt comes late, and nobody else is woken in
 * its place: that is no violation.
 *
 * Tasks that may not run on all CPUs of their domain are looked for by walking the queue, not more
 * often than once in as many events as it is long.
 */
#include <errno.h>
#include <stdlib.h>

#include "bpf/attend.bpf.h"
#include "bpf/steal.bpf.h"
#include "tests/sim/oracle-private.h"

static bool is_free(const struct sim_oracles *o, u32 cpu)
{
	const struct native_cpu *c = &native.cpus[cpu];

	return o->cpus[cpu].idle && c->active && !c->in_irq && !c->in_rt;
}

static bool helper_is_held_up(u32 domain)
{
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		if (native.cpus[cpu].in_irq && shared.cpus[cpu].called_to == domain)
			return true;
	return false;
}

const struct oracle_task *oracle_queued_for(u32 domain, s32 cpu)
{
	for (int fifo = 0; fifo < 2; fifo++) {
		const struct native_dsq *q = native_dsq(queue_of(domain, fifo));

		for (const struct task_struct *p = q ? q->first : NULL; p; p = p->native.next)
			if (native_allowed(p, cpu))
				return oracle_task(p);
	}
	return NULL;
}

/* May the queue be walked? It must pay for that. */
static bool may_walk(struct sim_oracles *o, struct oracle_domain *d)
{
	if (d->nr_open < d->nr_waiting && o->seq - d->walked_seq < d->nr_waiting)
		return false;
	d->walked_seq = o->seq;
	return true;
}

static u32 end_cpu(const struct wd40_domain *dom)
{
	u32 end = dom->end_word * WD40_BITS_PER_WORD;

	return end < native.nr_cpu_ids ? end : native.nr_cpu_ids;
}

static void check_home(struct sim_oracles *o, u32 domain)
{
	const struct wd40_domain *dom = domain_at(domain);
	struct oracle_domain *d = &o->domains[domain];
	const struct oracle_task *t;

	if (!d->nr_waiting || !d->nr_idle || !may_walk(o, d))
		return;
	for (u32 cpu = dom->first_word * WD40_BITS_PER_WORD; cpu < end_cpu(dom); cpu++) {
		if (shared.cpus[cpu].domain != domain || !is_free(o, cpu))
			continue;
		t = oracle_queued_for(domain, (s32)cpu);
		if (t && !helper_is_held_up(domain))
			oracle_fail(o, "idle-at-home", t, (s32)cpu,
				    "CPU %u is idle while its domain %u queues task %d", cpu,
				    domain, t->p->pid);
		if (t || !d->nr_confined)
			return;
	}
}

/* --- Beside. ------------------------------------------------------------------------------------ */

/*
 * How long a domain's queue must be for the CPU to steal from it; 0: it never does. A CPU that came online
 * and belongs to no domain takes nothing: the scheduler has asked to be attached anew.
 */
static u32 threshold_for(const struct wd40_domain *victim, u32 cpu)
{
	const struct wd40_domain *thief = domain_at(domain_of_cpu((s32)cpu));
	const struct wd40_config *config = native_config();

	if (!thief)
		return 0;
	if (!victim->nr_online)
		return 1;
	/* a domain given by cpumasks may reach into another node than its own */
	if (!config->greedy_threshold || thief->node == victim->node)
		return config->greedy_threshold;
	if (!config->greedy_threshold_x_numa)
		return 0;
	return config->greedy_threshold_x_numa > config->greedy_threshold
		       ? config->greedy_threshold_x_numa
		       : config->greedy_threshold;
}

/* The task still counts where it waited. */
void oracle_idle_taken(struct sim_oracles *o, const struct oracle_task *t, s32 cpu)
{
	u32 domain = oracle_waits_in(t), threshold;

	if (domain >= shared.nr_domains || domain_of_cpu(cpu) == domain ||
	    attend_fails(domain_at(domain), native_config(), native.now_ns))
		return;
	threshold = threshold_for(domain_at(domain), (u32)cpu);
	if (!threshold || o->domains[domain].nr_waiting < threshold)
		oracle_fail(o, "too-greedy", t, cpu,
			    "CPU %d of domain %u steals from domain %u, which queues %u tasks, the "
			    "threshold is %u",
			    cpu, domain_of_cpu(cpu), domain, o->domains[domain].nr_waiting,
			    threshold);
}

/* Did the CPU look into the queues when the task was there? */
static bool looked(const struct sim_oracles *o, const struct oracle_domain *d, u32 cpu)
{
	u64 at = o->cpus[cpu].idle_seq;

	return at > d->queue_seq && at > o->reach_seq;
}

/* Was the CPU to be woken for the task, or for one that came after it and may run there, too? */
static bool was_to_be_woken(const struct sim_oracles *o, const struct oracle_domain *d,
			    const struct oracle_task *t, u32 cpu)
{
	const struct wd40_tune *tune = native_tune();

	if (!tune->any_kick_greedy || !cpumask_test(tune->kick_greedy, cpu))
		return false;
	if (d->nr_bound)
		return t->seq > o->reach_seq && t->seq == d->queue_seq;
	return d->queue_seq > o->reach_seq;
}

/* So many tasks wait in the domain's queue since before that. */
static u32 nr_waiting_since(u32 domain, u64 time_ns)
{
	const struct native_dsq *q = native_dsq(queue_of(domain, native_config()->fifo_sched));
	u32 nr = 0;

	for (const struct task_struct *p = q ? q->first : NULL; p; p = p->native.next)
		nr += oracle_task(p)->queued_at < time_ns;
	return nr;
}

/* Has the guard looked twice since all is as it is, when the CPU was to be woken for the task? */
static bool guard_has_looked(const struct sim_oracles *o, u32 domain, const struct oracle_task *t,
			     u32 cpu)
{
	const struct wd40_domain *dom = domain_at(domain);
	struct oracle_domain *d = &o->domains[domain];
	const struct wd40_tune *tune = native_tune();

	if (d->guard_at != dom->rescued_at) {
		d->guard_before = d->guard_at;
		d->guard_at = dom->rescued_at;
	}
	return tune->any_kick_greedy && cpumask_test(tune->kick_greedy, cpu) &&
	       t->queued_at < d->guard_before && o->reach_at < d->guard_before &&
	       o->cpus[cpu].idle_at < d->guard_before && d->crowded_at < d->guard_before &&
	       nr_waiting_since(domain, d->guard_before) >= threshold_for(dom, cpu);
}

static void check_beside(struct sim_oracles *o, u32 domain, u32 cpu)
{
	const struct wd40_domain *dom = domain_at(domain);
	const struct oracle_domain *d = &o->domains[domain];
	u32 threshold = threshold_for(dom, cpu);
	const struct oracle_task *t;

	if (!threshold || d->nr_waiting < threshold || !is_free(o, cpu))
		return;
	t = oracle_queued_for(domain, (s32)cpu);
	if (!t || helper_is_held_up(domain) ||
	    (dom->nr_online && !looked(o, d, cpu) && !was_to_be_woken(o, d, t, cpu) &&
	     !guard_has_looked(o, domain, t, cpu)))
		return;
	oracle_fail(o, "idle-beside-work", t, (s32)cpu,
		    "CPU %u of domain %u is idle while domain %u queues %u tasks, the threshold "
		    "is %u",
		    cpu, domain_of_cpu((s32)cpu), domain, d->nr_waiting, threshold);
}

/* May nobody but CPUs of domains of its node, and those without a domain, steal from it? */
static bool is_for_its_node(const struct wd40_domain *dom)
{
	return dom->nr_online && !native_config()->greedy_threshold_x_numa;
}

static bool is_of_node(u32 domain, u32 node)
{
	return domain == WD40_NO_DOMAIN || shared.domains[domain].node == node;
}

/* The domain's tasks beside all idle CPUs that are to be woken: others look when they become idle. */
static void check_tasks(struct sim_oracles *o, u32 domain)
{
	const struct wd40_domain *dom = domain_at(domain);
	const struct wd40_tune *tune = native_tune();
	struct oracle_domain *d = &o->domains[domain];
	bool for_node = is_for_its_node(dom);

	if (!d->nr_waiting || (dom->nr_online && !tune->any_kick_greedy) || !may_walk(o, d))
		return;
	for (u32 w = 0; w < shared.mask_words; w++) {
		u64 idle = native.idle[w] & ~dom->cpus[w];

		if (dom->nr_online)
			idle &= tune->kick_greedy[w];
		if (for_node)
			idle &= o->near[dom->node * shared.mask_words + w];
		for (; idle && !o->oracle; idle &= idle - 1)
			check_beside(o, domain, w * WD40_BITS_PER_WORD + cpumask_lowest_bit(idle));
	}
}

int oracle_idle_init(struct sim_oracles *o)
{
	o->near = calloc((size_t)shared.nr_nodes * shared.mask_words, sizeof(o->near[0]));
	if (!o->near)
		return -ENOMEM;
	for (u32 node = 0; node < shared.nr_nodes; node++)
		for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
			if (is_of_node(domain_of_cpu((s32)cpu), node))
				o->near[node * shared.mask_words + CPU_WORD(cpu)] |= CPU_BIT(cpu);
	return 0;
}

/* A CPU that just became idle beside all tasks: now or never, whatever walks of their queues cost. */
static void check_cpu(struct sim_oracles *o, u32 cpu)
{
	const struct wd40_domain *dom = domain_at(domain_of_cpu((s32)cpu));

	for (u32 i = 0; dom && i < dom->nr_victims && !o->oracle; i++)
		if (o->domains[dom->victims[i]].nr_waiting)
			check_beside(o, dom->victims[i], cpu);
}

void oracle_idle_event(struct sim_oracles *o, const struct native_event *e)
{
	for (u32 i = 0; i < o->nr_touched && !o->oracle; i++) {
		check_home(o, o->touched[i]);
		check_tasks(o, o->touched[i]);
	}
	while (o->nr_idled) {
		u32 cpu = o->idled[--o->nr_idled];

		o->cpus[cpu].idled = false;
		if (o->nr_waiting)
			check_cpu(o, cpu);
	}
}

void oracle_idle_sweep(struct sim_oracles *o)
{
	for (u32 d = 0; d < shared.nr_domains && !o->oracle; d++)
		check_tasks(o, d);
}
