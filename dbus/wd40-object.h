/* SPDX-License-Identifier: GPL-2.0-only */
/* The object /org/scx/Wd40: the daemon's state, its tunables and its statistics. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/loop.h"
#include "daemon/manager.h"
#include "dbus/gate.h"
#include "dbus/peers.h"
#include "dbus/wd40-subscriptions.h"

#define WD40_OBJECT_PATH "/org/scx/Wd40"
#define WD40_INTERFACE   "org.scx.Wd40"

/* What the handlers of methods and the writers of properties get. */
struct wd40_context {
	struct manager *manager;
	struct gate *gate;                   /* of the connection, NULL while there is none */
	struct delivery *delivery;           /* likewise */
	struct subscriptions *subscriptions; /* likewise */
};

/* The parts of the object's interfaces, those that shall be shown first last. */
struct wd40_part {
	const char *interface;
	const sd_bus_vtable *vtable;
	bool of_manager; /* its userdata is the manager, else the context */
};
#define WD40_PARTS_MAX 16

size_t wd40_object_parts(struct wd40_part parts[WD40_PARTS_MAX]); /* how many there are */

/* Signature of a method's arguments; NULL when the object has no such method. */
const char *wd40_object_arguments(const char *interface, const char *member);

/* Exports the object's interfaces; the context is theirs to use. */
int wd40_object_export(sd_bus *bus, struct wd40_context *context);

/* Outlives connections; knows what clients have last been told. */
struct wd40_object;

int wd40_object_new(struct loop *loop, struct manager *m, struct wd40_object **ret);
struct wd40_object *wd40_object_free(struct wd40_object *o);

/* Exports the object on a new connection, behind a gate for its peers; and the end of that connection. */
int wd40_object_add(struct wd40_object *o, sd_bus *bus, struct peers *peers);
void wd40_object_drop(struct wd40_object *o);

/* PropertiesChanged for the state that changed since the last time, if any did. */
void wd40_object_emit_state(struct wd40_object *o, sd_bus *bus);

/* TunablesChanged, and one PropertiesChanged for the tunables and what changed with them. */
void wd40_object_emit_tunables(struct wd40_object *o, sd_bus *bus,
			       const struct tunables_change *change);

/* TunablesReverted. */
void wd40_object_emit_reverted(sd_bus *bus, uint64_t generation, enum revert_cause cause);

void wd40_object_emit_exit(struct wd40_object *o, sd_bus *bus, const struct sched_exit *exit,
			   bool will_restart);
