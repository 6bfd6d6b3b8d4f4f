/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tuner, a userspace policy run every tune-interval: from the busy share of each CPU it decides
 * which CPUs take foreign wakeups (direct-greedy), which are kicked to steal (kick-greedy) and which
 * of the two slices applies in each node. Pure: snapshot in, decision out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/busy.h"
#include "daemon/cpuset.h"
#include "daemon/policy.h"
#include "daemon/topology.h"
#include "util/cleanup.h"

/*
 * A node counts as full from ENTER on, until it falls below LEAVE: two thresholds, so that noise around
 * one does not flip the slice. (scx_rusty compares with 0.99999 and is nearly never there.)
 *
 * Nodes: whether tasks wait for each other is a matter of the node, since within it wakeups and idle CPUs
 * go from domain to domain, and beyond it only where that is asked for. So each node has the slice that
 * it needs, whatever the others do. The greedy sets need no such step: a domain is in them by its own
 * share, and BPF goes through the nearest of its node first, and to other nodes only by
 * direct-greedy-numa and greedy-threshold-x-numa.
 */
#define TUNER_FULL_ENTER_PCT 97.0
#define TUNER_FULL_LEAVE_PCT 90.0

/* A domain that has come below a threshold stays in the set until it is so far above, for the same. */
#define TUNER_GREEDY_LEAVE_PCT 5.0

struct tuner_snapshot {
	const struct topology *topology;
	const double *busy_pct; /* per CPU id, 0..100; negative or NaN: unknown or offline */
	double direct_greedy_under_pct, kick_greedy_under_pct;
	bool greedy_off; /* greedy-threshold = 0: nobody is kicked to steal */
};

/* Decision and state between rounds: round n+1 starts from round n. */
struct tuner_decision {
	struct cpuset *direct_greedy, *kick_greedy;
	struct cpuset *full_domains;     /* by domain id: those of nodes that are full */
	bool *node_full;                 /* per node */
	bool overutilized;               /* a node is full */
	double total_busy_pct;           /* mean over online CPUs; negative while unknown */
	double *node_busy_pct;           /* per node; negative where no CPU is online or known */
	double *domain_busy_pct;         /* per domain; negative where no CPU is online or known */
	bool *direct_below, *kick_below; /* per domain: is in the set */
};

int tuner_decision_new(const struct topology *t, struct tuner_decision **ret);
struct tuner_decision *tuner_decision_free(struct tuner_decision *d);
DEFINE_CLEANUP(struct tuner_decision, tuner_decision_free)

/*
 * One round. Allocates nothing. Both masks are made anew from the domains whose busy share is below
 * the threshold, or was and is not far above, and hold their online CPUs only. A threshold of 100 %
 * includes full domains; below 0 % is nobody.
 */
void tuner_run(const struct tuner_snapshot *in, struct tuner_decision *inout);

/* The tuner as a policy: takes the busy shares from the arena (daemon/busy.h). */
extern const struct policy tuner_policy;

/* How busy the CPUs were since the state was made; 0 for NULL. */
struct busy_time tuner_busy_time(const void *state);

/* What the policy of that state decided last; NULL for NULL. */
const struct tuner_decision *tuner_decided(const void *state);
