/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/tunable-text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

int tunable_by_name(const char *name)
{
	int id = tunable_by_key(name);

	return id >= 0 ? id : tunable_by_bus_name(name);
}

json_object *tunable_keys(json_object *names)
{
	json_object *keys = json_object_new_array();

	for (size_t i = 0; i < json_length(names); i++) {
		const char *name = json_text(json_at(names, i));
		int id = tunable_by_name(name);

		json_object_array_add(keys,
				      json_object_new_string(id >= 0 ? tunables[id].key : name));
	}
	return keys;
}

json_object *tunable_row(json_object *all, const char *name, const char **bus_name)
{
	if (!json_object_is_type(all, json_type_object))
		return NULL;
	json_object_object_foreach (all, key, row) {
		if (strcmp(key, name) != 0 && strcmp(tunable_row_string(row, "key"), name) != 0)
			continue;
		if (bus_name)
			*bus_name = key;
		return row;
	}
	return NULL;
}

const char *tunable_row_string(json_object *row, const char *field)
{
	json_object *value;

	if (!json_object_object_get_ex(row, field, &value))
		return "";
	return json_text(value);
}

/* The items of a list with ';' between them, as files have them. */
static char *join(json_object *list)
{
	_cleanup_(freep) char *text = strdup("");

	for (size_t i = 0; text && i < json_length(list); i++) {
		const char *item = json_text(json_at(list, i));
		char *longer;

		if (asprintf(&longer, "%s%s%s", text, i ? ";" : "", item) < 0)
			return NULL;
		free(text);
		text = longer;
	}
	return TAKE_PTR(text);
}

typedef char *(*format_fn)(enum tunable_id id, const struct tunable_value *value);

static char *format_known(enum tunable_id id, json_object *json, format_fn format)
{
	_cleanup_(freep) char *list = NULL;
	struct tunable_value value = { 0 };

	switch (tunables[id].type) {
	case TUNABLE_BOOL: value.b = json_object_get_boolean(json); break;
	case TUNABLE_UINT: value.u = (uint32_t)json_object_get_int64(json); break;
	case TUNABLE_USEC: value.usec = json_object_get_uint64(json); break;
	case TUNABLE_PERCENT: value.percent = json_object_get_double(json); break;
	default:
		value.list = list = join(json);
		if (!list)
			return NULL;
	}
	return format(id, &value);
}

char *tunable_text(const char *name, json_object *value)
{
	int id = tunable_by_name(name);

	return id >= 0 ? format_known(id, value, tunable_format) : strdup(json_text(value));
}

char *tunable_text_with_unit(const char *name, json_object *value)
{
	int id = tunable_by_name(name);

	if (id >= 0)
		return format_known(id, value, tunable_show);
	return strdup(*json_text(value) ? json_text(value) : "none");
}

json_object *tunable_json(const char *name, json_object *value)
{
	int id = tunable_by_name(name);

	if (id >= 0 && tunables[id].type == TUNABLE_USEC && tunables[id].unit == UNIT_SEC)
		return bus_json_double((double)json_object_get_uint64(value) / 1e6);
	return json_object_get(value);
}

/* A field of a row, likewise. */
static json_object *field_json(const char *bus_name, json_object *row, const char *field,
			       json_object *value)
{
	static const char *const values[] = { "current", "default", "min", "max" };

	if (strcmp(field, "unit") == 0)
		return json_object_new_string(tunable_unit_of(row));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (strcmp(field, values[i]) == 0)
			return tunable_json(bus_name, value);
	return json_object_get(value);
}

json_object *tunable_row_json(const char *bus_name, json_object *row)
{
	json_object *shown = json_object_new_object();

	json_object_object_add(shown, "property", json_object_new_string(bus_name));
	if (!json_object_is_type(row, json_type_object))
		return shown;
	json_object_object_foreach (row, field, value)
		if (strcmp(field, "key") != 0)
			json_object_object_add(shown, field,
					       field_json(bus_name, row, field, value));
	return shown;
}

const char *tunable_unit_of(json_object *row)
{
	int id = tunable_by_key(tunable_row_string(row, "key"));

	return id >= 0 ? tunable_unit_symbol(tunables[id].unit) : tunable_row_string(row, "unit");
}

char *tunable_row_range(json_object *row)
{
	const char *name = tunable_row_string(row, "key");
	_cleanup_(freep) char *min_text = NULL, *max_text = NULL;
	json_object *min, *max;
	char *text;

	if (strcmp(tunable_row_string(row, "type"), "b") == 0)
		return strdup("yes|no");
	if (!json_object_object_get_ex(row, "min", &min) ||
	    !json_object_object_get_ex(row, "max", &max))
		return strdup("");
	min_text = tunable_text(name, min);
	max_text = tunable_text(name, max);
	if (!min_text || !max_text || asprintf(&text, "%s..%s", min_text, max_text) < 0)
		return NULL;
	return text;
}
