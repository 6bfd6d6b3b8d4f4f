/* SPDX-License-Identifier: GPL-2.0-only */
/* The errors that callers see: org.scx.Wd40.Error.*, and standard ones where there are such. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/refusal.h"
#include "util/macro.h"

#define ERROR_TEXT_MAX 500 /* bytes */

#define WD40_ERROR_LIMIT_EXCEEDED "org.scx.Wd40.Error.LimitExceeded"

/*
 * Fills error for what a verb of the manager returned: a refusal with its name and message, any other
 * errno as sd-bus does. Returns what a handler of sd-bus returns.
 */
int wd40_error_set(sd_bus_error *error, int r, const struct refusal *refusal);

/*
 * Fills error for anything else that is wrong; text that comes from a caller may be of any length, and is
 * cut. An error whose text is not valid UTF-8 is never sent, and its caller waits for ever: so every text
 * is made here or by refuse(). Returns what a handler of sd-bus returns.
 */
int wd40_error_setf(sd_bus_error *error, const char *name, const char *format, ...) _printf_(3, 4);
