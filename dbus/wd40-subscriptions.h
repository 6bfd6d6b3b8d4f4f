/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Subscriptions to samples of statistics: Subscribe, Unsubscribe and the unicast signal Sample of
 * org.scx.Wd40.Statistics. A subscription ends with its client, and with the connection to the bus.
 *
 * Samples are made for those whose turn it is from one snapshot, at multiples of their interval. Those for a
 * client that does not read what it is sent (dbus/delivery.h) are dropped, and counted; the sequence number
 * tells the client that some are missing.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/loop.h"
#include "daemon/manager.h"
#include "dbus/delivery.h"
#include "dbus/gate.h"
#include "dbus/peers.h"

/* Limits; root may have all that there are. */
#define SUBSCRIPTIONS_MAX        256u
#define SUBSCRIPTIONS_OF_UID_MAX 16u

struct subscriptions;

/* Those of one connection; loop, manager, bus, peers and delivery are borrowed. -ENOMEM. */
int subscriptions_new(struct loop *loop, struct manager *m, sd_bus *bus, struct peers *peers,
		      struct delivery *delivery, struct subscriptions **ret);
struct subscriptions *subscriptions_free(struct subscriptions *s); /* ends them all */

/* Subscribe and Unsubscribe. Userdata: the struct wd40_context. */
extern const sd_bus_vtable wd40_subscriptions_vtable[];
