/* SPDX-License-Identifier: GPL-2.0-only */
/* The options that are no tunables: for parsing and for the help text. */
#pragma once

#include "config/tunables.h"

enum fixed_option {
	OPTION_CONFIG,
	OPTION_CHECK,
	OPTION_PROBE,
	OPTION_BUS_INTROSPECT,
	OPTION_ROOT,
	OPTION_ADDRESS,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTION_VERSION,
	NR_FIXED_OPTIONS
};

struct fixed_option_row {
	const char *name;
	char letter;       /* or 0 */
	const char *value; /* name of what it wants, NULL for nothing */
	const char *help;
};

extern const struct fixed_option_row fixed_options[NR_FIXED_OPTIONS];

/* What option and manual call the value of a tunable: "SECONDS"; "yes|no" where it may be absent. */
const char *options_value_name(enum tunable_id id);
