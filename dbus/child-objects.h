/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The objects below /org/scx/Wd40: one for each node and each domain, as long as a scheduler is attached.
 * The object manager there tells of them as they come and go. Nothing is kept for an object: its path
 * says what it shows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "daemon/manager.h"
#include "dbus/gate.h"

/* One of them, as getters see it: they are called for those alone that exist. */
struct child {
	const struct manager *manager;
	uint32_t index; /* in the topology */
};

/* What one kind of them is. */
struct child_kind {
	const char *folder; /* the path that theirs are below */
	char letter;        /* before the number in the name */
	const char *interface;
	const sd_bus_vtable *vtable; /* of properties; userdata: the struct child */

	uint32_t (*count)(const struct topology *t);
	uint32_t (*number)(const struct topology *t, uint32_t index);
	bool (*owns)(const struct topology_cpu *cpu, uint32_t index);
};

/* Appends the CPUs of the set as au; of those in mask alone, unless that is NULL. */
int child_append_cpus(sd_bus_message *reply, const struct cpuset *set, const struct cpuset *mask);

/* Percent by which the load for its capacity is above the machine's mean; 0 while there is none. */
double child_imbalance_pct(double load, double capacity, double mean);

struct child_objects;

/* The manager is borrowed. -ENOMEM. */
int child_objects_new(const struct manager *m, struct child_objects **ret);
struct child_objects *child_objects_free(struct child_objects *o);

/* Exports them on a connection, and the object manager, behind the gate. */
int child_objects_export(struct child_objects *o, sd_bus *bus, struct gate *gate);

/* From now on clients know what there is now: for a new connection. */
void child_objects_note(struct child_objects *o);

/*
 * InterfacesAdded, InterfacesRemoved and PropertiesChanged for what is otherwise than the last time. An object
 * that an attach leaves as it was stays; while one is under way nothing is told.
 */
void child_objects_tell(struct child_objects *o, sd_bus *bus);
