// SPDX-License-Identifier: GPL-2.0-only
/*
 * I1, no starvation ("starvation"): how long a task may wait, by what bpf/deadline.bpf.h and
 * bpf/wd40.bpf.c promise. In the formulas
 *
 *	n     tasks runnable in its domain at once, at most, since it waits; rate: sum of their weights
 *	c     CPUs of the domain that the task may run on
 *	w     its weight
 *	slice the longest slice in force, and a tick, at which its end is seen
 *	turn  (n / c + 2) * slice: everybody goes once; what runs when the wait begins, or when it is
 *	      to be noticed, ends its slice
 *
 * By deadline, where all tasks of the domain may run on all of its CPUs: a task is queued with a
 * deadline at most 3 * slice * 100 / w after the domain's time (its lag when it came, a slice, and the
 * request; "lead" checks it). Beside another, of weight l, which was queued so, it may lead the time by more: it
 * goes first until its deadline is behind that task's, and then ran for a slice,
 *
 *	lag = 3 * slice * 100 / min(l, w) + slice * 100 / w
 *
 * Others are queued at most a slice before the domain's time. Once that has come so far that the latter
 * is after the former nobody passes the task any more, and then everybody before it goes once.
 * The domain's time passes by 100 / rate for each of c CPUs:
 *
 *	(slice + lag) * rate / (100 * c) + turn
 *
 * One that must not migrate is queued past the others by the kernel, and pays for that afterwards: until it
 * has slept it may be queued later than that.
 *
 * By rescue, whatever the weights and affinities, as bpf/guard.bpf.h derives it:
 *
 *	WD40_RESCUE_AFTER_NS + (n / GUARD_DEPTH + 1) * 2 * max(WD40_RESCUE_INTERVAL_NS, slice) + turn
 *
 * In first-in-first-out order: turn. The lesser of what applies is the bound. Time that thieves take
 * from the domain's CPUs comes on top, and while none of them attends to the queue nothing of this holds
 * (oracle-serve.c). A change of the task itself, of its domain's CPUs, or of the
 * slices or the order begins the wait anew, since the kernel or the scheduler queues it anew, or what
 * was promised before does not hold.
 */
#include "bpf/attend.bpf.h"
#include "bpf/guard.bpf.h"
#include "bpf/steal.bpf.h"
#include "tests/sim/oracle-private.h"

#define LAG_SLICES 3

/* The domain for whose CPUs it waited: once it runs it may live in another, since it is moved then. */
static u32 domain_of(const struct oracle_task *t)
{
	return t->waited_in != WD40_NO_DOMAIN ? t->waited_in : oracle_waits_in(t);
}

/* CPUs of its domain that the task may run on. */
static u32 cpus_of(const struct oracle_task *t)
{
	const struct wd40_domain *dom = domain_at(domain_of(t));
	u32 n = 0;

	if (!dom)
		return 0;
	if (!t->confined)
		return dom->nr_online;
	for (u32 cpu = dom->first_word * WD40_BITS_PER_WORD;
	     cpu < dom->end_word * WD40_BITS_PER_WORD && cpu < native.nr_cpu_ids; cpu++)
		n += cpumask_test(dom->cpus, cpu) && native_allowed(t->p, (s32)cpu);
	return n;
}

struct bound {
	u64 slice, turn, n, c;
};

/* How far behind the domain's time a task may be queued. */
static u64 lag_of(const struct oracle_domain *d, u64 slice, const struct oracle_task *t)
{
	u64 own = slice * WD40_BASE_WEIGHT / t->weight;

	if (!d->lightest || d->lightest >= t->weight)
		return (LAG_SLICES + 1) * own;
	return LAG_SLICES * slice * WD40_BASE_WEIGHT / d->lightest + own;
}

static u64 by_deadline(const struct oracle_domain *d, const struct bound *b,
		       const struct oracle_task *t)
{
	u64 distance = b->slice + lag_of(d, b->slice, t);

	return distance * peak_of(&d->rate) / (WD40_BASE_WEIGHT * b->c) + b->turn;
}

static u64 by_rescue(const struct bound *b)
{
	u64 interval = b->slice > WD40_RESCUE_INTERVAL_NS ? b->slice : WD40_RESCUE_INTERVAL_NS;

	return WD40_RESCUE_AFTER_NS + (b->n / GUARD_DEPTH + 1) * 2 * interval + b->turn;
}

