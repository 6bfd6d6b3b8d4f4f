/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes snapshots of what the manager knows, and knows since when they count. */
#include <time.h>

#include "daemon/arena.h"
#include "daemon/manager-private.h"
#include "util/log.h"

uint64_t manager_realtime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

int manager_statistics_init(struct manager *m)
{
	int r = statistics_new(&m->statistics);

	m->statistics_since_us = manager_realtime_us();
	return r < 0 ? r : statistics_new(&m->baseline);
}

void manager_statistics_done(struct manager *m)
{
	m->statistics = statistics_free(m->statistics);
	m->baseline = statistics_free(m->baseline);
}

static struct statistics_cost cost_of(const struct policy_runner *p)
{
	return (struct statistics_cost){ p->rounds, p->total_usec, p->round_usec };
}

static int take(const struct manager *m, struct statistics *s)
{
	const void *tuner = m->policies[POLICY_TUNER].state;
	struct busy_time time = tuner_busy_time(tuner);
	struct statistics_source from = {
		.topology = m->topology,
		.tuner = tuner_decided(tuner),
		.balancer = m->policies[POLICY_BALANCER].state,
		.clients = &m->clients,
		.tuning = cost_of(&m->policies[POLICY_TUNER]),
		.balancing = cost_of(&m->policies[POLICY_BALANCER]),
		.at_us = manager_realtime_us(),
		.lb_at_us = m->policies[POLICY_BALANCER].last_at_us,
		.generation = manager_generation(m),
		.restarts = m->restart_count,
		.on_trial = transactions_unconfirmed(m->transactions),
		.cpu_busy_us = time.busy_ns / 1000,
		.cpu_time_us = time.all_ns / 1000,
	};

	if (from.tuner && from.balancer)
		from.shared = manager_shared(m);
	return statistics_take(s, &from);
}

const struct statistics *manager_statistics(struct manager *m)
{
	int r = take(m, m->statistics);

	if (r < 0) {
		log_errno(LOG_WARNING, r, "no statistics");
		return NULL;
	}
	statistics_subtract(m->statistics, m->baseline);
	m->statistics->machine.since_us = m->statistics_since_us;
	return m->statistics;
}

uint64_t manager_counter(const struct manager *m, enum wd40_counter counter)
{
	const struct wd40_shared *shared = manager_shared(m);
	uint64_t now = shared ? arena_counter(shared, counter) : 0;
	uint64_t base = m->baseline->machine.counters[counter];

	return now > base ? now - base : 0;
}

int manager_reset_statistics(struct manager *m)
{
	int r = take(m, m->baseline);

	if (r >= 0)
		m->statistics_since_us = manager_realtime_us();
	return r;
}

struct statistics_clients *manager_clients(struct manager *m)
{
	return &m->clients;
}
