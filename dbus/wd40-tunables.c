/* SPDX-License-Identifier: GPL-2.0-only */
#include "dbus/errors.h"
#include "dbus/gate.h"
#include "dbus/tunable-value.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-tunables.h"
#include "util/cleanup.h"

/* sd-bus calls us only for names that are in the vtable, so in the table. */
static int get_tunable(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	enum tunable_id id = tunable_by_bus_name(property);
	const struct wd40_context *context = userdata;
	struct tunable_value value = manager_value(context->manager, id);

	return tunable_value_append(reply, tunables[id].type, &value);
}

/* A transaction of one value. */
static int set_tunable(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct config_change change = { .id = tunable_by_bus_name(property) };
	const struct wd40_context *context = userdata;
	struct transaction_terms terms = { .author = gate_caller(context->gate) };
	_cleanup_(freep) char *list = NULL;
	struct transaction_result result;
	struct refusal refusal;
	int r;

	r = tunable_value_read(m, tunables[change.id].type, &change.value, &list);
	if (r < 0)
		return r;
	r = manager_set_tunables(context->manager, &change, 1, &terms, &result, &refusal);
	return r < 0 ? wd40_error_set(error, r, &refusal) : 0;
}

static void make_row(sd_bus_vtable *row, const struct tunable *t)
{
	const sd_bus_vtable made = SD_BUS_WRITABLE_PROPERTY(
		t->bus_name, tunable_signature(t->type), get_tunable, set_tunable, 0,
		SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE | SD_BUS_VTABLE_UNPRIVILEGED);

	/* Member by member: sd-bus wants the rest of the row's union to stay zero. */
	row->type = made.type;
	row->flags = made.flags;
	row->x.property = made.x.property;
}

const sd_bus_vtable *wd40_tunables_vtable(void)
{
	static sd_bus_vtable rows[NR_TUNABLES + 2] = {
		[0] = SD_BUS_VTABLE_START(0),
		[NR_TUNABLES + 1] = SD_BUS_VTABLE_END,
	};

	if (!rows[1].type)
		for (size_t i = 0; i < NR_TUNABLES; i++)
			make_row(&rows[i + 1], &tunables[i]);
	return rows;
}
