/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's objects, with the manager and a fake scheduler behind them, at one end of a socket pair.
 * At the other end stands everybody else: clients by their names, the bus driver, and polkit.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "daemon/manager.h"
#include "dbus/wd40-object.h"

#define PAIR_CLIENTS 4

struct pair {
	struct loop *loop;
	struct loop_source *always; /* ready, so that a turn of the loop waits for nothing */
	int always_fd;
	struct config *config;
	struct manager *manager;
	struct wd40_object *object;
	struct peers *peers;
	sd_bus *daemon, *others;

	/* what the driver and polkit answer: uid of each client, and that of polkit in turn */
	uint32_t uids[PAIR_CLIENTS];
	uint32_t polkit_answers; /* two bits each, from the lowest: yes, no, challenge, an error */
	uint32_t unasked;        /* replies to what nobody asked */
};

/* Fatal when it cannot be made. root: see manager_new. */
void pair_init(struct pair *p, const char *root);
void pair_done(struct pair *p);

/* Lets both ends, and the daemon's loop, do what they can at once. False: there was nothing to do. */
bool pair_turn(struct pair *p);

/* The name of a client, and its end. */
const char *pair_client(uint32_t client);
void pair_vanish(struct pair *p, uint32_t client);
