/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "dbus/call-text.h"
#include "dbus/errors.h"
#include "dbus/gate.h"
#include "dbus/permissions.h"
#include "dbus/polkit.h"
#include "util/log.h"

#define DRIVER "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"

/*
 * Calls that wait, of a connection and all of them together. Until the bus has said whose they are, which
 * it does at once, so that nobody can keep root out; after that they are questions to polkit, which may
 * take as long as a person. A user who has many connections leaves room for others. A bus lets a
 * connection wait for 128 replies, unless it is told otherwise.
 */
#define CALLS_OF_SENDER_MAX  16
#define CALLS_MAX            1024
#define QUESTIONS_OF_UID_MAX 32
#define QUESTIONS_MAX        96

/* Bytes of an object's path. Ours are short; sd-bus looks for each of its folders. */
#define PATH_LENGTH_MAX 128

struct call {
	struct gate *gate;
	struct call *next;
	sd_bus_message *message;
	enum action action; /* ACTION_NONE: GetPermissions, which asks for each */
	enum action then;   /* another that has to be allowed after it, or ACTION_NONE */
	uid_t uid;
	char *unit;
	bool passed;
	sd_bus_slot *credentials;
	struct polkit_question *question;
	enum action asked;                      /* of GetPermissions */
	enum polkit_answer answers[NR_ACTIONS]; /* all zero is all yes */
};

struct gate {
	sd_bus *bus;
	struct peers *peers;
	struct peers_listener listener;
	sd_bus_slot *filter;
	struct call *calls;
	struct call *current; /* the last that was let through */
};

static struct call *call_free(struct call *c)
{
	if (!c)
		return NULL;
	sd_bus_slot_unref(c->credentials);
	polkit_question_free(c->question);
	sd_bus_message_unref(c->message);
	free(c->unit);
	free(c);
	return NULL;
}
DEFINE_CLEANUP(struct call, call_free)

static void call_unlink(struct call *c)
{
	struct call **at = &c->gate->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

static void call_drop(struct call *c)
{
	call_unlink(c);
	call_free(c);
}

struct gate *gate_free(struct gate *g)
{
	if (!g)
		return NULL;
	while (g->calls)
		call_drop(g->calls);
	call_free(g->current);
	sd_bus_slot_unref(g->filter);
	peers_remove_listener(g->peers, &g->listener);
	free(g);
	return NULL;
}
DEFINE_CLEANUP(struct gate, gate_free)

/* One that has passed already comes in as a new one then, and the bus says that nobody makes it. */
static void on_vanished(const char *name, void *userdata)
{
	struct gate *g = userdata;
	struct call *next;

	for (struct call *c = g->calls; c; c = next) {
		next = c->next;
		if (strcmp(sd_bus_message_get_sender(c->message), name) == 0)
			call_drop(c);
	}
}

struct config_author gate_caller(const struct gate *g)
{
	return (struct config_author){ .uid = g->current->uid, .unit = g->current->unit };
}

enum polkit_answer gate_permission(const struct gate *g, enum action action)
{
	return g->current->answers[action];
}

static void call_refuse(struct call *c, const char *name, const char *why)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

	wd40_error_setf(&error, name, "%s: %s", action_name(c->action), why);
	(void)sd_bus_reply_method_error(c->message, &error);
	call_drop(c);
}

static void call_fail(struct call *c, int err)
{
	(void)sd_bus_reply_method_errno(c->message, err, NULL);
	call_drop(c);
}

/* The call comes in once more, and passes then. */
static void call_pass(struct call *c)
{
	int r = sd_bus_message_rewind(c->message, true);

	c->passed = true;
	c->question = polkit_question_free(c->question);
	if (r >= 0)
		r = sd_bus_enqueue_for_read(c->gate->bus, c->message);
	if (r < 0)
		call_fail(c, r);
}

static int ask_polkit(struct call *c);

static void on_yes(struct call *c)
{
	int r;

	if (c->then == ACTION_NONE) {
		call_pass(c);
		return;
	}
	c->action = c->then;
	c->then = ACTION_NONE;
	r = ask_polkit(c);
	if (r < 0)
		call_fail(c, r);
}

