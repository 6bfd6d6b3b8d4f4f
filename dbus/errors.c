/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "dbus/errors.h"

/* Problems of files cannot come from a caller; they have no name of their own. */
static const char *const problem_names[NR_CONFIG_ERRORS] = {
	[CONFIG_UNKNOWN_KEY] = WD40_ERROR_UNKNOWN_TUNABLE,
	[CONFIG_WRONG_TYPE] = SD_BUS_ERROR_INVALID_ARGS,
	[CONFIG_OUT_OF_RANGE] = WD40_ERROR_OUT_OF_RANGE,
	[CONFIG_CONFLICT] = WD40_ERROR_CONFLICT,
};

int wd40_error_set(sd_bus_error *error, int r, const struct config_problem *problem)
{
	const char *name = problem_names[problem->error];

	if (r == -EINVAL && name)
		return sd_bus_error_set(error, name, problem->message);
	return r;
}
