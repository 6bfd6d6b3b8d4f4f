/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/pick.h"

#include "ctl/exit-codes.h"
#include "ctl/tunable-text.h"

int pick_fail(const char *name)
{
	const char *nearest = tunable_nearest_key(name);

	if (nearest)
		return client_fail(CTL_REFUSED, "%s: unknown tunable, did you mean %s?", name,
				   nearest);
	return client_fail(CTL_REFUSED, "%s: unknown tunable; 'wd40ctl describe' lists them", name);
}

int pick_rows(struct client *c, const struct request *q, json_object **ret)
{
	_cleanup_(json_putp) json_object *all = NULL, *picked = NULL;
	int r = client_call(c, CLIENT_READS, "DescribeTunables", &all, "");

	if (!r)
		r = client_expect_object(all);
	if (r)
		return r;
	if (q->nr_args == 0) {
		*ret = TAKE_PTR(all);
		return CTL_OK;
	}
	picked = json_object_new_object();
	for (int i = 0; i < q->nr_args; i++) {
		const char *bus_name;
		json_object *row = tunable_row(all, q->args[i], &bus_name);

		if (!row)
			return pick_fail(q->args[i]);
		json_object_object_add(picked, bus_name, json_object_get(row));
	}
	*ret = TAKE_PTR(picked);
	return CTL_OK;
}

int pick_append_names(const struct request *q, sd_bus_message *m)
{
	int r = sd_bus_message_open_container(m, 'a', "s");

	for (int i = 0; r >= 0 && i < q->nr_args; i++) {
		int id = tunable_by_name(q->args[i]);

		if (id < 0)
			return pick_fail(q->args[i]);
		r = sd_bus_message_append(m, "s", tunables[id].bus_name);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? client_fail_errno(r, "cannot make the call") : CTL_OK;
}
