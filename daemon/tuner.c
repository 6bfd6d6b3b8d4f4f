/* SPDX-License-Identifier: GPL-2.0-only */
/* The tuner: who takes foreign wakeups, who is kicked to steal, which slice applies. */
#include "daemon/tuner.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "daemon/arena.h"

#define UNKNOWN (-1.0)

int tuner_decision_new(const struct topology *t, struct tuner_decision **ret)
{
	_cleanup_(tuner_decision_freep) struct tuner_decision *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->direct_greedy = cpuset_new(t->nr_cpu_ids);
	d->kick_greedy = cpuset_new(t->nr_cpu_ids);
	d->full_domains = cpuset_new(t->nr_domains);
	d->node_full = calloc(t->nr_nodes, sizeof(d->node_full[0]));
	d->node_busy_pct = calloc(t->nr_nodes, sizeof(d->node_busy_pct[0]));
	d->domain_busy_pct = calloc(t->nr_domains, sizeof(d->domain_busy_pct[0]));
	d->direct_below = calloc(t->nr_domains, sizeof(d->direct_below[0]));
	d->kick_below = calloc(t->nr_domains, sizeof(d->kick_below[0]));
	if (!d->direct_greedy || !d->kick_greedy || !d->full_domains || !d->node_full ||
	    !d->node_busy_pct || !d->domain_busy_pct || !d->direct_below || !d->kick_below)
		return -ENOMEM;
	d->total_busy_pct = UNKNOWN;
	for (uint32_t i = 0; i < t->nr_domains; i++)
		d->domain_busy_pct[i] = UNKNOWN;
	for (uint32_t i = 0; i < t->nr_nodes; i++)
		d->node_busy_pct[i] = UNKNOWN;
	*ret = TAKE_PTR(d);
	return 0;
}

struct tuner_decision *tuner_decision_free(struct tuner_decision *d)
{
	if (!d)
		return NULL;
	cpuset_free(d->direct_greedy);
	cpuset_free(d->kick_greedy);
	cpuset_free(d->full_domains);
	free(d->node_full);
	free(d->node_busy_pct);
	free(d->domain_busy_pct);
	free(d->direct_below);
	free(d->kick_below);
	free(d);
	return NULL;
}

/* A mean in the making. */
struct mean {
	double sum;
	uint32_t n;
};

static double mean_of(struct mean m)
{
	return m.n ? m.sum / m.n : UNKNOWN;
}

/* A domain's CPUs that are online and known. */
static struct mean measure_domain(const struct tuner_snapshot *in, const struct cpuset *cpus)
{
	struct mean m = { 0 };

	for (uint32_t cpu = cpuset_first(cpus); cpu != UINT32_MAX; cpu = cpuset_next(cpus, cpu)) {
		double busy = in->busy_pct[cpu];

		if (!in->topology->cpus[cpu].online || !(busy >= 0))
			continue;
		m.sum += fmin(busy, 100);
		m.n++;
	}
	return m;
}

static void add_mean(struct mean *into, struct mean m)
{
	into->sum += m.sum;
	into->n += m.n;
}

/* A node of which nothing is known stays what it was. */
static void judge_node(struct tuner_decision *d, uint32_t node, struct mean m)
{
	d->node_busy_pct[node] = mean_of(m);
	if (m.n)
		d->node_full[node] = mean_of(m) >= (d->node_full[node] ? TUNER_FULL_LEAVE_PCT
								       : TUNER_FULL_ENTER_PCT);
	d->overutilized |= d->node_full[node];
}

