/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the objects of nodes and domains come, go and change, as clients are told. One that an attach leaves as
 * it was, with its number and CPUs, is the same object.
 */
#include <string.h>

#include "dbus/child-private.h"
#include "util/log.h"

void child_known_forget(struct child_known *known)
{
	for (size_t k = 0; k < NR_CHILD_KINDS; k++)
		free(known->numbers[k]);
	free(known->cpus);
	*known = (struct child_known){ 0 };
}

static uint32_t *copy_numbers(const struct child_kind *kind, const struct topology *t)
{
	uint32_t *numbers = calloc(kind->count(t), sizeof(*numbers));

	for (uint32_t i = 0; numbers && i < kind->count(t); i++)
		numbers[i] = kind->number(t, i);
	return numbers;
}

/* What there is now; nothing at all when out of memory. */
static struct child_known look(const struct manager *m)
{
	const struct topology *t = child_topology(m);
	struct child_known now = { 0 };
	bool whole;

	if (!t)
		return now;
	now.attached_usec = manager_attached_monotonic_usec(m);
	now.nr_cpus = t->nr_cpu_ids;
	now.cpus = calloc(t->nr_cpu_ids, sizeof(*now.cpus));
	whole = now.cpus;
	if (now.cpus)
		memcpy(now.cpus, t->cpus, t->nr_cpu_ids * sizeof(*now.cpus));
	for (size_t k = 0; k < NR_CHILD_KINDS; k++) {
		now.nr[k] = child_kinds[k]->count(t);
		now.numbers[k] = copy_numbers(child_kinds[k], t);
		whole = whole && now.numbers[k];
	}
	if (!whole)
		child_known_forget(&now);
	return now;
}

void child_objects_note(struct child_objects *o)
{
	child_known_forget(&o->known);
	o->known = look(o->manager);
}

static int tell_removed(sd_bus *bus, const struct child_kind *kind, const char *path)
{
	const char *interfaces[] = { "org.freedesktop.DBus.Peer",
				     "org.freedesktop.DBus.Introspectable",
				     "org.freedesktop.DBus.Properties", kind->interface, NULL };

	return sd_bus_emit_interfaces_removed_strv(bus, path, (char **)interfaces);
}

static bool same_place(const struct child_known *a, const struct child_known *b, uint32_t cpu)
{
	const struct topology_cpu *old = &a->cpus[cpu], *new = &b->cpus[cpu];

	return old->domain == new->domain && old->node == new->node;
}

/* Whether what has a number has the same index, of every kind: else it is not worth comparing. */
static bool same_numbers(const struct child_known *a, const struct child_known *b)
{
	for (size_t k = 0; k < NR_CHILD_KINDS; k++)
		for (uint32_t i = 0; i < a->nr[k] && i < b->nr[k]; i++)
			if (a->numbers[k][i] != b->numbers[k][i])
				return false;
	return a->nr_cpus == b->nr_cpus;
}

/* Whether the object is in both, and its CPUs are in the same domains and nodes. */
static bool stays(const struct child_known *a, const struct child_known *b, size_t k,
		  uint32_t index)
{
	if (index >= a->nr[k] || index >= b->nr[k] || !same_numbers(a, b))
		return false;
	if (a->attached_usec == b->attached_usec)
		return true; /* then it is its CPUs that change */
	for (uint32_t i = 0; i < a->nr_cpus; i++)
		if ((child_kinds[k]->owns(&a->cpus[i], index) ||
		     child_kinds[k]->owns(&b->cpus[i], index)) &&
		    !same_place(a, b, i))
			return false;
	return true;
}

/* The objects of one moment that are not those of the other have come, or gone. */
static int tell_others(const struct child_known *of, const struct child_known *other, sd_bus *bus,
		       bool added)
{
	char path[CHILD_PATH_SIZE];
	int r = 0;

	for (size_t k = 0; k < NR_CHILD_KINDS; k++) {
		for (uint32_t i = 0; r >= 0 && i < of->nr[k]; i++) {
			if (stays(of, other, k, i))
				continue;
			child_make_path(child_kinds[k], of->numbers[k][i], path);
			r = added ? sd_bus_emit_object_added(bus, path)
				  : tell_removed(bus, child_kinds[k], path);
		}
	}
	return r;
}

/* PropertiesChanged of one object, by the CPUs that it has or had. */
static int tell_cpus(const struct child_known *before, const struct child_known *now, sd_bus *bus,
		     size_t k, uint32_t index)
{
	const struct child_kind *kind = child_kinds[k];
	bool moved = false, switched = false;
	const char *names[3] = { NULL };
	char path[CHILD_PATH_SIZE];
	size_t n = 0;

	for (uint32_t i = 0; i < now->nr_cpus; i++) {
		const struct topology_cpu *old = &before->cpus[i], *new = &now->cpus[i];
		bool had = kind->owns(old, index), has = kind->owns(new, index);

		moved |= had != has;
		switched |= (had && old->online) != (has && new->online);
	}
	if (moved)
		names[n++] = "Cpus";
	if (switched)
		names[n++] = "OnlineCpus";
	if (!n)
		return 0;
	child_make_path(kind, now->numbers[k][index], path);
	return sd_bus_emit_properties_changed_strv(bus, path, kind->interface, (char **)names);
}

static bool same_cpus(const struct child_known *a, const struct child_known *b)
{
	if (a->nr_cpus != b->nr_cpus)
		return false;
	for (uint32_t i = 0; i < a->nr_cpus; i++)
		if (a->cpus[i].online != b->cpus[i].online || !same_place(a, b, i))
			return false;
	return true;
}

static int tell_changed(const struct child_known *before, const struct child_known *now,
			sd_bus *bus)
{
	int r = 0;

	if (same_cpus(before, now))
		return 0;
	for (size_t k = 0; k < NR_CHILD_KINDS; k++)
		for (uint32_t i = 0; r >= 0 && i < now->nr[k]; i++)
			if (stays(before, now, k, i))
				r = tell_cpus(before, now, bus, k, i);
	return r;
}

/* While a scheduler is attached anew it is not known yet which of them stay. */
void child_objects_tell(struct child_objects *o, sd_bus *bus)
{
	struct child_known before = o->known;
	int r;

	if (manager_get_state(o->manager) == STATE_REATTACHING)
		return;
	o->known = look(o->manager);
	r = tell_others(&before, &o->known, bus, false);
	if (r >= 0)
		r = tell_others(&o->known, &before, bus, true);
	if (r >= 0)
		r = tell_changed(&before, &o->known, bus);
	child_known_forget(&before);
	if (r < 0)
		log_errno(LOG_DEBUG, r, "the change of nodes and domains is not told");
}
