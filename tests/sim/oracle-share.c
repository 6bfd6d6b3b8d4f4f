// SPDX-License-Identifier: GPL-2.0-only
/*
 * I2, fairness within a domain ("share"), where it must hold: for a window of WINDOW_NS
 *
 *	- the same tasks were runnable in the domain all the time, with the same weights, and may run
 *	  on all of its CPUs;
 *	- none of them ran elsewhere, and nobody else on the domain's CPUs; no thief took one of these;
 *	- slices, order and CPUs stayed as they were;
 *	- no weight is more than one CPU can serve: weight * CPUs <= sum of the weights;
 *	- at its begin nobody led the domain's time by more than a slice;
 *	- in first-in-first-out order the weights are equal, and nobody yields: that gives a turn away.
 *
 * Then each ran for its share by weight of the window times CPUs, within 2 % where all weights are
 * equal, else within 5 %. On top, at either end of the window a slice may be under way: each of n tasks
 * has virtual time within two slices, by its own weight, of what passed for all. That is for itself
 *
 *	2 * slice, and by what the others have 2 * slice * n * weight / sum of the weights,
 *
 * slice with its tick. Fairness across domains is the balancer's and the report's.
 */
#include "tests/sim/oracle-private.h"

#define WINDOW_NS (2 * SEC_NS)

#define EQUAL_PCT   2
#define WEIGHED_PCT 5

static void disturb(struct sim_oracles *o, u32 domain)
{
	if (domain < shared.nr_domains)
		o->domains[domain].share_disturbed_at = native.now_ns;
}

/* It may be moved to another domain while it runs, which is no event: the model hears of it later. */
static void follow_domain(struct sim_oracles *o, struct oracle_task *t)
{
	const struct wd40_task *context = oracle_context(t->p);
	u32 domain = context ? context->domain : WD40_NO_DOMAIN;

	if (domain == t->share_domain && domain == t->domain)
		return;
	disturb(o, t->domain);
	disturb(o, t->share_domain);
	disturb(o, domain);
	t->share_domain = domain;
}

/* A task that runs in that domain, or waits for its CPUs: for a guest neither's shares are what they were. */
static void note_guest(struct sim_oracles *o, const struct oracle_task *t, u32 domain)
{
	if (t->share_domain == domain)
		return;
	disturb(o, t->share_domain);
	disturb(o, domain);
}

/* Of a task that has stopped: was it before the end of its turn, which is at a tick where there are such? */
static bool gives_turn_away(const struct oracle_task *t)
{
	if (!native_config()->fifo_sched || t->domain >= shared.nr_domains)
		return false;
	return native.now_ns - t->runs_since < oracle_slice_ns(t->domain) ||
	       (native.tick_ns && native.now_ns % native.tick_ns);
}

static void task_event(struct sim_oracles *o, struct oracle_task *t, const struct native_event *e)
{
	follow_domain(o, t);
	switch (e->kind) {
	case NATIVE_EVENT_WAKE:
	case NATIVE_EVENT_SLEEP:
	case NATIVE_EVENT_ATTR: disturb(o, t->domain); break;
	case NATIVE_EVENT_RUN: note_guest(o, t, domain_of_cpu(e->cpu)); break;
	case NATIVE_EVENT_STOP:
		note_guest(o, t, domain_of_cpu(e->cpu));
		if (gives_turn_away(t))
			disturb(o, t->domain);
		break;
	default: break;
	}
}

/* --- The end of a window. ----------------------------------------------------------------------- */

static u64 ran_ns(const struct oracle_task *t)
{
	return t->ran_ns + (t->state == TASK_RUNS ? native.now_ns - t->runs_since : 0);
}

/* Was the window such that the shares must be fair? */
static bool applies(const struct sim_oracles *o, u32 domain)
{
	const struct oracle_domain *d = &o->domains[domain];

	return d->share_disturbed_at < o->share_since && o->settings_at < o->share_since &&
	       d->changed_at < o->share_since && d->occupied_until < o->share_since &&
	       d->nr_runnable && !d->nr_confined;
}

