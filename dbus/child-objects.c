/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/child-private.h"
#include "dbus/domain-object.h"
#include "dbus/errors.h"
#include "dbus/node-object.h"
#include "dbus/wd40-object.h"
#include "util/cleanup.h"

const struct child_kind *const child_kinds[NR_CHILD_KINDS] = { &node_objects, &domain_objects };

int child_objects_new(const struct manager *m, struct child_objects **ret)
{
	struct child_objects *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->manager = m;
	*ret = o;
	return 0;
}

struct child_objects *child_objects_free(struct child_objects *o)
{
	if (o)
		child_known_forget(&o->known);
	free(o);
	return NULL;
}

const struct topology *child_topology(const struct manager *m)
{
	bool attached = manager_shared(m) && manager_balancer(m) && manager_tuner(m);

	return attached ? manager_topology(m) : NULL;
}

void child_make_path(const struct child_kind *kind, uint32_t number, char path[CHILD_PATH_SIZE])
{
	snprintf(path, CHILD_PATH_SIZE, "%s/%c%u", kind->folder, kind->letter, number);
}

/* Index of the object, or -ENOENT. A number has one spelling. */
static int64_t find_index(const struct child_kind *kind, const struct topology *t, const char *path)
{
	const char *name = path + strlen(kind->folder);
	char spelling[CHILD_PATH_SIZE];
	unsigned long number;

	if (strncmp(path, kind->folder, strlen(kind->folder)) != 0 || strlen(name) < 3)
		return -ENOENT;
	number = strtoul(name + 2, NULL, 10);
	child_make_path(kind, (uint32_t)number, spelling);
	if (strcmp(spelling, path) != 0)
		return -ENOENT;
	if (number < kind->count(t) && kind->number(t, number) == number)
		return (int64_t)number; /* mostly */
	for (uint32_t i = 0; i < kind->count(t); i++)
		if (kind->number(t, i) == number)
			return i;
	return -ENOENT;
}

static bool exists(const struct child_kind *kind, const struct manager *m, const char *path)
{
	const struct topology *t = child_topology(m);

	return t && find_index(kind, t, path) >= 0;
}

static const struct child_kind *kind_below(const char *path)
{
	size_t k = 0;

	while (k < NR_CHILD_KINDS - 1 &&
	       strncmp(path, child_kinds[k]->folder, strlen(child_kinds[k]->folder)) != 0)
		k++;
	return child_kinds[k];
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
	struct child_objects *o = userdata;
	const struct topology *t = child_topology(o->manager);
	int64_t index = t ? find_index(kind_below(path), t, path) : -ENOENT;

	if (index < 0)
		return 0;
	o->found = (struct child){ o->manager, (uint32_t)index };
	*ret_found = &o->found;
	return 1;
}

/* Comes before everything else, so that who asks a moment too late hears what is wrong. */
static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(call);
	const struct child_kind *kind = kind_below(path);
	const struct child_objects *o = userdata;

	if (strcmp(path, kind->folder) == 0 || exists(kind, o->manager, path))
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
	const struct topology *t = child_topology(m);
	uint32_t n = t ? kind->count(t) : 0;
	char **paths = calloc(n + 1, sizeof(*paths)), path[CHILD_PATH_SIZE];

	for (uint32_t i = 0; paths && i < n; i++) {
		child_make_path(kind, kind->number(t, i), path);
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
	const struct child_objects *o = userdata;

	return list_kind(&node_objects, o->manager, ret_nodes);
}

static int list_domains(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
			sd_bus_error *error)
{
	const struct child_objects *o = userdata;

	return list_kind(&domain_objects, o->manager, ret_nodes);
}

static int export_kind(struct child_objects *o, sd_bus *bus, const struct child_kind *kind,
		       struct gate *gate)
{
	int r = gate_guard_below(gate, kind->folder);

	if (r >= 0)
		r = sd_bus_add_fallback(bus, NULL, kind->folder, on_call, o);
	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus, NULL, kind->folder, kind->interface,
					       kind->vtable, find_object, o);
	return r;
}

int child_objects_export(struct child_objects *o, sd_bus *bus, struct gate *gate)
{
	int r = sd_bus_add_object_manager(bus, NULL, WD40_OBJECT_PATH);

	for (size_t k = 0; r >= 0 && k < NR_CHILD_KINDS; k++)
		r = export_kind(o, bus, child_kinds[k], gate);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus, NULL, node_objects.folder, list_nodes, o);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus, NULL, domain_objects.folder, list_domains, o);
	return r;
}
