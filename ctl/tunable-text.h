/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tunables as wd40d describes them, in the words and units of its files. A name is an INI key or that
 * of the D-Bus property. What a newer daemon has and this client does not know is shown as it came.
 */
#pragma once

#include "config/tunables.h"
#include "ctl/bus-json.h"

/* The tunable of that name, or -ENOENT. */
int tunable_by_name(const char *name);

/* The keys of D-Bus properties, an array; a name that is not known stays. NULL: no memory. */
json_object *tunable_keys(json_object *names);

/*
 * The row of that name among all (DescribeTunables: an object of rows by property), borrowed; *bus_name
 * is borrowed from all and may be NULL. NULL: there is none.
 */
json_object *tunable_row(json_object *all, const char *name, const char **bus_name);

/* A text of a row, borrowed; "" when it has no such field. */
const char *tunable_row_string(json_object *row, const char *field);

/* The value of a property as text, as files have it: "0.1" for 100000 us. Caller frees; NULL: ENOMEM. */
char *tunable_text(const char *name, json_object *value);

/* The same to be read by a person, "0.1 s", and "none" for nothing. */
char *tunable_text_with_unit(const char *name, json_object *value);

/* The value as JSON: in the unit that files have. NULL: no memory. */
json_object *tunable_json(const char *name, json_object *value);

/*
 * A row for a person's scripts: its D-Bus property as "property" in place of the key, and values, bounds
 * and unit as files have them. NULL: no memory.
 */
json_object *tunable_row_json(const char *bus_name, json_object *row);

/* The symbol of the unit that files have: "us", "s", "%" or "". */
const char *tunable_unit_of(json_object *row);

/* What a row's value may be: "100..1000000", "yes|no", or "" for anything. Caller frees; NULL: ENOMEM. */
char *tunable_row_range(json_object *row);