static void on_permission(enum polkit_answer answer, void *userdata)
{
	struct call *c = userdata;

	switch (answer) {
	case POLKIT_YES: on_yes(c); break;
	case POLKIT_CHALLENGE:
		call_refuse(c, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
			    "a password has to be asked for, and nobody can be asked");
		break;
	case POLKIT_NO: call_refuse(c, SD_BUS_ERROR_ACCESS_DENIED, "not allowed"); break;
	case POLKIT_ABSENT:
		call_refuse(c, SD_BUS_ERROR_ACCESS_DENIED,
			    "polkit cannot be asked, so only root may");
		break;
	case POLKIT_LATE:
		call_refuse(c, SD_BUS_ERROR_ACCESS_DENIED, "nobody answered in time");
		break;
	}
}

static void on_one_permission(enum polkit_answer answer, void *userdata);

static int ask_for_next(struct call *c)
{
	const struct polkit_detail none = { 0 };

	c->question = polkit_question_free(c->question);
	return polkit_ask(c->gate->bus, sd_bus_message_get_sender(c->message),
			  action_name(c->asked), &none, false, on_one_permission, c, &c->question);
}

static void on_one_permission(enum polkit_answer answer, void *userdata)
{
	struct call *c = userdata;

	c->answers[c->asked++] = answer;
	if (c->asked == NR_ACTIONS || answer == POLKIT_LATE || ask_for_next(c) < 0)
		call_pass(c);
}

static int ask_polkit(struct call *c)
{
	sd_bus_message *m = c->message;
	_cleanup_(freep) char *text = NULL;
	struct polkit_detail detail = { .key = "call" };

	if (c->action == ACTION_NONE) {
		for (int i = 0; i < NR_ACTIONS; i++)
			c->answers[i] = POLKIT_NO;
		return ask_for_next(c);
	}
	c->question = polkit_question_free(c->question);
	text = call_describe(m);
	detail.value = text;
	return polkit_ask(c->gate->bus, sd_bus_message_get_sender(m), action_name(c->action),
			  &detail, sd_bus_message_get_allow_interactive_authorization(m),
			  on_permission, c, &c->question);
}

/* In which unit the process is: for the log, so it does not matter when there is none. */
static char *unit_of(pid_t pid)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	const char *unit;

	if (!pid || sd_bus_creds_new_from_pid(&creds, pid, SD_BUS_CREDS_UNIT) < 0 ||
	    sd_bus_creds_get_unit(creds, &unit) < 0)
		return NULL;
	return strdup(unit);
}

