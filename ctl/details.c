/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/details.h"

#define ASK_USEC \
	(10 * UINT64_C(1000000)) /* polkit may be slow, and the rest is worth printing without */

json_object *details_get(struct client *c)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
	json_object *details = NULL;

	if (client_new_call(c, CLIENT_DETAILS, "GetDetails", &m) ||
	    sd_bus_call(c->bus, m, ASK_USEC, NULL, &reply) < 0)
		return NULL;
	(void)bus_json_read_all(reply, &details);
	return details;
}

static void copy(json_object *to, json_object *from, const char *field)
{
	json_object *value = json_object_object_get(from, field);

	if (value)
		json_object_object_add(to, field, json_object_get(value));
}

void details_add_to_state(json_object *properties, json_object *details)
{
	copy(properties, details, "StateReason");
	copy(properties, details, "LastExit");
}

void details_add_to_rows(json_object *rows, json_object *details)
{
	json_object *authors = json_object_object_get(details, "Authors");

	if (!json_object_is_type(authors, json_type_object))
		return;
	json_object_object_foreach (authors, name, author) {
		json_object *row = json_object_object_get(rows, name);

		if (!row)
			continue;
		copy(row, author, "uid");
		copy(row, author, "caller");
		copy(row, author, "reason");
	}
}
