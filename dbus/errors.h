/* SPDX-License-Identifier: GPL-2.0-only */
/* The errors that callers see: org.scx.Wd40.Error.*, and standard ones where there are such. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/refusal.h"

/*
 * Fills error for what a verb of the manager returned: a refusal with its name and message, any other
 * errno as sd-bus does. Returns what a handler of sd-bus returns.
 */
int wd40_error_set(sd_bus_error *error, int r, const struct refusal *refusal);
