/* SPDX-License-Identifier: GPL-2.0-only */
/* THE table of verbs: dispatch, --help and completion come from it. */
#pragma once

#include "ctl/client.h"
#include "ctl/request.h"

#define ARGS_ANY (-1)

struct verb {
	const char *name;
	const char *args; /* as --help shows them, or "" */
	int min_args, max_args;
	unsigned int options;                                  /* mask of enum request_option */
	const char *help;                                      /* one line */
	int (*run)(struct client *c, const struct request *q); /* returns an exit code */
};

/* Ends with a row without a name. The first is run when no verb is given. */
extern const struct verb verbs[];

/* NULL: there is none. */
const struct verb *verb_by_name(const char *name);

int verb_status(struct client *c, const struct request *q);
int verb_get(struct client *c, const struct request *q);
