/* SPDX-License-Identifier: GPL-2.0-only */
/* The tunables that a verb is about. */
#pragma once

#include "ctl/client.h"
#include "ctl/request.h"

/*
 * Asks the daemon to describe its tunables, and keeps those that the request names, in its order; all
 * when it names none. *ret: an object of rows by property, the caller's. Returns an exit code:
 * CTL_REFUSED when there is no such tunable.
 */
int pick_rows(struct client *c, const struct request *q, json_object **ret);

/* Tells that there is no such tunable, and which may be meant. Returns CTL_REFUSED. */
int pick_fail(const char *name);

/* Appends the D-Bus names of the tunables that the request names. Returns an exit code. */
int pick_append_names(const struct request *q, sd_bus_message *m);
