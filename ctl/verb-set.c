/* SPDX-License-Identifier: GPL-2.0-only */
/* set: several values at once or not at all, for good or on trial. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "config/config.h"
#include "ctl/change.h"
#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/pick.h"
#include "ctl/tunable-text.h"
#include "ctl/verbs.h"
#include "dbus/tunable-value.h"
#include "util/duration.h"

/* What is to be set. The values are in a configuration that has no other use. */
struct wanted {
	struct config *config;
	enum tunable_id ids[NR_TUNABLES];
	size_t n;
};

static int find_wanted(const struct wanted *w, const char *assignment, const char *equals)
{
	_cleanup_(freep) char *name = strndup(assignment, (size_t)(equals - assignment));
	int id = name ? tunable_by_name(name) : -ENOMEM;

	if (!name)
		return -client_fail_errno(-ENOMEM, "set");
	if (id < 0)
		return -pick_fail(name);
	for (size_t i = 0; i < w->n; i++)
		if (w->ids[i] == (enum tunable_id)id)
			return -client_fail(CTL_USAGE, "%s is given twice", tunables[id].key);
	return id;
}

/* Reads NAME=VALUE as a line of a file: the same words, units and ranges. */
static int read_assignment(struct wanted *w, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	struct config_problem problem;
	int id, r;

	if (!equals || equals == assignment)
		return client_fail(CTL_USAGE, "\"%s\" is not of the form NAME=VALUE", assignment);
	id = find_wanted(w, assignment, equals);
	if (id < 0)
		return -id;
	r = config_set_option(w->config, (enum tunable_id)id, equals + 1, &problem);
	if (r == -EINVAL)
		return client_fail(CTL_REFUSED, "%s", problem.message);
	if (r < 0)
		return client_fail_errno(r, "set");
	w->ids[w->n++] = (enum tunable_id)id;
	return CTL_OK;
}

static int append_all_wanted(sd_bus_message *m, const struct wanted *w)
{
	const struct tunable_set *values = config_values(w->config);
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < w->n; i++) {
		const struct tunable *t = &tunables[w->ids[i]];

		r = tunable_value_append_entry(m, t->bus_name, t->type, &values->values[w->ids[i]]);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? client_fail_errno(r, "cannot make the call") : CTL_OK;
}

static void print_wanted(const struct wanted *w)
{
	const struct tunable_set *values = config_values(w->config);

	for (size_t i = 0; i < w->n; i++) {
		const struct tunable *t = &tunables[w->ids[i]];
		_cleanup_(freep) char *text = tunable_show(w->ids[i], &values->values[w->ids[i]]);

		printf("%s%s = %s", i ? ", " : "", t->key, text ?: "?");
	}
}

static void print_pending(json_object *pending)
{
	for (size_t i = 0; i < json_length(pending); i++) {
		const char *name = json_text(json_at(pending, i));
		int id = tunable_by_name(name);

		printf("%s counts from the next attach on: wd40ctl reattach\n",
		       id >= 0 ? tunables[id].key : name);
	}
}

static void print_result(const struct request *q, const struct wanted *w, uint64_t generation)
{
	char time[DURATION_MAX];

	print_wanted(w);
	if (request_has(q, OPT_DRY_RUN)) {
		puts(" would be accepted");
	} else if (request_has(q, OPT_FOR)) {
		printf(" on trial for %s, as generation %" PRIu64 "\n",
		       duration_format(q->for_usec, time), generation);
		printf("Keep it: wd40ctl confirm %" PRIu64 "\n", generation);
	} else {
		printf(" (generation %" PRIu64 "%s)\n", generation,
		       request_has(q, OPT_SAVE) ? ", saved" : "");
	}
}

/* The reply is (t generation, as pending). */
static int print_reply(const struct request *q, const struct wanted *w, json_object *reply)
{
	json_object *generation = json_at(reply, 0);
	json_object *pending = json_at(reply, 1);

	if (request_has(q, OPT_JSON)) {
		_cleanup_(json_putp) json_object *object = json_object_new_object();

		json_object_object_add(object, "generation", json_object_get(generation));
		json_object_object_add(object, "pending", tunable_keys(pending));
		output_json(stdout, object);
		return CTL_OK;
	}
	print_result(q, w, json_object_get_uint64(generation));
	print_pending(pending);
	return CTL_OK;
}

static int set_wanted(struct client *c, const struct request *q, const struct wanted *w)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	_cleanup_(json_putp) json_object *reply = NULL;
	int r = client_new_call(c, CLIENT_INTERFACE, "SetTunables", &m);

	if (!r)
		r = append_all_wanted(m, w);
	if (!r)
		r = change_append_options(q, m);
	if (!r)
		r = client_send_for_json(c, CLIENT_CHANGES, m, &reply);
	return r ?: print_reply(q, w, reply);
}

int verb_set(struct client *c, const struct request *q)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct wanted w = { 0 };
	int r = config_new("", &config);

	if (r < 0)
		return client_fail_errno(r, "set");
	w.config = config;
	for (int i = 0; i < q->nr_args; i++) {
		r = read_assignment(&w, q->args[i]);
		if (r)
			return r;
	}
	return set_wanted(c, q, &w);
}
