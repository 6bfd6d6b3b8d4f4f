/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. Each tunable is an option, by the table in config/tunables.c. */
#pragma once

#include <stdio.h>

#include "config/config.h"

enum options_action {
	ACTION_RUN,
	ACTION_CHECK,          /* options_check */
	ACTION_PROBE,          /* print the requirements and whether the machine meets them */
	ACTION_BUS_INTROSPECT, /* print the D-Bus interfaces as XML */
	ACTION_HELP,           /* options_print_help */
	ACTION_VERSION,        /* options_print_version */
};

struct options {
	enum options_action action; /* of several, the last; help and version end the parsing */
	unsigned int verbose;       /* times that -v was given */
	const char *root;           /* of --root, "" without; points into argv */
	const char *address;        /* of --address, NULL without; likewise */
};

/* Bytes for a refusal: one printable sentence that names option, value and allowed range. */
#define OPTIONS_WHY_MAX 600

/*
 * Parses the command line. Tunables go to the command line layer of c, --config and --root to its
 * file and its root; the next step is config_load, then config_check, whose refusal is a wrong
 * command line, too. -EINVAL fills why; -ENOMEM. *ret is untouched then.
 */
int options_parse(int argc, char **argv, struct config *c, struct options *ret,
		  char why[OPTIONS_WHY_MAX]);

/* The help text, and "wd40d VERSION". */
void options_print_help(FILE *f);
void options_print_version(FILE *f);

/* Says why the command line was refused, and where help is. Returns EXIT_CODE_USAGE. */
int options_print_refusal(const char *why, FILE *f);

/*
 * --check: loads the configuration, prints each problem as "file:line: key: message" and a verdict.
 * Returns EXIT_CODE_OK, EXIT_CODE_CONFIG when there was a problem, or EXIT_CODE_INTERNAL.
 */
int options_check(struct config *c, FILE *f);
