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

/* What one kind of them is. */
struct child_kind {
	const char *folder; /* the path that theirs are below */
	char letter;        /* before the number in the name */
	const char *interface;
	const sd_bus_vtable *vtable; /* userdata: the manager */

	uint32_t (*count)(const struct topology *t);
	uint32_t (*number)(const struct topology *t, uint32_t index);
	bool (*owns)(const struct topology_cpu *cpu, uint32_t index);
};

/* Which object of its kind a path is, for getters: they are called for those alone that exist. */
uint32_t child_index(const struct child_kind *kind, const struct manager *m, const char *path);

/* Appends the CPUs of the set as au; of those in mask alone, unless that is NULL. */
int child_append_cpus(sd_bus_message *reply, const struct cpuset *set, const struct cpuset *mask);

/* Percent by which the load for its capacity is above the machine's mean; 0 while there is none. */
double child_imbalance_pct(double load, double capacity, double mean);

/* Exports them on a connection, and the object manager, behind the gate. */
int child_objects_export(sd_bus *bus, struct manager *m, struct gate *gate);

/* What clients have been told of them. */
struct child_objects;

int child_objects_new(struct child_objects **ret); /* -ENOMEM */
struct child_objects *child_objects_free(struct child_objects *o);

/* From now on clients know what there is now: for a new connection. */
void child_objects_note(struct child_objects *o, const struct manager *m);

/* InterfacesAdded, InterfacesRemoved and PropertiesChanged for what is otherwise than the last time. */
void child_objects_tell(struct child_objects *o, const struct manager *m, sd_bus *bus);
