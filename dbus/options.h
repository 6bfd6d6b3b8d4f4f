/* SPDX-License-Identifier: GPL-2.0-only */
/* The last argument of methods: a{sv} options. One that is not known is refused, never ignored. */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/transactions.h"

enum call_option {
	OPTION_PERSIST = 1 << 0,             /* s: "runtime" or "disk" */
	OPTION_EXPECTED_GENERATION = 1 << 1, /* t */
	OPTION_DRY_RUN = 1 << 2,             /* b */
	OPTION_CONFIRM_TIMEOUT = 1 << 3,     /* t, microseconds */
	OPTION_REASON = 1 << 4,              /* s */
	OPTION_EXPECTED_INSTANCE = 1 << 5,   /* s */
};

#define REASON_MAX 200 /* bytes, the rest is cut off */

/*
 * Reads options into terms; accepted: mask of enum call_option. terms->author.reason borrows reason,
 * which is made printable, and terms->expected_instance the message. -EINVAL and *refusal: unknown option, or a value of the wrong type.
 */
int options_read(sd_bus_message *m, unsigned int accepted, struct transaction_terms *terms,
		 char reason[REASON_MAX + 1], struct refusal *refusal);
