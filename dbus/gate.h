/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate before our objects. Every message passes it, and is answered at once if it is one that sd-bus
 * would come to grief by. Every call passes it: those that the table of permissions lets everybody
 * make at once, others after the caller is known, and polkit has agreed if it is not root. A call that
 * waits is held here and comes in again when it may; meanwhile everything else goes on. So the handlers
 * behind it are plain functions that trust their caller.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "config/config.h"
#include "dbus/peers.h"
#include "dbus/permissions.h"
#include "dbus/polkit.h"

struct gate;

/* One gate for a connection, which it borrows, like those who call by it. -ENOMEM. */
int gate_new(sd_bus *bus, struct peers *peers, struct gate **ret);
struct gate *gate_free(struct gate *g); /* forgets the calls that wait; nobody hears of them */

/* Guards the object at path; or that and all below it. */
int gate_guard(struct gate *g, const char *path);
int gate_guard_below(struct gate *g, const char *path);

/* Whether the call was held, may pass now, and comes in once more. */
bool gate_has_passed(const struct gate *g, sd_bus_message *m);

/* Who makes the call that is handled now. For handlers of what is not free to everybody. */
struct config_author gate_caller(const struct gate *g);

/* What that caller may do. For the handler of GetPermissions, for which the gate has asked. */
enum polkit_answer gate_permission(const struct gate *g, enum action action);
