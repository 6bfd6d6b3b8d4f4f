/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line: options, a verb, and what the verb is about. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct verb;

/* Options that only some verbs take: bits of a mask. The rows are in ctl/request.c. */
enum request_option {
	OPT_JSON = 1 << 0,
	OPT_NO_LEGEND = 1 << 1,
	OPT_VALUE = 1 << 2,
	OPT_SAVE = 1 << 3,
	OPT_FOR = 1 << 4,
	OPT_DRY_RUN = 1 << 5,
	OPT_EXPECTED_GENERATION = 1 << 6,
	OPT_REASON = 1 << 7,
	OPT_STRICT = 1 << 8,
	OPT_EXPECTED_INSTANCE = 1 << 9,
	OPT_OPENMETRICS = 1 << 16,
	OPT_WATCH = 1 << 17,
	OPT_INTERVAL = 1 << 18,
	OPT_COUNT = 1 << 19,
};

/* Strings are of argv. */
struct request {
	const struct verb *verb; /* NULL: only --help or --version is wanted */
	char **args;             /* what stands behind the verb */
	int nr_args;
	unsigned int given; /* mask of enum request_option */
	uint64_t for_usec, expected_generation;
	uint64_t interval_usec, count;
	const char *expected_instance, *reason, *host, *address;
	bool ask_password;
};

/* Whether an option was given. */
static inline bool request_has(const struct request *q, enum request_option option)
{
	return q->given & option;
}

/*
 * Reads the command line. What is wrong with it is told on stderr: CTL_USAGE, or CTL_REFUSED for a time out
 * of range. --help and --version are answered: CTL_OK and no verb.
 */
int request_parse(int argc, char **argv, struct request *ret);

/* A whole number, digits only. -EINVAL. */
int request_parse_number(const char *text, uint64_t *ret);
