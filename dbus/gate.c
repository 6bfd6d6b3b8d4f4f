/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "dbus/call-text.h"
#include "dbus/callers.h"
#include "dbus/errors.h"
#include "dbus/gate.h"
#include "dbus/permissions.h"
#include "dbus/polkit.h"
#include "dbus/wd40-object.h"
#include "util/log.h"

/*
 * Calls that wait. Until the bus has said whose they are, which it does at once, they share a budget of
 * bytes; the first call of each connection needs none if it is small, so that nobody can keep root out.
 * After that they are questions to polkit, which may take as long as a person. A user who has many
 * connections leaves room for others. So what is held at worst is, with CALLERS_MAX connections:
 *
 *	4096 * 4 KiB + 8 MiB	of callers that are not known, less than a second old
 *	96 * 64 KiB		of all users for polkit, and 32 * 64 KiB of one
 *
 * A bus lets a connection wait for 128 replies, unless it is told otherwise.
 */
#define CALLS_OF_CALLER_MAX  16
#define FIRST_BYTES_MAX      4096u
#define UNKNOWN_BYTES_MAX    (8u << 20)
#define QUESTIONS_OF_UID_MAX 32
#define QUESTIONS_MAX        96

/* Bytes of a bus name, an interface or a member. */
#define NAME_LENGTH_MAX 255

/* Bytes of an object's path. Ours are short; sd-bus looks for each of its folders. */
#define PATH_LENGTH_MAX 128

struct call {
	struct gate *gate;
	struct caller *caller;
	struct call *next; /* of the caller */
	sd_bus_message *message;
	size_t unknown_bytes; /* of the budget */
	enum action action;   /* ACTION_NONE: GetPermissions, which asks for each */
	enum action then;     /* another that has to be allowed after it, or ACTION_NONE */
	bool passed;
	struct polkit_question *question;
	enum action asked;                      /* of GetPermissions */
	enum polkit_answer answers[NR_ACTIONS]; /* all zero is all yes */
};

struct gate {
	sd_bus *bus;
	struct callers *callers;
	sd_bus_slot *filter;
	size_t unknown_bytes;
	struct call *asking[QUESTIONS_MAX]; /* polkit */
	size_t nr_asking;
	const struct caller *caller;            /* of the call that was let through last */
	enum polkit_answer answers[NR_ACTIONS]; /* likewise */
};

/* --- Calls that are held. ------------------------------------------------------------------------ */

static struct call *call_free(struct call *c)
{
	if (!c)
		return NULL;
	polkit_question_free(c->question);
	sd_bus_message_unref(c->message);
	free(c);
	return NULL;
}
DEFINE_CLEANUP(struct call, call_free)

static void call_link(struct call *c)
{
	struct call **at = &c->caller->calls;

	while (*at)
		at = &(*at)->next;
	*at = c;
	c->caller->nr_calls++;
	c->gate->unknown_bytes += c->unknown_bytes;
}

static void call_give_back_budget(struct call *c)
{
	c->gate->unknown_bytes -= c->unknown_bytes;
	c->unknown_bytes = 0;
}

static void call_stop_asking(struct call *c)
{
	struct gate *g = c->gate;

	c->question = polkit_question_free(c->question);
	for (size_t i = 0; i < g->nr_asking; i++)
		if (g->asking[i] == c)
			g->asking[i] = g->asking[--g->nr_asking];
}

static void call_drop(struct call *c)
{
	struct call **at = &c->caller->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->caller->nr_calls--;
	call_give_back_budget(c);
	call_stop_asking(c);
	call_free(c);
}

static void call_refuse(struct call *c, const char *name, const char *why)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

	wd40_error_setf(&error, name, "%s: %s",
			c->action < NR_ACTIONS ? action_name(c->action)
					       : sd_bus_message_get_member(c->message),
			why);
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
	call_stop_asking(c);
	if (r >= 0)
		r = sd_bus_enqueue_for_read(c->gate->bus, c->message);
	if (r < 0)
		call_fail(c, r);
}

