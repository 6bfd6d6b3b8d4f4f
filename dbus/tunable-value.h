/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of tunables in messages. */
#pragma once

#include <systemd/sd-bus.h>

#include "config/tunables.h"

/* Appends a value in its type's signature; and that as an entry of a dictionary, a{sv}. */
int tunable_value_append(sd_bus_message *m, enum tunable_type type,
			 const struct tunable_value *value);
int tunable_value_append_entry(sd_bus_message *m, const char *key, enum tunable_type type,
			       const struct tunable_value *value);

/*
 * Reads a value of that type. *list is the caller's to free, also after an error; value->list borrows
 * it. -ENXIO (something else is there), -EINVAL (an empty item of a list), -ENOMEM.
 */
int tunable_value_read(sd_bus_message *m, enum tunable_type type, struct tunable_value *value,
		       char **list);
