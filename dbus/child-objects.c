/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/child-objects.h"
#include "dbus/domain-object.h"
#include "dbus/errors.h"
#include "dbus/node-object.h"
#include "dbus/wd40-object.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

#define PATH_SIZE 64

static const struct child_kind *const kinds[] = { &node_objects, &domain_objects };
#define NR_KINDS ARRAY_SIZE(kinds)

/* What clients know. */
struct child_objects {
	uint64_t attached_usec; /* 0: there are none */
	uint32_t *numbers[NR_KINDS], nr[NR_KINDS];
	struct topology_cpu *cpus;
	uint32_t nr_cpus;
};

int child_objects_new(struct child_objects **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

static void forget(struct child_objects *o)
{
	for (size_t k = 0; k < NR_KINDS; k++)
		free(o->numbers[k]);
	free(o->cpus);
	*o = (struct child_objects){ 0 };
}

struct child_objects *child_objects_free(struct child_objects *o)
{
	if (o)
		forget(o);
	free(o);
	return NULL;
}

/* The topology whose objects there are; NULL while there are none. */
static const struct topology *topology_shown(const struct manager *m)
{
	bool attached = manager_shared(m) && manager_balancer(m) && manager_tuner(m);

	return attached ? manager_topology(m) : NULL;
}

static void make_path(const struct child_kind *kind, uint32_t number, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%c%u", kind->folder, kind->letter, number);
}

/* Index of the object, or -ENOENT. A number has one spelling. */
static int64_t find_index(const struct child_kind *kind, const struct topology *t, const char *path)
{
	const char *name = path + strlen(kind->folder);
	char spelling[PATH_SIZE];
	unsigned long number;

	if (strncmp(path, kind->folder, strlen(kind->folder)) != 0 || strlen(name) < 3)
		return -ENOENT;
	number = strtoul(name + 2, NULL, 10);
	make_path(kind, (uint32_t)number, spelling);
	if (strcmp(spelling, path) != 0)
		return -ENOENT;
	if (number < kind->count(t) && kind->number(t, number) == number)
		return (int64_t)number; /* mostly */
	for (uint32_t i = 0; i < kind->count(t); i++)
		if (kind->number(t, i) == number)
			return i;
	return -ENOENT;
}

uint32_t child_index(const struct child_kind *kind, const struct manager *m, const char *path)
{
	return (uint32_t)find_index(kind, manager_topology(m), path);
}

static bool exists(const struct child_kind *kind, const struct manager *m, const char *path)
{
	const struct topology *t = topology_shown(m);

	return t && find_index(kind, t, path) >= 0;
}

static const struct child_kind *kind_below(const char *path)
{
	size_t k = 0;

	while (k < NR_KINDS - 1 && strncmp(path, kinds[k]->folder, strlen(kinds[k]->folder)) != 0)
		k++;
	return kinds[k];
}

int child_append_cpus(sd_bus_message *reply, const struct cpuset *set, const struct cpuset *mask)
{
	int r = sd_bus_message_open_container(reply, 'a', "u");

	for (uint32_t cpu = cpuset_first(set); r >= 0 && cpu != UINT32_MAX;
	     cpu = cpuset_next(set, cpu))
		if (!mask || cpuset_test(mask, cpu))
			r = sd_bus_message_append(reply, "u", cpu);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

double child_imbalance_pct(double load, double capacity, double mean)
{
	return capacity > 0 && mean > 0 ? 100 * (load / capacity / mean - 1) : 0;
}

static int find_object(sd_bus *bus, const char *path, const char *interface, void *userdata,
		       void **ret_found, sd_bus_error *error)
{
	*ret_found = userdata;
	return exists(kind_below(path), userdata, path);
}

/* Comes before everything else, so that who asks a moment too late hears what is wrong. */
static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(call);
	const struct child_kind *kind = kind_below(path);

	if (strcmp(path, kind->folder) == 0 || exists(kind, userdata, path))
		return 0;
	return wd40_error_setf(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "there is no %s", path);
}

static char **free_paths(char **paths)
{
	for (char **path = paths; path && *path; path++)
		free(*path);
	free(paths);
	return NULL;
}

static int list_kind(const struct child_kind *kind, const struct manager *m, char ***ret)
{
	const struct topology *t = topology_shown(m);
	uint32_t n = t ? kind->count(t) : 0;
	char **paths = calloc(n + 1, sizeof(*paths)), path[PATH_SIZE];

	for (uint32_t i = 0; paths && i < n; i++) {
		make_path(kind, kind->number(t, i), path);
		paths[i] = strdup(path);
		if (!paths[i])
			paths = free_paths(paths);
	}
	*ret = paths;
	return paths ? 0 : -ENOMEM;
}

/* The prefix is the asker's, which may be above the folder: so one for each kind. */
static int list_nodes(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
		      sd_bus_error *error)
{
	return list_kind(&node_objects, userdata, ret_nodes);
}

static int list_domains(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
			sd_bus_error *error)
{
	return list_kind(&domain_objects, userdata, ret_nodes);
}

static int export_kind(sd_bus *bus, const struct child_kind *kind, struct manager *m,
		       struct gate *gate)
{
	int r = gate_guard_below(gate, kind->folder);

	if (r >= 0)
		r = sd_bus_add_fallback(bus, NULL, kind->folder, on_call, m);
	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus, NULL, kind->folder, kind->interface,
					       kind->vtable, find_object, m);
	return r;
}