/* --- Questions to polkit. ------------------------------------------------------------------------ */

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
	return polkit_ask(c->gate->bus, c->caller->name, action_name(c->asked), &none, false,
			  on_one_permission, c, &c->question);
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
	char text[CALL_TEXT_MAX + 1];
	const struct polkit_detail detail = { .key = "call", .value = text };

	if (c->action == ACTION_NONE) {
		for (int i = 0; i < NR_ACTIONS; i++)
			c->answers[i] = POLKIT_LATE; /* until it has been asked */
		return ask_for_next(c);
	}
	c->question = polkit_question_free(c->question);
	call_describe(m, text);
	return polkit_ask(c->gate->bus, c->caller->name, action_name(c->action), &detail,
			  sd_bus_message_get_allow_interactive_authorization(m), on_permission, c,
			  &c->question);
}

static bool asks_too_much(const struct gate *g, uid_t uid)
{
	size_t own = 0;

	for (size_t i = 0; i < g->nr_asking; i++)
		own += g->asking[i]->caller->uid == uid;
	return g->nr_asking >= QUESTIONS_MAX || own >= QUESTIONS_OF_UID_MAX;
}

/* --- Callers. ------------------------------------------------------------------------------------ */

static bool needs_no_question(const struct caller *caller, enum action action)
{
	return caller->uid == 0 || action == ACTION_IDENTIFY;
}

/* Its caller is known. */
static void call_proceed(struct call *c)
{
	struct gate *g = c->gate;
	int r;

	if (needs_no_question(c->caller, c->action)) {
		call_pass(c);
		return;
	}
	if (asks_too_much(g, c->caller->uid)) {
		call_refuse(c, WD40_ERROR_LIMIT_EXCEEDED, "too many calls wait for polkit");
		return;
	}
	g->asking[g->nr_asking++] = c;
	r = ask_polkit(c);
	if (r < 0)
		call_fail(c, r);
}

static void on_identified(struct caller *caller, int r, void *userdata)
{
	struct call *next;

	for (struct call *c = caller->calls; c; c = next) {
		next = c->next;
		call_give_back_budget(c);
		if (r < 0)
			call_fail(c, r);
		else
			call_proceed(c);
	}
}

/* A call that has passed already comes in as a new one then, and the bus says that nobody makes it. */
static void on_forgotten(struct caller *caller, void *userdata)
{
	struct gate *g = userdata;

	while (caller->calls)
		call_drop(caller->calls);
	if (g->caller == caller)
		g->caller = NULL;
}

struct config_author gate_caller(const struct gate *g)
{
	return (struct config_author){ .uid = g->caller->uid, .unit = g->caller->unit };
}

enum polkit_answer gate_permission(const struct gate *g, enum action action)
{
	return g->answers[action];
}

/* --- What comes in. ------------------------------------------------------------------------------ */

static bool has_room(const struct gate *g, const struct caller *caller, size_t bytes)
{
	if (caller->nr_calls >= CALLS_OF_CALLER_MAX)
		return false;
	if (caller->known || (!caller->nr_calls && bytes <= FIRST_BYTES_MAX))
		return true;
	return g->unknown_bytes + bytes <= UNKNOWN_BYTES_MAX;
}

static int call_new(struct gate *g, struct caller *caller, sd_bus_message *m, enum action action,
		    size_t bytes)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->gate = g;
	c->caller = caller;
	c->message = sd_bus_message_ref(m);
	c->unknown_bytes = caller->known ? 0 : bytes;
	c->action = action;
	c->then = action == ACTION_SET_TUNABLES && call_persists(m) ? ACTION_SAVE_CONFIGURATION
								    : ACTION_NONE;
	call_link(c);
	if (caller->known)
		call_proceed(c);
	return 1;
}

/* Holds the call until it may pass. */
static int hold(struct gate *g, struct caller *caller, sd_bus_message *m, enum action action,
		sd_bus_error *error)
{
	size_t bytes = call_bytes(m);

	if (bytes > CALL_BYTES_MAX)
		return wd40_error_setf(error, WD40_ERROR_LIMIT_EXCEEDED, "a call may have %u bytes",
				       CALL_BYTES_MAX);
	if (!has_room(g, caller, bytes))
		return wd40_error_setf(error, WD40_ERROR_LIMIT_EXCEEDED,
				       "too many calls wait for permission");
	return call_new(g, caller, m, action, bytes);
}

