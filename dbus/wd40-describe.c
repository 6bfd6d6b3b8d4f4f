/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "daemon/manager.h"
#include "dbus/tunable-value.h"
#include "dbus/wd40-describe.h"
#include "dbus/wd40-object.h"
#include "util/cleanup.h"

static int append_text(sd_bus_message *m, const char *key, const char *text)
{
	return sd_bus_message_append(m, "{sv}", key, "s", text);
}

/* An end of the range, in the tunable's own type. Booleans and lists have none. */
static int append_bound(sd_bus_message *m, const char *key, enum tunable_type type, double bound)
{
	struct tunable_value value = { 0 };

	switch (type) {
	case TUNABLE_UINT: value.u = (uint32_t)bound; break;
	case TUNABLE_USEC: value.usec = (uint64_t)bound; break;
	case TUNABLE_PERCENT: value.percent = bound; break;
	default: return 0;
	}
	return tunable_value_append_entry(m, key, type, &value);
}

static int append_default(sd_bus_message *m, enum tunable_id id)
{
	char why[TUNABLE_WHY_MAX];
	struct tunable_value value;
	int r = tunable_parse(id, tunables[id].default_text, &value, why);

	if (r < 0)
		return r;
	r = tunable_value_append_entry(m, "default", tunables[id].type, &value);
	tunable_value_done(id, &value);
	return r;
}

/* On the bus times are in microseconds, whatever files use. */
static const char *unit_of(const struct tunable *t)
{
	return t->type == TUNABLE_USEC ? "us" : tunable_unit_symbol(t->unit);
}

static int append_row(sd_bus_message *m, enum tunable_id id)
{
	const struct tunable *t = &tunables[id];
	int r;

	r = append_text(m, "key", t->key);
	if (r >= 0)
		r = append_text(m, "type", tunable_signature(t->type));
	if (r >= 0)
		r = append_text(m, "unit", unit_of(t));
	if (r >= 0)
		r = append_bound(m, "min", t->type, t->min);
	if (r >= 0)
		r = append_bound(m, "max", t->type, t->max);
	if (r >= 0)
		r = append_default(m, id);
	if (r >= 0)
		r = append_text(m, "applied", t->applied == APPLIED_LIVE ? "live" : "reattach");
	return r < 0 ? r : append_text(m, "description", t->help);
}

/* The name of a file may be anything; that of a string on the bus is UTF-8. */
static int append_place(sd_bus_message *m, const struct config_origin *origin)
{
	int r = append_text(m, "path", origin->path);

	if (r == -EINVAL)
		r = append_text(m, "path", "?");
	return r < 0 ? r : sd_bus_message_append(m, "{sv}", "line", "u", origin->line);
}

static int append_reverted(sd_bus_message *m, const struct transactions *t, enum tunable_id id)
{
	enum revert_cause cause;
	uint64_t generation;

	if (!transactions_reverted(t, id, &generation, &cause))
		return 0;
	return sd_bus_message_append(m, "{sv}", "reverted", "(ts)", generation,
				     revert_cause_name(cause));
}

static int append_origin(sd_bus_message *m, const struct manager *manager, enum tunable_id id)
{
	struct config_origin origin = config_origin(manager_config(manager), id);
	int r = append_text(m, "origin", config_origin_name(&origin));

	if (r >= 0 && origin.layer == LAYER_FILE)
		r = append_place(m, &origin);
	return r < 0 ? r : append_reverted(m, manager_transactions(manager), id);
}

static int append_tunable(sd_bus_message *m, const struct manager *manager, enum tunable_id id)
{
	struct tunable_value current = manager_value(manager, id);
	int r;

	r = sd_bus_message_open_container(m, 'e', "sa{sv}");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", tunables[id].bus_name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = append_row(m, id);
	if (r >= 0)
		r = tunable_value_append_entry(m, "current", tunables[id].type, &current);
	if (r >= 0)
		r = append_origin(m, manager, id);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int describe_tunables(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct wd40_context *context = userdata;
	int r;

	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
	for (int id = 0; r >= 0 && id < NR_TUNABLES; id++)
		r = append_tunable(reply, context->manager, id);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

struct findings {
	sd_bus_message *reply;
	uid_t reader;
	int error;
};

/* Texts of problems are printable ASCII. */
static void append_problem(const struct config_problem *p, void *userdata)
{
	struct findings *f = userdata;
	struct config_problem told = config_problem_for(f->reader, p);

	if (f->error >= 0)
		f->error = sd_bus_message_append(f->reply, "(ssus)", told.path, told.key, told.line,
						 told.message);
}

static int check_config(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct wd40_context *context = userdata;
	struct findings findings = { .reader = gate_caller(context->gate).uid };
	int r;

	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssus)");
	if (r < 0)
		return r;
	findings.reply = reply;
	r = config_try_load(manager_config(context->manager), append_problem, &findings);
	if (r >= 0)
		r = findings.error;
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

const sd_bus_vtable wd40_describe_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_NAMES("DescribeTunables", "", , "a{sa{sv}}", SD_BUS_PARAM(tunables),
				 describe_tunables, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_NAMES("CheckConfig", "", , "a(ssus)", SD_BUS_PARAM(problems),
				 check_config, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
