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
int verb_describe(struct client *c, const struct request *q);
int verb_set(struct client *c, const struct request *q);
int verb_confirm(struct client *c, const struct request *q);
int verb_revert(struct client *c, const struct request *q);
int verb_reset(struct client *c, const struct request *q);
int verb_save(struct client *c, const struct request *q);
int verb_reload(struct client *c, const struct request *q);
int verb_attach(struct client *c, const struct request *q);
int verb_detach(struct client *c, const struct request *q);
int verb_reattach(struct client *c, const struct request *q);
int verb_domains(struct client *c, const struct request *q);
int verb_stats(struct client *c, const struct request *q);
int verb_reset_statistics(struct client *c, const struct request *q);
int verb_monitor(struct client *c, const struct request *q);
int verb_check(struct client *c, const struct request *q);
int verb_probe(struct client *c, const struct request *q);
int verb_dump(struct client *c, const struct request *q);
int verb_permissions(struct client *c, const struct request *q);
