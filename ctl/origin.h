/* SPDX-License-Identifier: GPL-2.0-only */
/* Who set a value, in words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/bus-json.h"

/*
 * Where the value of a row of DescribeTunables comes from: "default", "/etc/...ini:3", or "runtime: root
 * in session-1.scope (too slow)". local: uids are this machine's, so they have names. Caller frees; NULL:
 * no memory.
 */
char *origin_text(json_object *row, bool local);

/* A user's name, or "uid 1000" without local or a name. Caller frees; NULL: no memory. */
char *origin_user(int64_t uid, bool local);
