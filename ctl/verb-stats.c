/* SPDX-License-Identifier: GPL-2.0-only */
/* stats: statistics, once or again and again; and reset-statistics. */
#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/stats.h"
#include "ctl/verbs.h"

/* Names of statistics; "at_us" comes along, as rates are by it. None: everything. */
int stats_append_options(sd_bus_message *m, const struct request *q)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	if (r >= 0 && q->nr_args) {
		r = sd_bus_message_open_container(m, 'e', "sv");
		if (r >= 0)
			r = sd_bus_message_append(m, "s", "names");
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'v', "as");
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'a', "s");
		if (r >= 0)
			r = sd_bus_message_append(m, "s", "at_us");
		for (int i = 0; i < q->nr_args && r >= 0; i++)
			r = sd_bus_message_append(m, "s", q->args[i]);
		for (int i = 0; i < 3 && r >= 0; i++)
			r = sd_bus_message_close_container(m);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int get_metadata(struct client *c, json_object **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = client_new_call(c, CLIENT_STATISTICS, "GetMetadata", &m);

	if (!r)
		r = client_send_for_json(c, CLIENT_READS, m, ret);
	return r ?: client_expect_object(*ret);
}

static int get_statistics(struct client *c, const struct request *q, json_object **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = client_new_call(c, CLIENT_STATISTICS, "GetStatistics", &m);

	if (r)
		return r;
	r = stats_append_options(m, q);
	return r < 0 ? client_fail_errno(r, "GetStatistics")
		     : client_send_for_json(c, CLIENT_READS, m, ret);
}

static int check_options(const struct request *q)
{
	if (request_has(q, OPT_OPENMETRICS) && q->given & (OPT_JSON | OPT_WATCH))
		return client_fail(CTL_USAGE, "--openmetrics does not go with --%s",
				   request_has(q, OPT_JSON) ? "json" : "watch");
	if (q->given & (OPT_INTERVAL | OPT_COUNT) && !request_has(q, OPT_WATCH))
		return client_fail(CTL_USAGE, "--%s goes with --watch only",
				   request_has(q, OPT_INTERVAL) ? "interval" : "count");
	return CTL_OK;
}

int verb_stats(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *metadata = NULL, *statistics = NULL;
	int r = check_options(q);

	if (!r)
		r = get_metadata(c, &metadata);
	if (!r && request_has(q, OPT_WATCH))
		return stats_watch(c, q, metadata);
	if (!r)
		r = get_statistics(c, q, &statistics);
	if (r)
		return r;
	if (request_has(q, OPT_JSON))
		output_json(stdout, statistics);
	else if (request_has(q, OPT_OPENMETRICS))
		stats_print_openmetrics(stdout, metadata, statistics);
	else
		return stats_print_tables(stdout, metadata, statistics, NULL,
					  !request_has(q, OPT_NO_LEGEND));
	return CTL_OK;
}

int verb_reset_statistics(struct client *c, const struct request *q)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = client_new_call(c, CLIENT_STATISTICS, "ResetStatistics", &m);

	return r ?: client_send(c, CLIENT_CHANGES, m, NULL);
}
