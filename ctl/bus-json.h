/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of the bus as JSON, whatever their signature. */
#pragma once

#include <json-c/json.h>
#include <systemd/sd-bus.h>

#include "util/cleanup.h"

/* For _cleanup_: drops a reference, which may be NULL. */
static inline void json_putp(json_object **object)
{
	json_object_put(*object);
}

/* The length of an array, and an item of it, borrowed: 0 and NULL of anything else, and beyond its end. */
static inline size_t json_length(json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static inline json_object *json_at(json_object *array, size_t i)
{
	return i < json_length(array) ? json_object_array_get_idx(array, i) : NULL;
}

/* A text, borrowed from it; "" of nothing. */
static inline const char *json_text(json_object *object)
{
	return json_object_get_string(object) ?: "";
}

/*
 * Reads the message's next value: a number, a boolean, a string; an array or a struct as an array; a
 * dictionary as an object; a variant as what is in it; what is not a number as null. What in a string could
 * trick a terminal, or the reader of one, is a '?'. *ret is the caller's reference. -EBADMSG, -ENOMEM; -EOPNOTSUPP for a file descriptor.
 */
int bus_json_read(sd_bus_message *m, json_object **ret);

/* Reads all values of a message: none as NULL, one as it is, several as an array. Errors likewise. */
int bus_json_read_all(sd_bus_message *m, json_object **ret);

/* A number with as few digits as say exactly it. NULL: no memory. */
json_object *bus_json_double(double number);
