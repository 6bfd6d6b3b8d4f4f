/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples as they come, by a subscription. */
#include <errno.h>
#include <inttypes.h>

#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/stats.h"

#define INTERVAL_USEC 1000000ull
#define CLEAR_SCREEN  "\033[H\033[2J"

struct watch {
	struct client *client;
	const struct request *request;
	json_object *metadata, *last;
	uint64_t seen;
	int code; /* what to exit with, once done */
	bool done;
};

static int end(struct watch *w, int code)
{
	w->done = true;
	w->code = code;
	return 0;
}

static int print(struct watch *w, json_object *statistics)
{
	if (request_has(w->request, OPT_JSON)) {
		output_json_line(stdout, statistics);
		return CTL_OK;
	}
	if (output_has_color(stdout))
		fputs(CLEAR_SCREEN, stdout);
	else if (w->seen)
		putchar('\n');
	return stats_print_tables(stdout, w->metadata, statistics, w->last,
				  !request_has(w->request, OPT_NO_LEGEND));
}

/* u id, t sequence, a{sv} */
static int on_sample(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	json_object *statistics = NULL;
	struct watch *w = userdata;
	int r;

	if (!sd_bus_message_is_signal(m, CLIENT_STATISTICS, "Sample") || w->done)
		return 0;
	r = sd_bus_message_skip(m, "ut");
	if (r >= 0)
		r = bus_json_read(m, &statistics);
	if (r < 0)
		return end(w, client_fail_errno(r, "cannot read a sample"));
	r = print(w, statistics);
	json_object_put(w->last);
	w->last = statistics;
	w->seen++;
	if (r || fflush(stdout) != 0 || (w->request->count && w->seen >= w->request->count))
		return end(w, r);
	return 0;
}

/* Who takes the name again knows nothing of us. */
static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return end(userdata, client_fail(CTL_UNREACHABLE, "wd40d has ended"));
}

static int subscribe(struct watch *w)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	uint64_t usec = w->request->interval_usec ?: INTERVAL_USEC;
	int r = client_new_call(w->client, CLIENT_STATISTICS, "Subscribe", &m);

	if (r)
		return r;
	r = sd_bus_message_append(m, "t", usec);
	if (r >= 0)
		r = stats_append_options(m, w->request);
	return r < 0 ? client_fail_errno(r, "Subscribe")
		     : client_send(w->client, CLIENT_READS, m, NULL);
}

static int listen(struct watch *w)
{
	int r = sd_bus_add_filter(w->client->bus, NULL, on_sample, w);

	if (r >= 0)
		r = sd_bus_add_match(w->client->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" CLIENT_NAME "'",
				     on_owner, w);
	return r < 0 ? client_fail_errno(r, "cannot listen") : CTL_OK;
}

static int run(struct watch *w)
{
	while (!w->done) {
		int r = sd_bus_process(w->client->bus, NULL);

		if (r == 0)
			r = sd_bus_wait(w->client->bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return client_fail(CTL_UNREACHABLE, "the system bus is gone");
	}
	return w->code;
}

int stats_watch(struct client *c, const struct request *q, json_object *metadata)
{
	struct watch w = { .client = c, .request = q, .metadata = metadata };
	int r = listen(&w);

	if (!r)
		r = subscribe(&w);
	if (!r)
		r = run(&w);
	json_object_put(w.last);
	return r;
}