/* Domains of a node lie side by side. */
static void measure(const struct tuner_snapshot *in, struct tuner_decision *d)
{
	const struct topology *t = in->topology;
	struct mean total = { 0 };
	uint32_t i = 0;

	d->overutilized = false;
	cpuset_clear_all(d->full_domains);
	for (uint32_t node = 0; node < t->nr_nodes; node++) {
		struct mean of_node = { 0 };
		uint32_t first = i;

		for (; i < t->nr_domains && t->domains[i].node == node; i++) {
			struct mean m = measure_domain(in, t->domains[i].cpus);

			d->domain_busy_pct[i] = mean_of(m);
			add_mean(&of_node, m);
		}
		judge_node(d, node, of_node);
		for (; d->node_full[node] && first < i; first++)
			cpuset_set(d->full_domains, first);
		add_mean(&total, of_node);
	}
	d->total_busy_pct = mean_of(total);
}

/* NaN, here or there, is below nothing. was: it was below in the last round. */
static bool is_below(double busy_pct, double threshold_pct, bool was)
{
	if (threshold_pct >= 100)
		return true;
	if (was && threshold_pct > 0)
		threshold_pct += TUNER_GREEDY_LEAVE_PCT;
	return busy_pct >= 0 && busy_pct < threshold_pct;
}

static void choose_greedy(const struct tuner_snapshot *in, const double *busy_pct,
			  double threshold_pct, bool *below, struct cpuset *chosen)
{
	const struct topology *t = in->topology;

	cpuset_clear_all(chosen);
	for (uint32_t i = 0; i < t->nr_domains; i++) {
		below[i] = is_below(busy_pct[i], threshold_pct, below[i]);
		if (below[i])
			cpuset_or(chosen, t->domains[i].cpus);
	}
	cpuset_and(chosen, t->online);
}

void tuner_run(const struct tuner_snapshot *in, struct tuner_decision *inout)
{
	measure(in, inout);
	choose_greedy(in, inout->domain_busy_pct, in->direct_greedy_under_pct, inout->direct_below,
		      inout->direct_greedy);
	choose_greedy(in, inout->domain_busy_pct, in->greedy_off ? 0 : in->kick_greedy_under_pct,
		      inout->kick_below, inout->kick_greedy);
}

struct tuner {
	struct busy_meter *meter;
	struct tuner_decision *decision;
};

static void *policy_free(void *state)
{
	struct tuner *t = state;

	if (!t)
		return NULL;
	busy_meter_free(t->meter);
	tuner_decision_free(t->decision);
	free(t);
	return NULL;
}

static int policy_new(const struct topology *topology, void **ret)
{
	struct tuner *t = calloc(1, sizeof(*t));
	int r = -ENOMEM;

	if (t)
		r = busy_meter_new(topology->nr_cpu_ids, &t->meter);
	if (r == 0)
		r = tuner_decision_new(topology, &t->decision);
	if (r == 0)
		*ret = t;
	else
		policy_free(t);
	return r;
}

static void policy_run(void *state, const struct policy_snapshot *in)
{
	struct tuner *t = state;
	const struct tunable_value *v = in->values->values;
	struct tuner_snapshot snapshot = {
		.topology = in->topology,
		.busy_pct = busy_meter_pct(t->meter),
		.direct_greedy_under_pct = v[TUNABLE_DIRECT_GREEDY_UNDER].percent,
		.kick_greedy_under_pct = v[TUNABLE_KICK_GREEDY_UNDER].percent,
		.greedy_off = v[TUNABLE_GREEDY_THRESHOLD].u == 0,
	};

	busy_meter_update(t->meter, in->shared);
	tuner_run(&snapshot, t->decision);
}

static void policy_publish(void *state, struct wd40_shared *shared)
{
	struct tuner *t = state;

	arena_publish_tune(shared, t->decision);
}

struct busy_time tuner_busy_time(const void *state)
{
	const struct tuner *t = state;

	return t ? busy_meter_time(t->meter) : (struct busy_time){ 0 };
}

const struct tuner_decision *tuner_decided(const void *state)
{
	const struct tuner *t = state;

	return t ? t->decision : NULL;
}

const struct policy tuner_policy = {
	.name = "tuner",
	.interval = TUNABLE_TUNE_INTERVAL,
	.eager = true,
	.new = policy_new,
	.free = policy_free,
	.run = policy_run,
	.publish = policy_publish,
};