static bool is_feasible(const struct wd40_domain *dom, u32 weight, u32 nr)
{
	if (native_config()->fifo_sched && (u64)weight * nr != dom->load_rate)
		return false;
	return (u64)weight * dom->nr_online <= dom->load_rate || nr <= dom->nr_online;
}

static void check(struct sim_oracles *o, const struct oracle_task *t, u64 window)
{
	const struct wd40_domain *dom = domain_at(t->domain);
	const struct oracle_domain *d = &o->domains[t->domain];
	bool equal = (u64)t->weight * d->nr_runnable == dom->load_rate;
	double fair = d->nr_runnable <= dom->nr_online
			      ? (double)window
			      : (double)window * dom->nr_online * t->weight / dom->load_rate;
	double ran = (double)(ran_ns(t) - t->share_ran_ns);
	double slices = 2 + 2.0 * d->nr_runnable * t->weight / dom->load_rate;
	double tolerance = fair * (equal ? EQUAL_PCT : WEIGHED_PCT) / 100 +
			   slices * (peak_of(&o->slice) + native.tick_ns);

	if (ran < fair - tolerance || ran > fair + tolerance)
		oracle_fail(o, "share", t, -1,
			    "ran for %.3f ms of %.3f ms in domain %u of %u CPUs and %u tasks, fair "
			    "is %.3f ms",
			    ran / 1e6, window / 1e6, t->domain, dom->nr_online, d->nr_runnable,
			    fair / 1e6);
}

/*
 * What rules the check out and is no event of the window: a weight that one CPU cannot serve, which takes
 * the others' shares too, and a guest that has been there all the time.
 */
static void mark_others(struct sim_oracles *o)
{
	struct oracle_task *t;

	TAILQ_FOREACH(t, &o->all, all)
	{
		const struct oracle_domain *d = oracle_domain_of(o, t);

		if (d && t->state != TASK_ASLEEP &&
		    !is_feasible(domain_at(t->domain), t->weight, d->nr_runnable))
			disturb(o, t->domain);
		follow_domain(o, t);
		if (t->state == TASK_RUNS || (t->state == TASK_WAITS && t->dsq == DSQ_LOCAL))
			note_guest(o, t, domain_of_cpu(t->cpu));
		else if (t->state == TASK_WAITS)
			note_guest(o, t, oracle_waits_in(t));
	}
}

/* Who leads its domain's time by more than a slice when a window begins pays for that in the window. */
static void mark_debts(struct sim_oracles *o)
{
	u64 slice = peak_of(&o->slice) + native.tick_ns;
	const struct oracle_task *t;

	TAILQ_FOREACH(t, &o->all, all)
	{
		s64 lead, limit;

		if (t->state == TASK_ASLEEP || t->domain >= shared.nr_domains)
			continue;
		lead = (s64)(oracle_context(t->p)->vtime - shared.domains[t->domain].min_vtime);
		limit = (s64)(slice * WD40_BASE_WEIGHT / t->weight);
		if (lead > limit)
			disturb(o, t->domain);
	}
}

static void end_window(struct sim_oracles *o)
{
	u64 window = native.now_ns - o->share_since;
	struct oracle_task *t;

	mark_others(o);
	TAILQ_FOREACH(t, &o->all, all)
	{
		if (t->state != TASK_ASLEEP && t->domain < shared.nr_domains &&
		    applies(o, t->domain))
			check(o, t, window);
		t->share_ran_ns = ran_ns(t);
	}
	o->share_since = native.now_ns;
	mark_debts(o);
}

void oracle_share_event(struct sim_oracles *o, const struct native_event *e)
{
	struct oracle_task *t = oracle_task(e->p);

	if (t)
		task_event(o, t, e);
	else if (e->kind == NATIVE_EVENT_OCCUPY || e->kind == NATIVE_EVENT_ONLINE)
		disturb(o, domain_of_cpu(e->cpu));
	else if (e->kind == NATIVE_EVENT_SETTLED && native.now_ns >= o->share_since + WINDOW_NS)
		end_window(o);
}