/* What the bus knows of the sender: uid -1 and pid 0 where it does not say. */
static int read_credentials(sd_bus_message *m, uid_t *uid, pid_t *pid)
{
	const char *key;
	uint32_t value;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		bool is_uid;

		r = sd_bus_message_read(m, "s", &key);
		if (r < 0)
			return r;
		is_uid = strcmp(key, "UnixUserID") == 0;
		if (!is_uid && strcmp(key, "ProcessID") != 0)
			r = sd_bus_message_skip(m, "v");
		else if ((r = sd_bus_message_read(m, "v", "u", &value)) >= 0 && is_uid)
			*uid = value;
		else if (r >= 0)
			*pid = (pid_t)value;
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static bool asks_too_much(const struct call *asking)
{
	size_t all = 0, own = 0;

	for (const struct call *c = asking->gate->calls; c; c = c->next) {
		all += c->question != NULL;
		own += c->question && c->uid == asking->uid;
	}
	return all >= QUESTIONS_MAX || own >= QUESTIONS_OF_UID_MAX;
}

static int on_credentials(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct call *c = userdata;
	uid_t uid = (uid_t)-1;
	pid_t pid = 0;
	int r = -ESRCH;

	if (!sd_bus_message_is_method_error(m, NULL))
		r = read_credentials(m, &uid, &pid);
	c->uid = uid;
	c->unit = r < 0 ? NULL : unit_of(pid);
	if (r >= 0 && (uid == 0 || c->action == ACTION_IDENTIFY)) {
		call_pass(c);
		return 0;
	}
	if (r >= 0 && asks_too_much(c)) {
		call_refuse(c, WD40_ERROR_LIMIT_EXCEEDED, "too many calls wait for polkit");
		return 0;
	}
	if (r >= 0)
		r = ask_polkit(c);
	if (r < 0)
		call_fail(c, r);
	return 0;
}

static bool is_full(const struct gate *g, const char *sender)
{
	size_t all = 0, own = 0;

	for (const struct call *c = g->calls; c; c = c->next) {
		all++;
		own += strcmp(sd_bus_message_get_sender(c->message), sender) == 0;
	}
	return all >= CALLS_MAX || own >= CALLS_OF_SENDER_MAX;
}

/* Holds the call until it may pass. */
static int hold(struct gate *g, sd_bus_message *m, enum action action, sd_bus_error *error)
{
	_cleanup_(call_freep) struct call *c = NULL;
	const char *sender = sd_bus_message_get_sender(m);
	int r;

	if (!sender)
		return -EACCES;
	if (is_full(g, sender))
		return wd40_error_setf(error, WD40_ERROR_LIMIT_EXCEEDED,
				       "too many calls wait for permission");
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->gate = g;
	c->action = action;
	c->then = action == ACTION_SET_TUNABLES && call_persists(m) ? ACTION_SAVE_CONFIGURATION
								    : ACTION_NONE;
	c->message = sd_bus_message_ref(m);
	r = sd_bus_call_method_async(g->bus, &c->credentials, DRIVER, "GetConnectionCredentials",
				     on_credentials, c, "s", sender);
	if (r < 0)
		return r;
	c->next = g->calls;
	g->calls = TAKE_PTR(c);
	return 1;
}

/* True when the call has been here before, and may pass. */
static bool is_back(struct gate *g, const sd_bus_message *m)
{
	struct call *c = g->calls;

	while (c && !(c->passed && c->message == m))
		c = c->next;
	if (!c)
		return false;
	call_unlink(c);
	call_free(g->current);
	g->current = c;
	return true;
}

static int permission_of(sd_bus_message *m)
{
	const char *interface = sd_bus_message_get_interface(m), *property;
	const char *member = sd_bus_message_get_member(m);
	int action;

	if (!interface)
		return -EBADMSG;
	if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Set")) {
		action = sd_bus_message_read(m, "ss", &interface, &property);
		if (action >= 0)
			action = permission_of_property(interface, property);
		(void)sd_bus_message_rewind(m, true);
		return action < 0 ? ACTION_NONE : action; /* sd-bus says what is wrong */
	}
	action = permission_of_method(interface, member);
	return action == -ENOENT && !permission_is_ours(interface) ? (int)ACTION_NONE : action;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct gate *g = userdata;
	int action;

	if (!sd_bus_message_is_method_call(m, NULL, NULL) || is_back(g, m))
		return 0;
	action = permission_of(m);
	if (action < 0)
		return wd40_error_setf(error, SD_BUS_ERROR_UNKNOWN_METHOD, "no method %s of %s",
				       sd_bus_message_get_member(m),
				       sd_bus_message_get_interface(m) ?: "no interface");
	if (action == ACTION_NONE &&
	    !sd_bus_message_is_method_call(m, "org.scx.Wd40", "GetPermissions"))
		return 0;
	return hold(g, m, action, error);
}

/* sd-bus ends the connection where it finds no number. */
static int check_machine_id(sd_bus_error *error)
{
	sd_id128_t id;
	int r = sd_id128_get_machine(&id);

	return r < 0 ? wd40_error_setf(error, SD_BUS_ERROR_FAILED, "this machine has no ID: %s",
				       strerror(-r))
		     : 0;
}

/* Sees every message before the rest of sd-bus does, which is not made for those. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	if (!sd_bus_message_is_method_call(m, NULL, NULL))
		return 0;
	if (strlen(sd_bus_message_get_path(m)) > PATH_LENGTH_MAX)
		return wd40_error_setf(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "there is no %.100s...",
				       sd_bus_message_get_path(m));
	if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Peer", "GetMachineId"))
		return check_machine_id(error);
	return 0;
}

int gate_new(sd_bus *bus, struct peers *peers, struct gate **ret)
{
	_cleanup_(gate_freep) struct gate *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->bus = bus;
	g->peers = peers;
	g->listener = (struct peers_listener){ .vanished = on_vanished, .userdata = g };
	peers_add_listener(peers, &g->listener);
	r = sd_bus_add_filter(bus, &g->filter, on_message, g);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(g);
	return 0;
}

int gate_guard(struct gate *g, const char *path)
{
	return sd_bus_add_object(g->bus, NULL, path, on_call, g);
}

int gate_guard_below(struct gate *g, const char *path)
{
	return sd_bus_add_fallback(g->bus, NULL, path, on_call, g);
}
