/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/statistics.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "daemon/arena.h"
#include "util/macro.h"

#define READ(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)

#define NSEC_PER_USEC 1000ull
#define ONE_CPU       1024.0 /* of capacity */

/* What scx_rusty's total counts: each placement on a CPU, each dispatch from a queue. */
static const enum wd40_counter events[] = {
	WD40_CTR_WSYNC,         WD40_CTR_WSYNC_PREV_IDLE, WD40_CTR_PREV_IDLE,
	WD40_CTR_GREEDY_IDLE,   WD40_CTR_PINNED,          WD40_CTR_DIRECT_IDLE,
	WD40_CTR_KTHREAD_LOCAL, WD40_CTR_DIRECT_GREEDY,   WD40_CTR_DIRECT_GREEDY_FAR,
	WD40_CTR_DISPATCH_OWN,  WD40_CTR_STEAL_NODE,      WD40_CTR_STEAL_FAR,
};

int statistics_new(struct statistics **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct statistics *statistics_free(struct statistics *s)
{
	if (!s)
		return NULL;
	free(s->nodes);
	free(s->domains);
	free(s);
	return NULL;
}

static int make_room(struct statistics *s, const struct topology *t)
{
	if (t->nr_nodes > s->nodes_room) {
		free(s->nodes);
		s->nodes = calloc(t->nr_nodes, sizeof(s->nodes[0]));
		s->nodes_room = s->nodes ? t->nr_nodes : 0;
	}
	if (t->nr_domains > s->domains_room) {
		free(s->domains);
		s->domains = calloc(t->nr_domains, sizeof(s->domains[0]));
		s->domains_room = s->domains ? t->nr_domains : 0;
	}
	return s->nodes && s->domains ? 0 : -ENOMEM;
}

static void add_waits(struct statistics_waits *sum, const struct wd40_waits *w)
{
	sum->sum_ns += READ(w->sum) << WD40_WAIT_SHIFT;
	for (int i = 0; i < WD40_WAIT_BUCKETS; i++)
		sum->buckets[i] += READ(w->buckets[i]);
}

static void join_waits(struct statistics_waits *sum, const struct statistics_waits *w)
{
	sum->sum_ns += w->sum_ns;
	for (int i = 0; i < WD40_WAIT_BUCKETS; i++)
		sum->buckets[i] += w->buckets[i];
}

static void read_cpus(struct statistics *s, const struct wd40_shared *shared)
{
	for (uint32_t i = 0; i < shared->nr_cpu_ids; i++) {
		const struct wd40_cpu *c = &shared->cpus[i];
		uint32_t domain = READ(c->domain);

		for (int k = 0; k < WD40_NR_COUNTERS; k++)
			s->machine.counters[k] += READ(c->counters[k]);
		if (domain >= s->nr_domains)
			continue;
		add_waits(&s->domains[domain].queue_wait, &c->queue_wait);
		add_waits(&s->domains[domain].run_delay, &c->run_delay);
	}
}

/*
 * scx_rusty's load of what the balancer sees as CPUs: there a weight above the limit counts as the limit
 * and is not divided by it, and weights do not count either while nobody competes.
 */
static double in_weights(const struct load *l)
{
	return l->limit > 1 ? l->limit / WD40_BASE_WEIGHT : 1;
}

static void read_domain(struct statistics_domain *d, uint32_t id,
			const struct statistics_source *from)
{
	const struct topology_domain *t = &from->topology->domains[id];
	const struct load *l = from->balancer->load;
	const struct wd40_domain *dom = &from->shared->domains[id];
	double busy = from->tuner->domain_busy_pct[id], mean = l->mean;

	d->id = id;
	d->node = from->topology->nodes[t->node].id;
	d->online = READ(dom->nr_online);
	d->tasks = READ(dom->nr_tasks);
	d->max_wait_us = READ(dom->max_wait_ns) / NSEC_PER_USEC;
	d->capacity = READ(dom->capacity) / ONE_CPU;
	d->busy = busy < 0 ? NAN : busy;
	d->load_cpus = l->domains[id].load;
	d->load = d->load_cpus * in_weights(l);
	if (mean > 0)
		d->imbal = d->load - mean * l->domains[id].capacity * in_weights(l);
}

static void read_delta(struct statistics *s, const struct balancer *b)
{
	double scale = in_weights(b->load);

	for (uint32_t i = 0; i < b->balance->nr_moves; i++) {
		const struct balance_move *m = &b->balance->moves[i];

		s->domains[m->from].delta -= m->load * scale;
		s->domains[m->to].delta += m->load * scale;
	}
}

static void add_to_node(struct statistics_node *n, const struct statistics_domain *d)
{
	n->online += d->online;
	n->tasks += d->tasks;
	n->capacity += d->capacity;
	n->load += d->load;
	n->imbal += d->imbal;
	n->delta += d->delta;
}

static void add_to_machine(struct statistics_machine *m, const struct statistics_domain *d)
{
	m->load += d->load;
	if (d->max_wait_us > m->max_wait_us)
		m->max_wait_us = d->max_wait_us;
	join_waits(&m->queue_wait, &d->queue_wait);
	join_waits(&m->run_delay, &d->run_delay);
}

static void read_groups(struct statistics *s, const struct statistics_source *from)
{
	const struct topology *t = from->topology;

	memset(s->nodes, 0, t->nr_nodes * sizeof(s->nodes[0]));
	memset(s->domains, 0, t->nr_domains * sizeof(s->domains[0]));
	s->nr_nodes = t->nr_nodes;
	s->nr_domains = t->nr_domains;
	read_cpus(s, from->shared);
	for (uint32_t i = 0; i < t->nr_domains; i++)
		read_domain(&s->domains[i], i, from);
	read_delta(s, from->balancer);
	for (uint32_t i = 0; i < t->nr_nodes; i++)
		s->nodes[i].id = t->nodes[i].id;
	for (uint32_t i = 0; i < t->nr_domains; i++) {
		add_to_node(&s->nodes[t->domains[i].node], &s->domains[i]);
		add_to_machine(&s->machine, &s->domains[i]);
	}
}

static void read_decisions(struct statistics_machine *m, const struct statistics_source *from)
{
	const struct wd40_config *config = arena_config(from->shared);
	const struct moves_counts *moves = moves_counts(from->balancer->moves);
	const struct tuner_decision *tuner = from->tuner;

	m->overutilized = tuner->overutilized;
	m->slice_us =
		(tuner->overutilized ? config->slice_overutil_ns : config->slice_underutil_ns) /
		NSEC_PER_USEC;
	m->cpu_busy = tuner->total_busy_pct < 0 ? NAN : tuner->total_busy_pct;
	m->direct_greedy_cpus = tuner->direct_greedy;
	m->kick_greedy_cpus = tuner->kick_greedy;
	m->balance_failed = from->balancer->nr_failed;
	m->balance_requested = moves->requested;
	m->balance_pending = moves->pending;
	m->balance_withdrawn = moves->withdrawn;
	for (int i = 0; i < WD40_NR_MOVE_ANSWERS; i++)
		m->balance_answers[i] = moves->answers[i];
}

static void read_attached(struct statistics *s, const struct statistics_source *from)
{
	struct statistics_machine *m = &s->machine;
	uint64_t queued, clamped;

	read_groups(s, from);
	read_decisions(m, from);
	m->tasks = READ(from->shared->tasks.nr_used);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		m->events += m->counters[events[i]];
	queued = m->counters[WD40_CTR_QUEUED];
	clamped = m->counters[WD40_CTR_DEADLINE_CLAMPED];
	m->deadline_preset = queued > clamped ? queued - clamped : 0;
}

static void read_service(struct statistics_machine *m, const struct statistics_source *from)
{
	m->at_us = from->at_us;
	m->lb_at_us = from->lb_at_us;
	m->version = WD40D_VERSION;
	m->attached = from->shared != NULL;
	m->generation = from->generation;
	m->on_trial = from->on_trial;
	m->restarts = from->restarts;
	m->cpu_busy_us = from->cpu_busy_us;
	m->cpu_time_us = from->cpu_time_us;
	m->tuner_rounds = from->tuning.rounds;
	m->tuner_time_us = from->tuning.total_usec;
	m->tuner_last_us = from->tuning.last_usec;
	m->balance_rounds = from->balancing.rounds;
	m->balance_time_us = from->balancing.total_usec;
	m->balance_last_us = from->balancing.last_usec;
	m->subscriptions = from->clients->subscriptions;
	m->samples = from->clients->samples;
	m->samples_dropped = from->clients->samples_dropped;
	m->socket_clients = from->clients->socket_clients;
	m->socket_requests = from->clients->socket_requests;
	m->socket_refused = from->clients->socket_refused;
}

int statistics_take(struct statistics *s, const struct statistics_source *from)
{
	int r;

	s->machine = (struct statistics_machine){ .cpu_busy = NAN, .load = 0 };
	s->nr_nodes = s->nr_domains = 0;
	read_service(&s->machine, from);
	if (!from->shared)
		return 0;
	r = make_room(s, from->topology);
	if (r < 0)
		return r;
	read_attached(s, from);
	return 0;
}

static void take_off(uint64_t *value, uint64_t base)
{
	*value = *value > base ? *value - base : 0;
}

static void subtract_record(enum statistic_scope scope, void *record, const void *base)
{
	for (size_t i = 0; i < nr_statistics; i++) {
		const struct statistic *row = &statistics_table[i];
		uint64_t *value = (uint64_t *)((char *)record + row->offset);
		const uint64_t *from = (const uint64_t *)((const char *)base + row->offset);
		size_t n = row->type == STATISTIC_COUNTER     ? 1
			   : row->type == STATISTIC_HISTOGRAM ? 1 + WD40_WAIT_BUCKETS
							      : 0;

		for (size_t k = 0; row->scope == scope && k < n; k++)
			take_off(&value[k], from[k]);
	}
}

void statistics_subtract(struct statistics *s, const struct statistics *base)
{
	subtract_record(STATISTIC_MACHINE, &s->machine, &base->machine);
	for (uint32_t i = 0; i < s->nr_nodes && i < base->nr_nodes; i++)
		subtract_record(STATISTIC_NODE, &s->nodes[i], &base->nodes[i]);
	for (uint32_t i = 0; i < s->nr_domains && i < base->nr_domains; i++)
		subtract_record(STATISTIC_DOMAIN, &s->domains[i], &base->domains[i]);
}
