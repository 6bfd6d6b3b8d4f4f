/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/bus-json.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

json_object *bus_json_double(double number)
{
	char text[32];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	return json_object_new_double_s(number, text);
}

/* null stands for what is not finite: JSON has no number for it. */
static int give_double(double number, json_object **ret)
{
	*ret = isfinite(number) ? bus_json_double(number) : NULL;
	return isfinite(number) && !*ret ? -ENOMEM : 0;
}

static int give(json_object *object, json_object **ret)
{
	*ret = object;
	return object ? 0 : -ENOMEM;
}

static int give_text(const char *text, json_object **ret)
{
	_cleanup_(freep) char *printable = strdup(text);

	if (!printable)
		return -ENOMEM;
	text_copy_printable(printable, strlen(text) + 1, text);
	return give(json_object_new_string(printable), ret);
}

static int read_basic(sd_bus_message *m, char type, json_object **ret)
{
	union {
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
		int b;
		const char *s;
	} value = { 0 };
	int r = sd_bus_message_read_basic(m, type, &value);

	if (r < 0)
		return r;
	switch (type) {
	case 'y': return give(json_object_new_int(value.y), ret);
	case 'n': return give(json_object_new_int(value.n), ret);
	case 'q': return give(json_object_new_int(value.q), ret);
	case 'i': return give(json_object_new_int(value.i), ret);
	case 'u': return give(json_object_new_int64(value.u), ret);
	case 'x': return give(json_object_new_int64(value.x), ret);
	case 't': return give(json_object_new_uint64(value.t), ret);
	case 'd': return give_double(value.d, ret);
	case 'b': return give(json_object_new_boolean(value.b), ret);
	default: return give_text(value.s, ret);
	}
}

/* The values up to the end of the container that the message is in. */
static int read_items(sd_bus_message *m, json_object *array)
{
	int r;

	while ((r = sd_bus_message_at_end(m, false)) == 0) {
		json_object *item = NULL;

		r = bus_json_read(m, &item);
		if (r < 0)
			return r;
		if (json_object_array_add(array, item) < 0) {
			json_object_put(item);
			return -ENOMEM;
		}
	}
	return r;
}

static int read_entry(sd_bus_message *m, json_object *object)
{
	_cleanup_(json_putp) json_object *key = NULL, *value = NULL;
	int r = bus_json_read(m, &key);

	if (r >= 0)
		r = bus_json_read(m, &value);
	if (r < 0)
		return r;
	r = json_object_object_add(object, json_text(key), value);
	if (r < 0)
		return -ENOMEM;
	value = NULL;
	return 0;
}

static int read_entries(sd_bus_message *m, const char *entry, json_object *object)
{
	char inner[64];
	int r;

	/* "{sv}" is entered as "sv" */
	snprintf(inner, sizeof(inner), "%.*s", (int)strlen(entry) - 2, entry + 1);
	while ((r = sd_bus_message_enter_container(m, 'e', inner)) > 0) {
		r = read_entry(m, object);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_container(sd_bus_message *m, char type, const char *contents, json_object **ret)
{
	bool dictionary = type == 'a' && contents[0] == '{';
	_cleanup_(json_putp) json_object *object =
		dictionary ? json_object_new_object() : json_object_new_array();
	int r;

	if (!object)
		return -ENOMEM;
	r = sd_bus_message_enter_container(m, type, contents);
	if (r >= 0)
		r = dictionary ? read_entries(m, contents, object) : read_items(m, object);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r >= 0)
		*ret = TAKE_PTR(object);
	return r < 0 ? r : 0;
}

static int read_variant(sd_bus_message *m, const char *contents, json_object **ret)
{
	_cleanup_(json_putp) json_object *object = NULL;
	int r = sd_bus_message_enter_container(m, 'v', contents);

	if (r >= 0)
		r = bus_json_read(m, &object);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r >= 0)
		*ret = TAKE_PTR(object);
	return r < 0 ? r : 0;
}

int bus_json_read(sd_bus_message *m, json_object **ret)
{
	const char *contents;
	char type;
	int r = sd_bus_message_peek_type(m, &type, &contents);

	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	switch (type) {
	case 'a':
	case 'r': return read_container(m, type, contents, ret);
	case 'v': return read_variant(m, contents, ret);
	case 'h': return -EOPNOTSUPP;
	default: return read_basic(m, type, ret);
	}
}

int bus_json_read_all(sd_bus_message *m, json_object **ret)
{
	_cleanup_(json_putp) json_object *all = json_object_new_array();
	int r = all ? read_items(m, all) : -ENOMEM;

	if (r < 0)
		return r;
	*ret = NULL;
	if (json_object_array_length(all) == 1)
		*ret = json_object_get(json_object_array_get_idx(all, 0));
	else if (json_object_array_length(all) > 1)
		*ret = TAKE_PTR(all);
	return 0;
}
