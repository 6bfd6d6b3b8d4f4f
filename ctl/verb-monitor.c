/* SPDX-License-Identifier: GPL-2.0-only */
/* monitor: what the daemon tells, and its coming and going, a line for each. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "ctl/event.h"
#include "ctl/exit-codes.h"
#include "ctl/origin.h"
#include "ctl/output.h"
#include "ctl/tunable-text.h"
#include "ctl/verbs.h"

struct watch {
	struct client *client;
	bool json;
	char detailed[64]; /* the last signal, if it had details */
};

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void print_event(const struct watch *w, json_object *event)
{
	if (w->json)
		output_json_line(stdout, event);
	else
		event_print(stdout, event);
	fflush(stdout);
}

static void print_message(const struct watch *w, const char *name, const char *message)
{
	_cleanup_(json_putp) json_object *text = json_object_new_string(message);
	_cleanup_(json_putp) json_object *event = event_new(name, now_usec(), text);

	print_event(w, event);
}

static bool has_origin(json_object *event, const char *origin)
{
	return strcmp(json_text(json_object_object_get(event, "origin")), origin) == 0;
}

/* Whether somebody asked for it; of what may come by itself a uid of 0 means nothing. */
static bool has_author(json_object *event, int64_t uid)
{
	return uid != 0 || has_origin(event, "runtime") || has_origin(event, "reset");
}

/* For those who may know it the user's number is there. */
static void add_user(const struct watch *w, json_object *event)
{
	json_object *uid = json_object_object_get(event, "uid");
	_cleanup_(freep) char *user = NULL;

	if (!uid || !has_author(event, json_object_get_int64(uid)))
		return;
	user = origin_user(json_object_get_int64(uid), !w->client->host);
	json_object_object_add(event, "user", json_object_new_string(user ?: "?"));
}

/*
 * What has details comes twice to those who may know them: first with them. Whether this is the second
 * time.
 */
static bool is_known(struct watch *w, sd_bus_message *m)
{
	const char *member = sd_bus_message_get_member(m);
	bool known = strcmp(w->detailed, member) == 0;

	*w->detailed = '\0';
	if (strcmp(sd_bus_message_get_interface(m), CLIENT_DETAILS) != 0)
		return known;
	snprintf(w->detailed, sizeof(w->detailed), "%s", member);
	return false;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_(json_putp) json_object *values = NULL, *event = NULL;
	const char *member = sd_bus_message_get_member(m);
	struct watch *w = userdata;
	int r;

	if (is_known(w, m))
		return 0;
	r = bus_json_read_all(m, &values);
	if (r < 0) {
		client_fail_errno(r, member);
		return 0;
	}
	event = event_new(member, now_usec(), values);
	if (strcmp(sd_bus_message_get_path(m), CLIENT_PATH) != 0)
		json_object_object_add(event, "path",
				       json_object_new_string(sd_bus_message_get_path(m)));
	add_user(w, event);
	print_event(w, event);
	return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *after;
	const struct watch *w = userdata;

	if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0)
		return 0;
	if (*before)
		print_message(w, "Vanished", "wd40d is gone from the bus");
	if (*after)
		print_message(w, "Appeared", "wd40d is on the bus");
	return 0;
}

#define MATCH_OWNER                                                                     \
	"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
	"member='NameOwnerChanged',arg0='" CLIENT_NAME "'"
#define MATCH_SIGNALS "type='signal',sender='" CLIENT_NAME "',path_namespace='" CLIENT_PATH "'"

static int add_matches(struct watch *w)
{
	int r = sd_bus_add_match(w->client->bus, NULL, MATCH_OWNER, on_owner, w);

	if (r >= 0)
		r = sd_bus_add_match(w->client->bus, NULL, MATCH_SIGNALS, on_signal, w);
	if (r < 0)
		return client_fail(CTL_UNREACHABLE, "cannot listen on the bus: %s", strerror(-r));
	return CTL_OK;
}

static void print_beginning(const struct watch *w)
{
	_cleanup_(json_putp) json_object *state = NULL;
	char text[128];

	if (!client_is_running(w->client) ||
	    client_get(w->client, CLIENT_INTERFACE, "State", &state)) {
		print_message(w, "Monitoring", "wd40d is not running");
		return;
	}
	snprintf(text, sizeof(text), "wd40d is running, state %s", json_text(state));
	print_message(w, "Monitoring", text);
}

/* Until somebody interrupts it. */
int verb_monitor(struct client *c, const struct request *q)
{
	struct watch w = { .client = c, .json = request_has(q, OPT_JSON) };
	int r = client_connect(c);

	if (!r)
		r = add_matches(&w);
	if (r)
		return r;
	print_beginning(&w);
	for (;;) {
		r = sd_bus_process(c->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(c->bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return client_fail(CTL_UNREACHABLE, "the bus is gone: %s", strerror(-r));
	}
}