static u64 bound_ns(const struct sim_oracles *o, const struct oracle_task *t,
		    const struct oracle_domain *d, u64 since)
{
	struct bound b = { .slice = peak_of(&o->slice) + native.tick_ns, .c = cpus_of(t) };
	u64 deadline, rescue;

	if (!b.c)
		return ~0ull; /* the kernel leaves it no CPU; its watchdog sees to that */
	b.n = peak_of(&d->runnable);
	b.turn = (b.n / b.c + 2) * b.slice;
	rescue = by_rescue(&b);
	if (native_config()->fifo_sched)
		return b.turn;
	if (d->confined_at >= since || t->may_owe)
		return rescue;
	deadline = by_deadline(d, &b, t);
	return deadline < rescue ? deadline : rescue;
}

static u64 later(u64 a, u64 b)
{
	return a > b ? a : b;
}

/*
 * From when on its wait counts. A task in a CPU's own queue waits for the thief of that CPU, too, and for who
 * must not leave that CPU, which may be of another domain.
 */
static u64 counts_since(const struct sim_oracles *o, const struct oracle_task *t,
			const struct oracle_domain *d)
{
	bool is_local = t->dsq == DSQ_LOCAL && t->cpu >= 0;
	u32 domain_there = is_local ? domain_of_cpu(t->cpu) : WD40_NO_DOMAIN;
	u64 since = later(t->waits_since, later(d->changed_at, o->changed_at));

	if (is_local)
		since = later(since, o->cpus[t->cpu].occupied_until);
	if (domain_there < shared.nr_domains)
		since = later(since, o->domains[domain_there].changed_at);
	return since;
}

static void check(struct sim_oracles *o, const struct oracle_task *t)
{
	u32 domain = domain_of(t);
	struct oracle_domain *d;
	u64 since, stolen, bound;

	if (domain >= shared.nr_domains)
		return;
	d = &o->domains[domain];
	if (attend_fails(domain_at(domain), native_config(), native.now_ns))
		d->changed_at = native.now_ns; /* what it gets then is no matter of its CPUs */
	since = counts_since(o, t, d);
	stolen = d->stolen_ns - t->stolen_before;
	if (native.now_ns <= since + stolen + peak_of(&o->slice)) /* mostly */
		return;
	bound = bound_ns(o, t, d, since);
	if (native.now_ns - since - stolen <= bound)
		return;
	oracle_fail(
		o, "starvation", t, t->cpu,
		"waits for %.3f ms in domain %u (%llu tasks runnable, of weight %llu), expected "
		"at most %.3f ms",
		(native.now_ns - since) / 1e6, domain, peak_of(&d->runnable), peak_of(&d->rate),
		bound / 1e6);
}

/*
 * What the bound by deadline goes by ("lead"): where nobody was ever confined, a task is queued at most so
 * far behind its domain's time, unless its weight has changed or it must not migrate, now or since it slept.
 */
static void check_lead(struct sim_oracles *o, const struct oracle_task *t)
{
	u32 domain = oracle_waits_in(t);
	u64 slice = peak_of(&o->slice) + native.tick_ns;
	s64 lead, limit;

	if (domain >= shared.nr_domains || o->domains[domain].confined_at || t->may_owe ||
	    !peak_of(&o->slice))
		return;
	lead = (s64)(t->p->scx.dsq_vtime - shared.domains[domain].min_vtime);
	limit = (s64)lag_of(&o->domains[domain], slice, t);
	if (lead > limit)
		oracle_fail(o, "lead", t, -1,
			    "queued %.3f ms after the time of domain %u, expected at most %.3f ms",
			    (double)lead / 1e6, domain, (double)limit / 1e6);
}

/* Of those who still wait only the one that does so for longest is asked. */
void oracle_wait_event(struct sim_oracles *o, const struct native_event *e)
{
	const struct oracle_task *t = e->p ? oracle_task(e->p) : TAILQ_FIRST(&o->waiting);

	if (!t)
		return;
	if (e->kind == NATIVE_EVENT_QUEUE) {
		if (!is_builtin_queue(e->dsq) && e->dsq == queue_of((u32)(e->dsq / 2), false))
			check_lead(o, t);
		return;
	}
	check(o, t);
}
