/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who calls: the bus is asked once for each connection, and what it says is kept until the connection ends
 * or room is needed. A unique name is never given twice, so what is kept never becomes wrong.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "dbus/peers.h"

/*
 * Connections that are known or asked for. More than a bus has by default (2048), of which one user has at
 * most 256, so that no user can keep others from being known.
 */
#define CALLERS_MAX 4096u

struct call;

struct caller {
	const char *name; /* unique name on the bus */
	bool known;       /* the two below are */
	uid_t uid;        /* -1: the bus does not say */
	const char *unit; /* of systemd, for the log; NULL: none */

	struct call *
		calls; /* of the gate, in the order in which they came; while there are any it is kept */
	unsigned int nr_calls;
};

struct callers;

/* Called from inside sd_bus_process(). */
struct callers_events {
	/* It is known now; or r is an errno and it is forgotten afterwards. */
	void (*identified)(struct caller *caller, int r, void *userdata);
	/* It has gone or is not needed, and is forgotten afterwards. */
	void (*forgotten)(struct caller *caller, void *userdata);
};

/* Those of one connection; bus, peers and events are borrowed. -ENOMEM. */
int callers_new(sd_bus *bus, struct peers *peers, const struct callers_events *events,
		void *userdata, struct callers **ret);
struct callers *callers_free(struct callers *cs); /* forgets all of them, and tells */

/*
 * Finds a caller; a new one is asked for, and one that has no calls and is known may be forgotten for it.
 * -ENOBUFS: there are CALLERS_MAX that cannot be; -ENOMEM, or sd-bus's.
 */
int callers_find(struct callers *cs, const char *name, struct caller **ret);

/* The caller if it has been asked for and is kept, or NULL. */
const struct caller *callers_get(struct callers *cs, const char *name);
