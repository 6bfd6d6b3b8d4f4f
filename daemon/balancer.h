/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The balancer, a userspace policy run every interval: takes in what became of its last requests,
 * reads the loads, plans moves (daemon/balance.h) and asks BPF for them. With load-balance off it
 * only looks.
 */
#pragma once

#include "daemon/balance.h"
#include "daemon/load.h"
#include "daemon/moves.h"
#include "daemon/policy.h"

/*
 * Rounds for which a task is left alone after it was moved, and after BPF refused to move it. All but
 * the round it was moved in can be waived (balance.h); who was refused is not asked again so soon.
 */
#define BALANCER_REST_MOVED   (BALANCE_REST_WAIVED + 1)
#define BALANCER_REST_REFUSED 16

struct balancer {
	struct load *load;       /* as of the last round */
	struct balance *balance; /* its plan */
	struct moves *moves;
	struct rest *rest;
	uint32_t round;
	uint32_t nr_failed; /* rounds given up for want of memory */
};

/* The balancer as a policy. Its state is a struct balancer. */
extern const struct policy balancer_policy;

/*
 * What a round would do now, whether or not load-balance is on: the plan in b->balance, and the loads
 * in b->load, until the next round. Nothing is asked of BPF, and the next round is as if this had not
 * been. -ENOMEM.
 */
int balancer_try(struct balancer *b, const struct policy_snapshot *in);
