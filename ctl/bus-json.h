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

/*
 * Reads the message's next value: a number, a boolean, a string; an array or a struct as an array; a
 * dictionary as an object; a variant as what is in it; what is not a number as null. *ret is the
 * caller's reference. -EBADMSG, -ENOMEM; -EOPNOTSUPP for a file descriptor.
 */
int bus_json_read(sd_bus_message *m, json_object **ret);

/* Reads all values of a message: none as NULL, one as it is, several as an array. Errors likewise. */
int bus_json_read_all(sd_bus_message *m, json_object **ret);

/* A number with as few digits as say exactly it. NULL: no memory. */
json_object *bus_json_double(double number);
