/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/tunable-value.h"
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

int tunable_value_append(sd_bus_message *m, enum tunable_type type,
			 const struct tunable_value *value)
{
	switch (type) {
	case TUNABLE_BOOL: return sd_bus_message_append(m, "b", value->b);
	case TUNABLE_UINT: return sd_bus_message_append(m, "u", value->u);
	case TUNABLE_USEC: return sd_bus_message_append(m, "t", value->usec);
	case TUNABLE_PERCENT: return sd_bus_message_append(m, "d", value->percent);
	case TUNABLE_LIST: return append_list(m, value->list);
	default: return -EINVAL;
	}
}

int tunable_value_append_entry(sd_bus_message *m, const char *key, enum tunable_type type,
			       const struct tunable_value *value)
{
	int r;

	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", key);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', tunable_signature(type));
	if (r >= 0)
		r = tunable_value_append(m, type, value);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
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

int tunable_value_read(sd_bus_message *m, enum tunable_type type, struct tunable_value *value,
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
