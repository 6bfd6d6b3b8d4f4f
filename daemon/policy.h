/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface of a userspace policy: something that looks at the machine every so often and decides
 * what BPF shall do until the next time. All of them are in the list of daemon/policies.h, and the
 * manager and the simulator run each by the same few lines: another one is a pair of files and an
 * entry in that list.
 *
 * Deciding and doing are apart. run is pure: it sees the snapshot and its own state and nothing
 * else (no clock, no files, no arena to write), so that tests and the simulator drive it with
 * made-up machines. What it decided stays in its state, where statistics read it; publish then
 * hands it to BPF. A policy's own header says what its state is.
 */
#pragma once

#include <stdbool.h>

#include "bpf/shared.h"
#include "config/tunables.h"
#include "daemon/topology.h"

/* What a policy may know. Everything is borrowed for the call. */
struct policy_snapshot {
	const struct topology *topology;  /* the one that new was given, updated since */
	const struct tunable_set *values; /* in force */
	const struct wd40_shared *shared; /* what BPF has counted */
};

struct policy {
	const char *name;         /* in messages */
	enum tunable_id interval; /* a TUNABLE_USEC: how often it runs */
	bool eager;               /* and at once after the attach, and when a tunable has changed */

	/* Makes the state for a topology. -ENOMEM. */
	int (*new)(const struct topology *t, void **ret);
	void *(*free)(void *state); /* accepts NULL, returns NULL */

	/* Takes in what BPF has answered since the last round. May be NULL. */
	void (*collect)(void *state, struct wd40_shared *shared);
	/* One round. */
	void (*run)(void *state, const struct policy_snapshot *in);
	/* Makes what the last round decided known to BPF. */
	void (*publish)(void *state, struct wd40_shared *shared);
};
