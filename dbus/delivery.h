/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients are sent, within their credit (dbus/credit.h). Every call passes here before anything else
 * looks at it, and takes what its reply may be. It waits while it is not known whose it is, which the bus
 * says at once, while the caller has too much that it has not read, or while its user has just had a large
 * reply; who lets too many wait is refused, and in the end not answered.
 *
 * Whether a client has read is asked of the bus, which knows best and cannot be lied to. A bus that does not
 * tell (dbus-broker) charges the receiver for what he leaves unread, so there nothing but samples is
 * limited, and the client itself is asked: who answers a Ping has read what came before it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "daemon/loop.h"
#include "daemon/manager.h"
#include "dbus/gate.h"
#include "dbus/peers.h"

/* Calls that wait here: of a client (as many as a bus lets one make), of a user, of all of them but root. */
#define DELIVERY_CALLS_OF_CLIENT_MAX 128u
#define DELIVERY_CALLS_OF_USER_MAX   256u
#define DELIVERY_CALLS_MAX           1024u

struct delivery;

/*
 * That of one connection. All else is borrowed; to be made after the gate, so that it comes before it: but what
 * the gate has held has been here already. -ENOMEM, the errors of sd-bus and of the loop.
 */
int delivery_new(struct loop *loop, sd_bus *bus, struct peers *peers, const struct gate *gate,
		 const struct manager *m, struct delivery **ret);
struct delivery *delivery_free(struct delivery *d);

/* Whether a sample of so many bytes may be sent to a client now; then it counts as sent. */
bool delivery_take_sample(struct delivery *d, const char *client, uint32_t bytes);

/* Whether the client has called and has not gone since. */
bool delivery_knows(struct delivery *d, const char *client);
