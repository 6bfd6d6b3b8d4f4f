/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has gone from the bus. One match rule for each connection, set before anybody can call, serves all
 * that want to know, however many peers they know: rules are scarce, and a bus that has no more ends the
 * connection.
 */
#pragma once

#include <systemd/sd-bus.h>

struct peers;

/* Hears of every name that has no owner any more. What it is told is valid during the call alone. */
struct peers_listener {
	void (*vanished)(const char *name, void *userdata);
	void *userdata;
	struct peers_listener *next; /* of peers */
};

/* The bus cannot tell, so that its connection is of no use. Called from inside sd_bus_process(). */
typedef void (*peers_failed_fn)(int err, void *userdata);

/* Those of one connection, which is borrowed. To be called before a name is requested. -ENOMEM, sd-bus's. */
int peers_new(sd_bus *bus, peers_failed_fn failed, void *userdata, struct peers **ret);
struct peers *peers_free(struct peers *p);

/* From now on, until it is taken out; the listener is borrowed. */
void peers_add_listener(struct peers *p, struct peers_listener *listener);
void peers_remove_listener(struct peers *p, struct peers_listener *listener);
