/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection to the bus, and calls of the daemon's methods. Everything that fails is told on stderr
 * with what to do about it, and returned as an exit code (ctl/exit-codes.h).
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "ctl/bus-json.h"
#include "util/macro.h"

#define CLIENT_NAME       "org.scx.Wd40"
#define CLIENT_PATH       "/org/scx/Wd40"
#define CLIENT_INTERFACE  "org.scx.Wd40"
#define CLIENT_STATISTICS "org.scx.Wd40.Statistics"
#define CLIENT_DETAILS    "org.scx.Wd40.Details"

/* host and address are borrowed and may be NULL: this machine, and its system bus. */
struct client {
	const char *host, *address;
	bool ask_password; /* polkit may ask the user */
	sd_bus *bus;       /* NULL before the first use */
};

/* Connects, unless that has been done. The calls below do it themselves. */
int client_connect(struct client *c);
void client_done(struct client *c);

/* Whether a daemon is on the bus, as far as that can be found out. Starts none. */
bool client_is_running(struct client *c);

/*
 * What a call is for, which says how long is waited for its answer: reading is quick; permissions come from
 * polkit, which may be slow to answer; changing may have to wait for passwords, and for the kernel.
 */
enum client_call_kind {
	CLIENT_READS,
	CLIENT_ASKS,
	CLIENT_CHANGES,
	NR_CLIENT_CALL_KINDS
};

/* A call of a method of CLIENT_PATH, to append arguments to. The daemon is not started for it. */
int client_new_call(struct client *c, const char *interface, const char *member,
		    sd_bus_message **ret);

/* Makes the call. reply may be NULL. */
int client_send(struct client *c, enum client_call_kind kind, sd_bus_message *m,
		sd_bus_message **reply);

/* Makes the call, and reads the reply as bus_json_read_all does. */
int client_send_for_json(struct client *c, enum client_call_kind kind, sd_bus_message *m,
			 json_object **ret);

/* All of it in one: types and arguments as for sd_bus_message_append. ret may be NULL. */
int client_call(struct client *c, enum client_call_kind kind, const char *member, json_object **ret,
		const char *types, ...);

/* CTL_OK for a JSON object, else the failure that the answer is not one. */
int client_expect_object(json_object *answer);

/* A property, and all properties of an interface as an object. */
int client_get(struct client *c, const char *interface, const char *property, json_object **ret);
int client_get_all(struct client *c, const char *interface, json_object **ret);

/* Tells of a failure: "wd40ctl: ...". Returns code. */
int client_fail(int code, const char *format, ...) _printf_(2, 3);

/* Tells of a failure of the library, a negative errno. Returns CTL_FAILED. */
int client_fail_errno(int err, const char *what);

/* Tells of an error as a reply, or as sd-bus reports one, with advice. Returns the exit code. */
int client_fail_error(const struct client *c, const sd_bus_error *error);
