/* SPDX-License-Identifier: GPL-2.0-only */
/* get: values of tunables, each as "name=value", which set takes again. */
#include <errno.h>

#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/pick.h"
#include "ctl/tunable-text.h"
#include "ctl/verbs.h"

static int print_values(json_object *rows, bool names)
{
	json_object_object_foreach (rows, bus_name, row) {
		_cleanup_(freep) char *text =
			tunable_text(bus_name, json_object_object_get(row, "current"));

		if (!text)
			return client_fail_errno(-ENOMEM, "get");
		if (names)
			printf("%s=", tunable_row_string(row, "key"));
		puts(text);
	}
	return CTL_OK;
}

static int print_json(json_object *rows)
{
	_cleanup_(json_putp) json_object *values = json_object_new_object();

	json_object_object_foreach (rows, bus_name, row)
		json_object_object_add(values, tunable_row_string(row, "key"),
				       tunable_json(bus_name,
						    json_object_object_get(row, "current")));
	output_json(stdout, values);
	return CTL_OK;
}

int verb_get(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *rows = NULL;
	int r = pick_rows(c, q, &rows);

	if (r)
		return r;
	return request_has(q, OPT_JSON) ? print_json(rows)
					: print_values(rows, !request_has(q, OPT_VALUE));
}