int child_objects_export(sd_bus *bus, struct manager *m, struct gate *gate)
{
	int r = sd_bus_add_object_manager(bus, NULL, WD40_OBJECT_PATH);

	for (size_t k = 0; r >= 0 && k < NR_KINDS; k++)
		r = export_kind(bus, kinds[k], m, gate);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus, NULL, node_objects.folder, list_nodes, m);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus, NULL, domain_objects.folder, list_domains, m);
	return r;
}

static uint32_t *copy_numbers(const struct child_kind *kind, const struct topology *t)
{
	uint32_t *numbers = calloc(kind->count(t), sizeof(*numbers));

	for (uint32_t i = 0; numbers && i < kind->count(t); i++)
		numbers[i] = kind->number(t, i);
	return numbers;
}

/* What there is now; nothing at all when out of memory. */
static void look(struct child_objects *o, const struct manager *m)
{
	const struct topology *t = topology_shown(m);
	bool whole;

	*o = (struct child_objects){ 0 };
	if (!t)
		return;
	o->attached_usec = manager_attached_monotonic_usec(m);
	o->nr_cpus = t->nr_cpu_ids;
	o->cpus = calloc(t->nr_cpu_ids, sizeof(*o->cpus));
	whole = o->cpus;
	if (o->cpus)
		memcpy(o->cpus, t->cpus, t->nr_cpu_ids * sizeof(*o->cpus));
	for (size_t k = 0; k < NR_KINDS; k++) {
		o->nr[k] = kinds[k]->count(t);
		o->numbers[k] = copy_numbers(kinds[k], t);
		whole = whole && o->numbers[k];
	}
	if (!whole)
		forget(o);
}

void child_objects_note(struct child_objects *o, const struct manager *m)
{
	forget(o);
	look(o, m);
}

static int tell_removed(sd_bus *bus, const struct child_kind *kind, const char *path)
{
	const char *interfaces[] = { "org.freedesktop.DBus.Peer",
				     "org.freedesktop.DBus.Introspectable",
				     "org.freedesktop.DBus.Properties", kind->interface, NULL };

	return sd_bus_emit_interfaces_removed_strv(bus, path, (char **)interfaces);
}

/* All the objects that o knows have come, or gone. */
static int tell_all(const struct child_objects *o, sd_bus *bus, bool added)
{
	char path[PATH_SIZE];
	int r = 0;

	for (size_t k = 0; k < NR_KINDS; k++) {
		for (uint32_t i = 0; r >= 0 && i < o->nr[k]; i++) {
			make_path(kinds[k], o->numbers[k][i], path);
			r = added ? sd_bus_emit_object_added(bus, path)
				  : tell_removed(bus, kinds[k], path);
		}
	}
	return r;
}

/* PropertiesChanged of one object, by the CPUs that it has or had. */
static int tell_cpus(const struct child_objects *before, const struct child_objects *now,
		     sd_bus *bus, size_t k, uint32_t index)
{
	bool moved = false, switched = false;
	const char *names[3] = { NULL };
	char path[PATH_SIZE];
	size_t n = 0;

	for (uint32_t i = 0; i < now->nr_cpus; i++) {
		const struct topology_cpu *old = &before->cpus[i], *new = &now->cpus[i];
		bool had = kinds[k]->owns(old, index), has = kinds[k]->owns(new, index);

		moved |= had != has;
		switched |= (had && old->online) != (has && new->online);
	}
	if (moved)
		names[n++] = "Cpus";
	if (switched)
		names[n++] = "OnlineCpus";
	if (!n)
		return 0;
	make_path(kinds[k], now->numbers[k][index], path);
	return sd_bus_emit_properties_changed_strv(bus, path, kinds[k]->interface, (char **)names);
}

static int tell_hotplug(const struct child_objects *before, const struct child_objects *now,
			sd_bus *bus)
{
	int r = 0;

	for (size_t k = 0; k < NR_KINDS; k++)
		for (uint32_t i = 0; r >= 0 && i < now->nr[k]; i++)
			r = tell_cpus(before, now, bus, k, i);
	return r;
}

static bool same_cpus(const struct child_objects *a, const struct child_objects *b)
{
	for (uint32_t i = 0; i < a->nr_cpus; i++)
		if (a->cpus[i].online != b->cpus[i].online ||
		    a->cpus[i].domain != b->cpus[i].domain)
			return false;
	return true;
}

void child_objects_tell(struct child_objects *o, const struct manager *m, sd_bus *bus)
{
	struct child_objects before = *o;
	int r = 0;

	look(o, m);
	if (before.attached_usec != o->attached_usec) {
		r = tell_all(&before, bus, false);
		if (r >= 0)
			r = tell_all(o, bus, true);
	} else if (!same_cpus(&before, o)) {
		r = tell_hotplug(&before, o, bus);
	}
	forget(&before);
	if (r < 0)
		log_errno(LOG_DEBUG, r, "the change of nodes and domains is not told");
}