static int let_through(struct gate *g, const struct caller *caller,
		       const enum polkit_answer answers[NR_ACTIONS])
{
	g->caller = caller;
	memcpy(g->answers, answers, sizeof(g->answers));
	return 0;
}

/* The call if it has been here before, and may pass. */
static struct call *find_passed(const struct caller *caller, const sd_bus_message *m)
{
	struct call *c = caller->calls;

	while (c && !(c->passed && c->message == m))
		c = c->next;
	return c;
}

bool gate_has_passed(const struct gate *g, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);
	const struct caller *caller = sender ? callers_get(g->callers, sender) : NULL;

	return caller && find_passed(caller, m);
}

static int guard(struct gate *g, sd_bus_message *m, enum action action, sd_bus_error *error)
{
	static const enum polkit_answer all_yes[NR_ACTIONS];
	const char *sender = sd_bus_message_get_sender(m);
	struct caller *caller;
	struct call *passed;
	int r;

	if (!sender)
		return -EACCES;
	r = callers_find(g->callers, sender, &caller);
	if (r == -ENOBUFS)
		return wd40_error_setf(error, WD40_ERROR_LIMIT_EXCEEDED, "too many callers");
	if (r < 0)
		return r;
	passed = find_passed(caller, m);
	if (passed) {
		let_through(g, caller, passed->answers);
		call_drop(passed);
		return 0;
	}
	if (caller->known && needs_no_question(caller, action))
		return let_through(g, caller, all_yes);
	return hold(g, caller, m, action, error);
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

/* sd-bus says what is wrong with one that is not. */
static bool is_well_formed(sd_bus_message *m)
{
	const char *interface = sd_bus_message_get_interface(m), *signature;

	if (!interface)
		return true;
	signature = wd40_object_arguments(interface, sd_bus_message_get_member(m));
	return !signature || sd_bus_message_has_signature(m, signature);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	int action;

	if (!sd_bus_message_is_method_call(m, NULL, NULL) || !is_well_formed(m))
		return 0;
	action = permission_of(m);
	if (action < 0)
		return wd40_error_setf(error, SD_BUS_ERROR_UNKNOWN_METHOD, "no method %s of %s",
				       sd_bus_message_get_member(m),
				       sd_bus_message_get_interface(m) ?: "no interface");
	if (action == ACTION_NONE &&
	    !sd_bus_message_is_method_call(m, "org.scx.Wd40", "GetPermissions"))
		return 0;
	return guard(userdata, m, action, error);
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

/* sd-bus answers with the names, however long they are. The bus itself lets no interface's be longer. */
static int check_property(sd_bus_message *m, sd_bus_error *error)
{
	const char *name;
	char type;
	int r = 0;

	while (r >= 0 && sd_bus_message_peek_type(m, &type, NULL) > 0 && type == 's') {
		r = sd_bus_message_read_basic(m, 's', &name);
		if (r >= 0 && strlen(name) > NAME_LENGTH_MAX)
			return wd40_error_setf(error, SD_BUS_ERROR_UNKNOWN_PROPERTY,
					       "there is no %.100s...", name);
	}
	return 0;
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
	if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", NULL))
		return check_property(m, error);
	return 0;
}

struct gate *gate_free(struct gate *g)
{
	if (!g)
		return NULL;
	callers_free(g->callers);
	sd_bus_slot_unref(g->filter);
	free(g);
	return NULL;
}
DEFINE_CLEANUP(struct gate, gate_free)

static const struct callers_events callers_events = {
	.identified = on_identified,
	.forgotten = on_forgotten,
};

int gate_new(sd_bus *bus, struct peers *peers, struct gate **ret)
{
	_cleanup_(gate_freep) struct gate *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->bus = bus;
	r = callers_new(bus, peers, &callers_events, g, &g->callers);
	if (r >= 0)
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
