/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/child-objects.h"
#include "dbus/log-control.h"
#include "dbus/wd40-balance.h"
#include "dbus/wd40-changes.h"
#include "dbus/wd40-control.h"
#include "dbus/wd40-describe.h"
#include "dbus/wd40-details.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-state.h"
#include "dbus/wd40-statistics.h"
#include "dbus/wd40-subscriptions.h"
#include "dbus/wd40-tunables.h"
#include "util/cleanup.h"
#include "util/log.h"

/* Properties that may change with any event, as clients know them. */
struct told {
	enum manager_state state;
	uint64_t attached_usec;
	uint32_t restart_count, config_problems;
	uint64_t generation, unconfirmed, deadline_usec;
	tunable_mask pending, unsaved;
	char *topology; /* NULL while there is none */
	char *reason;
};
#define MAX_CHANGES (NR_TUNABLES + 16)

static void told_done(struct told *t)
{
	free(t->topology);
	free(t->reason);
}

struct wd40_object {
	struct loop *loop;
	struct wd40_context context;
	struct told told;
	struct child_objects *children;
};

int wd40_object_new(struct loop *loop, struct manager *m, struct wd40_object **ret)
{
	struct wd40_object *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->loop = loop;
	o->context.manager = m;
	if (child_objects_new(m, &o->children) < 0) {
		free(o);
		return -ENOMEM;
	}
	*ret = o;
	return 0;
}

struct wd40_object *wd40_object_free(struct wd40_object *o)
{
	if (!o)
		return NULL;
	wd40_object_drop(o);
	child_objects_free(o->children);
	told_done(&o->told);
	free(o);
	return NULL;
}

static struct told told_now(const struct manager *m)
{
	const struct topology *t = manager_topology(m);
	struct told now = {
		.state = manager_get_state(m),
		.attached_usec = manager_attached_monotonic_usec(m),
		.restart_count = manager_restart_count(m),
		.generation = manager_generation(m),
		.unconfirmed = transactions_unconfirmed(manager_transactions(m)),
		.deadline_usec = transactions_deadline_usec(manager_transactions(m)),
		.config_problems = config_nr_problems(manager_config(m)),
		.unsaved = config_unsaved(manager_config(m)),
		.topology = t ? topology_describe(t) : NULL,
		.reason = strdup(manager_reason(m)),
	};

	for (size_t id = 0; id < NR_TUNABLES; id++)
		if (manager_pending_reattach(m, id))
			now.pending |= TUNABLE_BIT(id);
	return now;
}

static bool texts_differ(const char *a, const char *b)
{
	return strcmp(a ?: "", b ?: "") != 0;
}

/* Appends the names of the properties that changed since the last time. */
static size_t note_changes(struct wd40_object *o, const char **names, size_t n)
{
	struct told now = told_now(o->context.manager), before = o->told;

	if (now.state != before.state)
		names[n++] = "State";
	if (texts_differ(now.reason, before.reason))
		names[n++] = "StateReason";
	if (now.attached_usec != before.attached_usec) {
		names[n++] = "AttachedTimestamp";
		names[n++] = "AttachedTimestampMonotonic";
	}
	if (now.restart_count != before.restart_count)
		names[n++] = "RestartCount";
	if (now.generation != before.generation)
		names[n++] = "Generation";
	if (now.pending != before.pending)
		names[n++] = "PendingReattach";
	if (now.unsaved != before.unsaved)
		names[n++] = "UnsavedTunables";
	if (now.config_problems != before.config_problems)
		names[n++] = "ConfigProblems";
	if (now.unconfirmed != before.unconfirmed)
		names[n++] = "UnconfirmedGeneration";
	if (now.deadline_usec != before.deadline_usec)
		names[n++] = "RevertDeadlineUSec";
	if (texts_differ(now.topology, before.topology)) {
		names[n++] = "Topology";
		names[n++] = "Domains";
	}
	told_done(&before);
	o->told = now;
	return n;
}

static void emit_changes(struct wd40_object *o, sd_bus *bus, const char **names, size_t n)
{
	int r;

	n = note_changes(o, names, n);
	if (!n)
		return;
	names[n] = NULL;
	r = sd_bus_emit_properties_changed_strv(bus, WD40_OBJECT_PATH, WD40_INTERFACE,
						(char **)names);
	if (r < 0)
		log_errno(LOG_DEBUG, r, "PropertiesChanged is not sent");
}

void wd40_object_emit_state(struct wd40_object *o, sd_bus *bus)
{
	const char *names[MAX_CHANGES + 1];

	emit_changes(o, bus, names, 0);
	child_objects_tell(o->children, bus);
}

