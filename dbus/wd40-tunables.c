/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manager.h"
#include "dbus/errors.h"
#include "dbus/wd40-tunables.h"
#include "util/cleanup.h"

static int append_list(sd_bus_message *reply, const char *text)
{
	_cleanup_(freep) char *copy = strdup(text);
	char *rest = copy, *item;
	int r;

	if (!copy)
		return -ENOMEM;
	r = sd_bus_message_open_container(reply, 'a', "s");
	while (r >= 0 && (item = strsep(&rest, ";")))
		if (*item)
			r = sd_bus_message_append(reply, "s", item);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* sd-bus calls us only for names that are in the vtable, so in the table. */
static int get_tunable(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	enum tunable_id id = tunable_by_bus_name(property);
	struct tunable_value value = manager_value(userdata, id);

	switch (tunables[id].type) {
	case TUNABLE_BOOL: return sd_bus_message_append(reply, "b", value.b);
	case TUNABLE_UINT: return sd_bus_message_append(reply, "u", value.u);
	case TUNABLE_USEC: return sd_bus_message_append(reply, "t", value.usec);
	case TUNABLE_PERCENT: return sd_bus_message_append(reply, "d", value.percent);
	case TUNABLE_LIST: return append_list(reply, value.list);
	default: return -EINVAL;
	}
}

/* An array of strings as text with ";" between the items. */
static int read_list(sd_bus_message *m, char **ret)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(fclosep) FILE *stream = NULL;
	const char *item, *separator = "";
	size_t size;
	int r;

	stream = open_memstream(&text, &size);
	if (!stream)
		return -errno;
	r = sd_bus_message_enter_container(m, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read_basic(m, 's', &item)) > 0) {
		if (!*item)
			return -EINVAL; /* alone it would look like no item */
		fprintf(stream, "%s%s", separator, item);
		separator = ";";
	}
	if (r < 0)
		return r;
	if (fflush(stream) != 0)
		return -ENOMEM;
	*ret = strdup(text);
	return *ret ? sd_bus_message_exit_container(m) : -ENOMEM;
}

/* list: what value->list borrows, if it is one. */
static int read_value(sd_bus_message *m, enum tunable_type type, struct tunable_value *value,
		      char **list)
{
	int b, r;

	switch (type) {
	case TUNABLE_BOOL:
		r = sd_bus_message_read(m, "b", &b);
		value->b = r >= 0 && b;
		return r;
	case TUNABLE_UINT: return sd_bus_message_read(m, "u", &value->u);
	case TUNABLE_USEC: return sd_bus_message_read(m, "t", &value->usec);
	case TUNABLE_PERCENT: return sd_bus_message_read(m, "d", &value->percent);
	case TUNABLE_LIST:
		r = read_list(m, list);
		value->list = *list;
		return r;
	default: return -EINVAL;
	}
}

static int sender_uid(sd_bus_message *m, uid_t *ret)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	int r;

	r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds);
	return r < 0 ? r : sd_bus_creds_get_euid(creds, ret);
}

static int set_tunable(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct config_change change = { .id = tunable_by_bus_name(property) };
	struct transaction_terms terms = { 0 };
	_cleanup_(freep) char *list = NULL;
	struct transaction_result result;
	struct refusal refusal;
	int r;

	r = read_value(m, tunables[change.id].type, &change.value, &list);
	if (r < 0)
		return r;
	r = sender_uid(m, &terms.author.uid);
	if (r < 0)
		return r;
	r = manager_set_tunables(userdata, &change, 1, &terms, &result, &refusal);
	return r < 0 ? wd40_error_set(error, r, &refusal) : 0;
}

static void make_row(sd_bus_vtable *row, const struct tunable *t)
{
	const sd_bus_vtable made =
		SD_BUS_WRITABLE_PROPERTY(t->bus_name, tunable_signature(t->type), get_tunable,
					 set_tunable, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);

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
