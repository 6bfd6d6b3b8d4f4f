/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/change.h"

#include "ctl/exit-codes.h"

int change_append_options(const struct request *q, sd_bus_message *m)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	if (r >= 0 && request_has(q, OPT_SAVE))
		r = sd_bus_message_append(m, "{sv}", "persist", "s", "disk");
	if (r >= 0 && request_has(q, OPT_FOR))
		r = sd_bus_message_append(m, "{sv}", "confirm-timeout-usec", "t", q->for_usec);
	if (r >= 0 && request_has(q, OPT_DRY_RUN))
		r = sd_bus_message_append(m, "{sv}", "dry-run", "b", true);
	if (r >= 0 && request_has(q, OPT_EXPECTED_GENERATION))
		r = sd_bus_message_append(m, "{sv}", "expected-generation", "t",
					  q->expected_generation);
	if (r >= 0 && request_has(q, OPT_EXPECTED_INSTANCE))
		r = sd_bus_message_append(m, "{sv}", "expected-instance", "s",
					  q->expected_instance);
	if (r >= 0 && request_has(q, OPT_REASON))
		r = sd_bus_message_append(m, "{sv}", "reason", "s", q->reason);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? client_fail_errno(r, "cannot make the call") : CTL_OK;
}

int change_generation(struct client *c, const struct request *q, uint64_t *ret)
{
	_cleanup_(json_putp) json_object *unconfirmed = NULL;
	int r;

	if (q->nr_args) {
		if (request_parse_number(q->args[0], ret) < 0)
			return client_fail(CTL_USAGE, "\"%s\" is no generation", q->args[0]);
		return CTL_OK;
	}
	r = client_get(c, CLIENT_INTERFACE, "UnconfirmedGeneration", &unconfirmed);
	if (r)
		return r;
	*ret = json_object_get_uint64(unconfirmed);
	return *ret ? CTL_OK : client_fail(CTL_FAILED, "nothing is on trial");
}