void wd40_object_emit_tunables(struct wd40_object *o, sd_bus *bus,
			       const struct tunables_change *change)
{
	const char *names[MAX_CHANGES + 1];
	int r;

	r = wd40_send_change(bus, o->context.manager, change);
	if (r < 0)
		log_errno(LOG_DEBUG, r, "TunablesChanged is not sent");
	for (size_t i = 0; i < change->n; i++)
		names[i] = tunables[change->ids[i]].bus_name;
	emit_changes(o, bus, names, change->n);
}

void wd40_object_emit_reverted(sd_bus *bus, uint64_t generation, enum revert_cause cause)
{
	int r = sd_bus_emit_signal(bus, WD40_OBJECT_PATH, WD40_INTERFACE, "TunablesReverted", "ts",
				   generation, revert_cause_name(cause));

	if (r < 0)
		log_errno(LOG_DEBUG, r, "TunablesReverted is not sent");
}

void wd40_object_emit_exit(struct wd40_object *o, sd_bus *bus, const struct sched_exit *exit,
			   bool will_restart)
{
	const char *names[MAX_CHANGES + 1] = { "LastExit" };
	int r;

	r = wd40_send_exit(bus, exit, will_restart);
	if (r < 0)
		log_errno(LOG_DEBUG, r, "SchedulerExited is not sent");
	emit_changes(o, bus, names, 1);
}

/* sd-bus shows the interface that came last first. */
size_t wd40_object_parts(struct wd40_part ret[WD40_PARTS_MAX])
{
	const struct wd40_part parts[] = {
		{ WD40_STATISTICS_INTERFACE, wd40_counters_vtable(), true },
		{ WD40_STATISTICS_INTERFACE, wd40_statistics_vtable, false },
		{ WD40_STATISTICS_INTERFACE, wd40_subscriptions_vtable, false },
		{ WD40_STATISTICS_INTERFACE, wd40_balance_vtable, true },
		{ WD40_DETAILS_INTERFACE, wd40_details_vtable, false },
		{ WD40_INTERFACE, wd40_control_vtable, false },
		{ WD40_INTERFACE, wd40_describe_vtable, false },
		{ WD40_INTERFACE, wd40_changes_vtable, false },
		{ WD40_INTERFACE, wd40_state_vtable, true },
		{ WD40_INTERFACE, wd40_tunables_vtable(), false },
	};

	_Static_assert(ARRAY_SIZE(parts) <= WD40_PARTS_MAX, "there is room for all parts");
	memcpy(ret, parts, sizeof(parts));
	return ARRAY_SIZE(parts);
}

static const char *arguments_of(const sd_bus_vtable *row, const char *member)
{
	for (; row->type != _SD_BUS_VTABLE_END; row++)
		if (row->type == _SD_BUS_VTABLE_METHOD && strcmp(row->x.method.member, member) == 0)
			return row->x.method.signature;
	return NULL;
}

const char *wd40_object_arguments(const char *interface, const char *member)
{
	struct wd40_part parts[WD40_PARTS_MAX];
	size_t n = wd40_object_parts(parts);
	const char *signature = NULL;

	for (size_t i = 0; i < n && !signature; i++)
		if (strcmp(parts[i].interface, interface) == 0)
			signature = arguments_of(parts[i].vtable, member);
	return signature;
}

int wd40_object_export(sd_bus *bus, struct wd40_context *context)
{
	struct wd40_part parts[WD40_PARTS_MAX];
	size_t n = wd40_object_parts(parts);
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = sd_bus_add_object_vtable(
			bus, NULL, WD40_OBJECT_PATH, parts[i].interface, parts[i].vtable,
			parts[i].of_manager ? (void *)context->manager : context);
	return r;
}

int wd40_object_add(struct wd40_object *o, sd_bus *bus, struct peers *peers)
{
	int r;

	told_done(&o->told);
	o->told = told_now(o->context.manager);
	child_objects_note(o->children);
	r = gate_new(bus, peers, &o->context.gate);
	if (r >= 0)
		r = delivery_new(o->loop, bus, peers, o->context.gate, o->context.manager,
				 &o->context.delivery);
	if (r >= 0)
		r = subscriptions_new(o->loop, o->context.manager, bus, peers, o->context.delivery,
				      &o->context.subscriptions);
	if (r >= 0)
		r = gate_guard(o->context.gate, WD40_OBJECT_PATH);
	if (r >= 0)
		r = gate_guard(o->context.gate, LOG_CONTROL_PATH);
	if (r >= 0)
		r = log_control_export(bus);
	if (r >= 0)
		r = child_objects_export(o->children, bus, o->context.gate);
	return r < 0 ? r : wd40_object_export(bus, &o->context);
}

void wd40_object_drop(struct wd40_object *o)
{
	o->context.subscriptions = subscriptions_free(o->context.subscriptions);
	o->context.delivery = delivery_free(o->context.delivery);
	o->context.gate = gate_free(o->context.gate);
}
