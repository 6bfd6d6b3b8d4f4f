/* SPDX-License-Identifier: GPL-2.0-only */
#include "dbus/wd40-details.h"

#include "daemon/sched-exit.h"
#include "dbus/tunable-value.h"
#include "dbus/wd40-object.h"

static int append_text(sd_bus_message *m, const char *key, const char *text)
{
	return sd_bus_message_append(m, "{sv}", key, "s", text);
}

static int append_exit(sd_bus_message *m, const struct manager *manager)
{
	static const struct sched_exit none;
	const struct sched_exit *e = manager_last_exit(manager) ?: &none;

	return sd_bus_message_append(m, "{sv}", "LastExit", "(sxss)", sched_exit_kind_name(e->kind),
				     e->code, e->reason, e->message);
}

static int append_author(sd_bus_message *m, enum tunable_id id, const struct config_origin *origin)
{
	int r;

	r = sd_bus_message_open_container(m, 'e', "sa{sv}");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", tunables[id].bus_name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}", "uid", "u", origin->uid);
	if (r >= 0 && origin->unit)
		r = append_text(m, "caller", origin->unit);
	if (r >= 0 && origin->reason)
		r = append_text(m, "reason", origin->reason);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_all_authors(sd_bus_message *m, const struct manager *manager)
{
	int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");

	for (int id = 0; r >= 0 && id < NR_TUNABLES; id++) {
		struct config_origin origin = config_origin(manager_config(manager), id);

		if (origin.layer == LAYER_RUNTIME)
			r = append_author(m, id, &origin);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_authors(sd_bus_message *m, const struct manager *manager)
{
	int r;

	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", "Authors");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "a{sa{sv}}");
	if (r >= 0)
		r = append_all_authors(m, manager);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int get_details(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct wd40_context *context = userdata;
	int r;

	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r >= 0)
		r = append_text(reply, "StateReason", manager_full_reason(context->manager));
	if (r >= 0)
		r = append_exit(reply, context->manager);
	if (r >= 0)
		r = append_authors(reply, context->manager);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

const sd_bus_vtable wd40_details_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_NAMES("GetDetails", "", , "a{sv}", SD_BUS_PARAM(details), get_details,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_NAMES("TunablesChanged", "ta{sv}suss",
				 SD_BUS_PARAM(generation) SD_BUS_PARAM(values) SD_BUS_PARAM(origin)
					 SD_BUS_PARAM(uid) SD_BUS_PARAM(caller)
						 SD_BUS_PARAM(reason),
				 0),
	SD_BUS_SIGNAL_WITH_NAMES("SchedulerExited", "sxsbs",
				 SD_BUS_PARAM(kind) SD_BUS_PARAM(code) SD_BUS_PARAM(reason)
					 SD_BUS_PARAM(will_restart) SD_BUS_PARAM(message),
				 0),
	SD_BUS_VTABLE_END,
};

static int append_values(sd_bus_message *m, const struct manager *manager,
			 const struct tunables_change *change)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < change->n; i++) {
		const struct tunable *t = &tunables[change->ids[i]];
		struct tunable_value value = manager_value(manager, change->ids[i]);

		r = tunable_value_append_entry(m, t->bus_name, t->type, &value);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int send_change_on(const char *interface, sd_bus *bus, const struct manager *manager,
			  const struct tunables_change *change, const struct config_author *author)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_signal(bus, &m, WD40_OBJECT_PATH, interface, "TunablesChanged");
	if (r >= 0)
		r = sd_bus_message_append(m, "t", change->generation);
	if (r >= 0)
		r = append_values(m, manager, change);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", change->origin);
	if (r >= 0 && author)
		r = sd_bus_message_append(m, "uss", author->uid, author->unit ?: "",
					  author->reason ?: "");
	return r < 0 ? r : sd_bus_send(bus, m, NULL);
}

int wd40_send_change(sd_bus *bus, const struct manager *m, const struct tunables_change *change)
{
	int r = send_change_on(WD40_DETAILS_INTERFACE, bus, m, change, &change->author);

	return r < 0 ? r : send_change_on(WD40_INTERFACE, bus, m, change, NULL);
}

int wd40_send_exit(sd_bus *bus, const struct sched_exit *exit, bool will_restart)
{
	const char *kind = sched_exit_kind_name(exit->kind);
	int r;

	r = sd_bus_emit_signal(bus, WD40_OBJECT_PATH, WD40_DETAILS_INTERFACE, "SchedulerExited",
			       "sxsbs", kind, exit->code, exit->reason, will_restart,
			       exit->message);
	if (r < 0)
		return r;
	return sd_bus_emit_signal(bus, WD40_OBJECT_PATH, WD40_INTERFACE, "SchedulerExited", "sxsb",
				  kind, exit->code, exit->reason, will_restart);
}
