/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/exit-codes.h"
#include "util/text.h"

/* How long an answer is waited for. */
static const uint64_t patience_usec[] = {
	[CLIENT_READS] = 10 * UINT64_C(1000000),
	[CLIENT_ASKS] = 60 * UINT64_C(1000000),     /* the daemon waits 25 s for polkit */
	[CLIENT_CHANGES] = 610 * UINT64_C(1000000), /* and 300 s for each of two passwords */
};
_Static_assert(ARRAY_SIZE(patience_usec) == NR_CLIENT_CALL_KINDS, "each kind has its time");

/* Much of a message may have been said by somebody else. */
int client_fail(int code, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		text_copy_printable(text, strlen(text) + 1, text);
	fflush(stdout);
	fprintf(stderr, "wd40ctl: %s\n", text ?: "out of memory");
	free(text);
	return code;
}

int client_fail_errno(int err, const char *what)
{
	return client_fail(CTL_FAILED, "%s: %s", what, strerror(-err));
}

static int open_address(sd_bus **bus, const char *address)
{
	int r = sd_bus_new(bus);

	if (r >= 0)
		r = sd_bus_set_address(*bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(*bus, true);
	return r < 0 ? r : sd_bus_start(*bus);
}

static int open_bus(struct client *c)
{
	int r;

	if (c->host)
		r = sd_bus_open_system_remote(&c->bus, c->host);
	else if (c->address)
		r = open_address(&c->bus, c->address);
	else
		r = sd_bus_open_system(&c->bus);
	return r < 0 ? r : sd_bus_set_method_call_timeout(c->bus, patience_usec[CLIENT_READS]);
}

/* That of a remote machine and a bad address fail here or at the first call. */
int client_connect(struct client *c)
{
	int r;

	if (c->bus)
		return CTL_OK;
	r = open_bus(c);
	if (r < 0) {
		c->bus = sd_bus_unref(c->bus);
		return client_fail(CTL_UNREACHABLE, "cannot reach the system bus%s%s: %s",
				   c->host ? " of " : "", c->host ?: "", strerror(-r));
	}
	return CTL_OK;
}

void client_done(struct client *c)
{
	c->bus = sd_bus_flush_close_unref(c->bus);
}

bool client_is_running(struct client *c)
{
	return !client_connect(c) && sd_bus_get_name_creds(c->bus, CLIENT_NAME, 0, NULL) >= 0;
}

#define NAMED(name) "org.scx.Wd40.Error." name

/* What an error means to a script, and what a person can do about it. */
static const struct {
	const char *name;
	int code;
	const char *advice;
} errors[] = {
	{ SD_BUS_ERROR_ACCESS_DENIED, CTL_NOT_PERMITTED,
	  "try it as root; 'wd40ctl permissions' says what you may do" },
	{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, CTL_NOT_PERMITTED,
	  "try it as root; 'wd40ctl permissions' says what you may do" },
	{ SD_BUS_ERROR_INVALID_ARGS, CTL_REFUSED, NULL },
	{ NAMED("UnknownTunable"), CTL_REFUSED, "'wd40ctl describe' lists them" },
	{ NAMED("OutOfRange"), CTL_REFUSED, NULL },
	{ NAMED("Conflict"), CTL_REFUSED, NULL },
	{ NAMED("ReattachRequired"), CTL_REFUSED, NULL },
	{ NAMED("UnknownOption"), CTL_REFUSED, "wd40d may be older than wd40ctl" },
	{ NAMED("ConfigInvalid"), CTL_REFUSED, "'wd40ctl check' lists all problems" },
	{ NAMED("LimitExceeded"), CTL_REFUSED, NULL },
	{ NAMED("StaleGeneration"), CTL_STALE, "'wd40ctl get' shows what the others have set" },
	{ NAMED("Busy"), CTL_BUSY, "'wd40ctl confirm' or 'wd40ctl revert' ends the trial" },
	{ NAMED("NotAttached"), CTL_FAILED, "'wd40ctl attach' attaches the scheduler" },
	{ SD_BUS_ERROR_UNKNOWN_METHOD, CTL_FAILED, "wd40d may be older than wd40ctl" },
	{ SD_BUS_ERROR_UNKNOWN_PROPERTY, CTL_FAILED, "wd40d may be older than wd40ctl" },
};

static int fail_unreachable(const struct client *c, const sd_bus_error *error)
{
	static const char *const not_running[] = { SD_BUS_ERROR_NAME_HAS_NO_OWNER,
						   SD_BUS_ERROR_SERVICE_UNKNOWN };

	for (size_t i = 0; i < ARRAY_SIZE(not_running); i++)
		if (sd_bus_error_has_name(error, not_running[i]))
			return client_fail(CTL_UNREACHABLE,
					   "wd40d is not running%s%s; start it: "
					   "systemctl start wd40d",
					   c->host ? " on " : "", c->host ?: "");
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT))
		return client_fail(CTL_UNREACHABLE,
				   "wd40d%s%s does not answer: %s; see: systemctl status wd40d, "
				   "journalctl -u wd40d",
				   c->host ? " on " : "", c->host ?: "", error->message);
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED) ||
	    sd_bus_error_get_errno(error) == ECONNRESET ||
	    sd_bus_error_get_errno(error) == ENOTCONN)
		return client_fail(CTL_UNREACHABLE,
				   "the system bus%s%s is gone, or cannot be reached",
				   c->host ? " of " : "", c->host ?: "");
	return CTL_OK;
}

