/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs that change something share. */
#pragma once

#include "ctl/client.h"
#include "ctl/request.h"

/* Appends the options of the request that the daemon knows (a{sv}). Returns an exit code. */
int change_append_options(const struct request *q, sd_bus_message *m);

/* The request's only argument, a generation; without one that on trial. Returns an exit code. */
int change_generation(struct client *c, const struct request *q, uint64_t *ret);
