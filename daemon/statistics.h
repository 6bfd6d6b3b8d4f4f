/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics: THE table of them, and snapshots of their values. What is served on D-Bus, on the socket
 * of the scx tools and as OpenMetrics are the rows of this table and nothing else. Pure: everything is
 * read from what the caller gives.
 *
 * Where scx_rusty has the thing, it has scx_rusty's meaning, and its name on that socket: there most
 * counters are told as percent of all that happened since the client asked last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/shared.h"
#include "daemon/balancer.h"
#include "daemon/topology.h"
#include "daemon/tuner.h"
#include "util/cleanup.h"

enum statistic_scope {
	STATISTIC_MACHINE,
	STATISTIC_NODE,
	STATISTIC_DOMAIN,
	NR_STATISTIC_SCOPES
};

enum statistic_type {
	STATISTIC_COUNTER,   /* grows, from 0 at the last attach or reset: uint64_t */
	STATISTIC_GAUGE,     /* uint64_t */
	STATISTIC_LEVEL,     /* a gauge too: double, NaN while unknown */
	STATISTIC_HISTOGRAM, /* grows like a counter: struct statistics_waits */
	STATISTIC_MASK,      /* a set of CPUs: const struct cpuset *, NULL while unknown */
	STATISTIC_INFO,      /* a text that seldom changes: const char * */
	STATISTIC_LABEL,     /* tells of which node or domain the others are: uint64_t */
};

/* How a row is told on the socket of the scx tools; growth is that since the client's last request. */
enum scx_form {
	SCX_NEVER,
	SCX_VALUE,   /* as it is, times scx_scale */
	SCX_GROWTH,  /* of a counter, times scx_scale; rows of the same scx_name are added up */
	SCX_PERCENT, /* growth in percent of that of scx_whole; likewise */
};

struct statistic {
	const char *name; /* unique in its scope */
	enum statistic_scope scope;
	enum statistic_type type;
	size_t offset;    /* in the struct of its scope, below */
	const char *unit; /* "us", "percent", "CPUs" .., "" */
	const char *help;
	enum scx_form scx_form;
	const char *scx_name; /* NULL: its name */
	double scx_scale;     /* 0 = 1 */
	size_t scx_whole;     /* offset of a counter */
};

extern const struct statistic statistics_table[];
extern const size_t nr_statistics;

/* The table's words for clients: "machine" .., "counter", "gauge" ... */
const char *statistic_scope_name(enum statistic_scope scope);
const char *statistic_type_name(enum statistic_type type);

/* Index of a row, or -ENOENT. */
int statistic_find(enum statistic_scope scope, const char *name);

/* The exclusive upper bound of a bucket of a histogram, in ns; UINT64_MAX for the last. */
uint64_t statistic_bound_ns(uint32_t bucket);

/* A histogram: events by time, as struct wd40_waits tells. */
struct statistics_waits {
	uint64_t sum_ns;
	uint64_t buckets[WD40_WAIT_BUCKETS];
};

struct statistics_machine {
	uint64_t at_us, lb_at_us, since_us; /* CLOCK_REALTIME */
	const char *version;
	uint64_t attached, generation, on_trial, restarts;
	uint64_t counters[WD40_NR_COUNTERS];
	uint64_t events, deadline_preset;
	uint64_t slice_us, overutilized, tasks, max_wait_us;
	double cpu_busy, load;
	uint64_t cpu_busy_us, cpu_time_us;
	uint64_t tuner_rounds, tuner_time_us, tuner_last_us;
	uint64_t balance_rounds, balance_time_us, balance_last_us, balance_failed;
	uint64_t balance_requested, balance_pending, balance_withdrawn;
	uint64_t balance_answers[WD40_NR_MOVE_ANSWERS];
	uint64_t subscriptions, samples, samples_dropped;
	uint64_t socket_clients, socket_requests, socket_refused;
	const struct cpuset *direct_greedy_cpus, *kick_greedy_cpus;
	struct statistics_waits queue_wait, run_delay;
};

struct statistics_node {
	uint64_t id; /* the kernel's */
	uint64_t online, tasks;
	double load, imbal, delta, capacity;
};

struct statistics_domain {
	uint64_t id;
	uint64_t node; /* the kernel's id */
	uint64_t online, tasks, max_wait_us;
	double load, imbal, delta, load_cpus, capacity, busy;
	struct statistics_waits queue_wait, run_delay;
};

/* A snapshot. Its masks are borrowed from the tuner. */
struct statistics {
	struct statistics_machine machine;
	struct statistics_node *nodes;
	struct statistics_domain *domains;
	uint32_t nr_nodes, nr_domains;
	uint32_t nodes_room, domains_room;
};

/* What a policy has cost. */
struct statistics_cost {
	uint64_t rounds, total_usec, last_usec;
};

/* What those who serve statistics count themselves. */
struct statistics_clients {
	uint64_t subscriptions, samples, samples_dropped;
	uint64_t socket_clients, socket_requests, socket_refused;
};

/* What a snapshot is taken of. Of the pointers only clients is never NULL. */
struct statistics_source {
	const struct wd40_shared *shared; /* with the following three; NULL: nothing is attached */
	const struct topology *topology;
	const struct tuner_decision *tuner;
	const struct balancer *balancer;
	const struct statistics_clients *clients;
	struct statistics_cost tuning, balancing;
	uint64_t at_us, lb_at_us;
	uint64_t cpu_busy_us, cpu_time_us; /* of all CPUs, since some moment */
	uint64_t generation, restarts;
	bool on_trial;
};

int statistics_new(struct statistics **ret); /* -ENOMEM */
struct statistics *statistics_free(struct statistics *s);
DEFINE_CLEANUP(struct statistics, statistics_free)

/*
 * Fills s. Everything is read once, so what is a sum of others is exactly that. Allocates only when
 * there are more domains than ever before: -ENOMEM, and s is empty then.
 */
int statistics_take(struct statistics *s, const struct statistics_source *from);

/*
 * Takes base, an earlier snapshot, off all counters and histograms of s. One that is smaller than it was
 * is 0.
 */
void statistics_subtract(struct statistics *s, const struct statistics *base);

/* The value of a row in a struct of its scope, by type. */
static inline uint64_t statistic_count(const struct statistic *row, const void *record)
{
	return *(const uint64_t *)((const char *)record + row->offset);
}

static inline double statistic_level(const struct statistic *row, const void *record)
{
	return *(const double *)((const char *)record + row->offset);
}

static inline const struct statistics_waits *statistic_waits(const struct statistic *row,
							     const void *record)
{
	return (const struct statistics_waits *)((const char *)record + row->offset);
}

static inline const char *statistic_text(const struct statistic *row, const void *record)
{
	return *(const char *const *)((const char *)record + row->offset);
}

static inline const struct cpuset *statistic_mask(const struct statistic *row, const void *record)
{
	return *(const struct cpuset *const *)((const char *)record + row->offset);
}
