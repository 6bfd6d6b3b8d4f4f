/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which tasks shall move to which domains. Pure: loads and affinities in, a plan out.
 *
 * A domain shall have as much load for its capacity as any other. First nodes are evened out, then
 * the domains of each node; each time between the one with the most load for its capacity and the
 * one with the least that takes a task of it, task by task, as long as
 *
 *	- they differ by more than the tolerance: 3 % of the machine's mean between nodes, 2 % between
 *	  the domains of a node. Each then is within that of its mean, so a domain within 5 % of the
 *	  machine's mean. (Of half its capacity where the machine uses less than that: there is nothing
 *	  to gain from evenness among idle CPUs.)
 *	- the difference is large (10 %), or was beyond the tolerance in the last round too: a small
 *	  one may be noise, and two rounds still are in time;
 *	- a task's move gains enough. If x is the load that would make both even, a task of load y gains
 *	  min(y, 2x - y): what it brings to where it is due, less what is too much there. That must be
 *	  more than the move costs, by the time that caches take to warm up, and than an eighth of y (a
 *	  quarter between nodes), so that a little noise does not send it back.
 *
 * A domain whose captives, tasks allowed nowhere else, are more than its part is full: nobody can
 * help. It counts with its part in its node, and the others share what is left.
 *
 * Each move makes the sum of load^2 / capacity smaller, first of nodes and then of domains, so the
 * rounds come to an end; and a task that was moved rests for some of them. While domains are
 * further apart than they may be (5 %) it is moved again when there is no other: in its new place it
 * may want to run less than where it waited all the time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/balance-index.h"
#include "daemon/load.h"
#include "daemon/rest.h"

#define BALANCE_TOLERANCE_NODE   0.03
#define BALANCE_TOLERANCE_DOMAIN 0.02
#define BALANCE_LARGE            0.10
#define BALANCE_APART            0.05
#define BALANCE_REST_WAIVED      3    /* rounds of a rest, between those so far apart */
#define BALANCE_COLD_NODE_NS     10e6 /* CPU time lost by a move to another node */
#define BALANCE_COLD_DOMAIN_NS   2.5e6

struct balance_move {
	wd40_handle task;
	uint32_t from, to;
	float load, gain; /* in CPUs */
	bool far;         /* to another node */
};

struct balance_input {
	const struct load *load;
	const struct wd40_shared *shared; /* affinities of the tasks */
	const struct rest *rest;
	uint32_t round;       /* number of this round, for rest */
	uint64_t interval_ns; /* between two rounds */
	bool kworkers;        /* may be moved too */
	uint32_t moves_max;
};

/* Where a domain (a node) stands: with the moves of the plan applied. */
struct balance_group {
	double load, capacity;
	double ratio;  /* of these */
	uint32_t node; /* of a domain */
};

struct balance {
	struct balance_move *moves; /* the plan */
	uint32_t nr_moves;
	double mean; /* load for capacity that every domain should have */

	/* private */
	uint32_t nr_domains, nr_nodes;
	struct balance_group *domains, *nodes;
	const struct load *load;
	bool *uneven; /* by scope: beyond the tolerance in the last round that was noted */
	bool *uneven_now;
	uint32_t *tried, attempt; /* by domain: the attempt in which it was tried */
	bool *dry;                /* by domain: nothing more can leave it */
	struct balance_index index;
	bool indexed; /* for this plan */
};

int balance_new(uint32_t nr_domains, uint32_t nr_nodes, struct balance **ret); /* -ENOMEM */
struct balance *balance_free(struct balance *b);
DEFINE_CLEANUP(struct balance, balance_free)

/*
 * Makes the plan. What it knows of earlier rounds stays as it is until balance_note. Allocates only
 * when there are more tasks than ever before: -ENOMEM, and the plan is empty.
 */
int balance_plan(struct balance *b, const struct balance_input *in);

/* The plan was carried out: its round is the last one from now on. */
void balance_note(struct balance *b);
