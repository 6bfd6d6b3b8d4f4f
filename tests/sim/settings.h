/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of tunables as a run's user gives them: checked and refused as the daemon does. */
#pragma once

#include "config/config.h"
#include "tests/sim/why.h"

/*
 * The defaults, and settings ("key=value", up to a NULL) in the place of the daemon's command line.
 * No file is read. -EINVAL (why says it), -ENOMEM.
 */
int sim_settings_new(const char *const *settings, char why[SIM_WHY_SIZE], struct config **ret);

/*
 * A re-tune: "key=value", or several with commas between, all at once or none. A comma in a value is
 * told from one behind it by what follows. Errors as above.
 */
int sim_settings_change(struct config *c, const char *text, char why[SIM_WHY_SIZE]);
