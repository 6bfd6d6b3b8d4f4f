/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "daemon/manager.h"
#include "daemon/sched-exit.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-state.h"

#define API_VERSION 2u

/* Getter of a property that one expression of the manager m gives. */
#define GETTER(name, signature, expression)                                          \
	static int name(sd_bus *bus, const char *path, const char *interface,        \
			const char *property, sd_bus_message *reply, void *userdata, \
			sd_bus_error *error)                                         \
	{                                                                            \
		const struct manager *m __attribute__((unused)) = userdata;          \
                                                                                     \
		return sd_bus_message_append(reply, signature, expression);          \
	}

GETTER(get_version, "s", WD40D_VERSION)
GETTER(get_api_version, "u", API_VERSION)
GETTER(get_state, "s", manager_state_name(manager_get_state(m)))
GETTER(get_ops_name, "s", WD40_OPS_NAME)
GETTER(get_enable_sequence, "t", manager_enable_seq(m))
GETTER(get_attached, "t", manager_attached_realtime_usec(m))
GETTER(get_attached_monotonic, "t", manager_attached_monotonic_usec(m))
GETTER(get_restart_count, "u", manager_restart_count(m))
GETTER(get_generation, "t", manager_generation(m))
GETTER(get_instance, "s", transactions_instance(manager_transactions(m)))
GETTER(get_config_problems, "u", config_nr_problems(manager_config(m)))
GETTER(get_unconfirmed, "t", transactions_unconfirmed(manager_transactions(m)))
GETTER(get_deadline, "t", transactions_deadline_usec(manager_transactions(m)))

/* The name of a file may be anything; that of a string on the bus is UTF-8. */
static int append_text(sd_bus_message *reply, const char *text)
{
	int r = sd_bus_message_append(reply, "s", text);

	return r == -EINVAL ? sd_bus_message_append(reply, "s", "?") : r;
}

static int get_state_reason(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	return append_text(reply, manager_reason(userdata));
}

/* Before the first exit: kind "none" and an empty text. What the kernel said besides is not for everybody. */
static int get_last_exit(sd_bus *bus, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	static const struct sched_exit none;
	const struct sched_exit *e = manager_last_exit(userdata) ?: &none;

	return sd_bus_message_append(reply, "(sxs)", sched_exit_kind_name(e->kind), e->code,
				     e->reason);
}

static int append_names(sd_bus_message *reply, tunable_mask ids)
{
	const char *names[NR_TUNABLES + 1];
	size_t n = 0;

	for (size_t id = 0; id < NR_TUNABLES; id++)
		if (ids & TUNABLE_BIT(id))
			names[n++] = tunables[id].bus_name;
	names[n] = NULL;
	return sd_bus_message_append_strv(reply, (char **)names);
}

static int get_pending(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	tunable_mask ids = 0;

	for (size_t id = 0; id < NR_TUNABLES; id++)
		if (manager_pending_reattach(userdata, id))
			ids |= TUNABLE_BIT(id);
	return append_names(reply, ids);
}

static int get_unsaved(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return append_names(reply, config_unsaved(manager_config(userdata)));
}

static int get_config_files(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const char *const *files = config_files(manager_config(userdata));
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (; r >= 0 && *files; files++)
		r = append_text(reply, *files);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_topology(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct topology *t = manager_topology(userdata);
	_cleanup_(freep) char *text = t ? topology_describe(t) : NULL;

	return sd_bus_message_append(reply, "s", text ?: "");
}

static int append_domain(sd_bus_message *reply, const struct topology *t, uint32_t id)
{
	const struct topology_domain *d = &t->domains[id];
	int r;

	r = sd_bus_message_open_container(reply, 'r', "uuau");
	if (r >= 0)
		r = sd_bus_message_append(reply, "uu", id, t->nodes[d->node].id);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "u");
	for (uint32_t cpu = cpuset_first(d->cpus); r >= 0 && cpu != UINT32_MAX;
	     cpu = cpuset_next(d->cpus, cpu))
		r = sd_bus_message_append(reply, "u", cpu);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_domains(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct topology *t = manager_topology(userdata);
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(uuau)");
	for (uint32_t id = 0; r >= 0 && t && id < t->nr_domains; id++)
		r = append_domain(reply, t, id);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define CONST       SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS       SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define NOT_TRACKED 0 /* changes without our doing; read it when needed */

const sd_bus_vtable wd40_state_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, CONST),
	SD_BUS_PROPERTY("ApiVersion", "u", get_api_version, 0, CONST),
	SD_BUS_PROPERTY("State", "s", get_state, 0, EMITS),
	SD_BUS_PROPERTY("StateReason", "s", get_state_reason, 0, EMITS),
	SD_BUS_PROPERTY("OpsName", "s", get_ops_name, 0, CONST),
	SD_BUS_PROPERTY("EnableSequence", "t", get_enable_sequence, 0, NOT_TRACKED),
	SD_BUS_PROPERTY("AttachedTimestamp", "t", get_attached, 0, EMITS),
	SD_BUS_PROPERTY("AttachedTimestampMonotonic", "t", get_attached_monotonic, 0, EMITS),
	SD_BUS_PROPERTY("LastExit", "(sxs)", get_last_exit, 0, EMITS),
	SD_BUS_PROPERTY("RestartCount", "u", get_restart_count, 0, EMITS),
	SD_BUS_PROPERTY("Generation", "t", get_generation, 0, EMITS),
	SD_BUS_PROPERTY("InstanceId", "s", get_instance, 0, CONST),
	SD_BUS_PROPERTY("PendingReattach", "as", get_pending, 0, EMITS),
	SD_BUS_PROPERTY("UnsavedTunables", "as", get_unsaved, 0, EMITS),
	SD_BUS_PROPERTY("UnconfirmedGeneration", "t", get_unconfirmed, 0, EMITS),
	SD_BUS_PROPERTY("RevertDeadlineUSec", "t", get_deadline, 0, EMITS),
	SD_BUS_PROPERTY("ConfigFiles", "as", get_config_files, 0, NOT_TRACKED),
	SD_BUS_PROPERTY("ConfigProblems", "u", get_config_problems, 0, EMITS),
	SD_BUS_PROPERTY("Topology", "s", get_topology, 0, EMITS),
	SD_BUS_PROPERTY("Domains", "a(uuau)", get_domains, 0, EMITS),
	SD_BUS_SIGNAL_WITH_NAMES("SchedulerExited", "sxsb",
				 SD_BUS_PARAM(kind) SD_BUS_PARAM(code) SD_BUS_PARAM(reason)
					 SD_BUS_PARAM(will_restart),
				 0),
	SD_BUS_SIGNAL_WITH_NAMES("TunablesChanged", "ta{sv}s",
				 SD_BUS_PARAM(generation) SD_BUS_PARAM(values) SD_BUS_PARAM(origin),
				 0),
	SD_BUS_SIGNAL_WITH_NAMES("TunablesReverted", "ts",
				 SD_BUS_PARAM(generation) SD_BUS_PARAM(cause), 0),
	SD_BUS_VTABLE_END,
};
