/* SPDX-License-Identifier: GPL-2.0-only */
/* The errors that callers see, with messages that name tunable, value and range. */
#pragma once

#include <systemd/sd-bus.h>

#include "config/config.h"

#define WD40_ERROR_UNKNOWN_TUNABLE "org.scx.Wd40.Error.UnknownTunable"
#define WD40_ERROR_OUT_OF_RANGE    "org.scx.Wd40.Error.OutOfRange"
#define WD40_ERROR_CONFLICT        "org.scx.Wd40.Error.Conflict"

/*
 * Fills error for a refused change: r as manager_set_tunables returned it, problem as it filled it.
 * Returns what a handler of sd-bus returns.
 */
int wd40_error_set(sd_bus_error *error, int r, const struct config_problem *problem);