int client_fail_error(const struct client *c, const sd_bus_error *error)
{
	int code = fail_unreachable(c, error);

	if (code)
		return code;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (sd_bus_error_has_name(error, errors[i].name))
			return client_fail(errors[i].code, "%s%s%s", error->message,
					   errors[i].advice ? "; " : "", errors[i].advice ?: "");
	return client_fail(CTL_FAILED, "%s", error->message ?: error->name);
}

int client_new_call(struct client *c, const char *interface, const char *member,
		    sd_bus_message **ret)
{
	int r = client_connect(c);

	if (r)
		return r;
	r = sd_bus_message_new_method_call(c->bus, ret, CLIENT_NAME, CLIENT_PATH, interface,
					   member);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(*ret, false);
	return r < 0 ? client_fail_errno(r, member) : CTL_OK;
}

int client_send(struct client *c, enum client_call_kind kind, sd_bus_message *m,
		sd_bus_message **reply)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	bool may_ask = kind == CLIENT_CHANGES && c->ask_password;
	int r = sd_bus_message_set_allow_interactive_authorization(m, may_ask);

	if (r < 0)
		return client_fail_errno(r, "cannot make the call");
	if (sd_bus_call(c->bus, m, patience_usec[kind], &error, reply) < 0)
		return client_fail_error(c, &error);
	return CTL_OK;
}

int client_send_for_json(struct client *c, enum client_call_kind kind, sd_bus_message *m,
			 json_object **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r = client_send(c, kind, m, &reply);

	if (r)
		return r;
	r = bus_json_read_all(reply, ret);
	return r < 0 ? client_fail_errno(r, "cannot read the answer") : CTL_OK;
}

int client_call(struct client *c, enum client_call_kind kind, const char *member, json_object **ret,
		const char *types, ...)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	va_list args;
	int r = client_new_call(c, CLIENT_INTERFACE, member, &m);

	if (r)
		return r;
	va_start(args, types);
	r = sd_bus_message_appendv(m, types, args);
	va_end(args);
	if (r < 0)
		return client_fail_errno(r, member);
	return ret ? client_send_for_json(c, kind, m, ret) : client_send(c, kind, m, NULL);
}

int client_expect_object(json_object *answer)
{
	if (json_object_is_type(answer, json_type_object))
		return CTL_OK;
	return client_fail(CTL_FAILED, "cannot make sense of the answer; "
				       "wd40d and wd40ctl may be of different versions");
}

static int call_properties(struct client *c, const char *member, const char *interface,
			   const char *property, json_object **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = client_new_call(c, "org.freedesktop.DBus.Properties", member, &m);

	if (r)
		return r;
	r = sd_bus_message_append(m, "s", interface);
	if (r >= 0 && property)
		r = sd_bus_message_append(m, "s", property);
	return r < 0 ? client_fail_errno(r, member) : client_send_for_json(c, CLIENT_READS, m, ret);
}

int client_get(struct client *c, const char *interface, const char *property, json_object **ret)
{
	return call_properties(c, "Get", interface, property, ret);
}

int client_get_all(struct client *c, const char *interface, json_object **ret)
{
	int r = call_properties(c, "GetAll", interface, NULL, ret);

	return r ?: client_expect_object(*ret);
}
