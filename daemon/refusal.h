/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a request is refused: one of a closed list of kinds, and a sentence for a person. */
#pragma once

#include "config/config.h"
#include "util/macro.h"

enum refusal_kind {
	REFUSED_INVALID, /* of the wrong type, or malformed */
	REFUSED_UNKNOWN_TUNABLE,
	REFUSED_OUT_OF_RANGE,
	REFUSED_CONFLICT,
	REFUSED_REATTACH_REQUIRED,
	REFUSED_STALE_GENERATION,
	REFUSED_UNKNOWN_OPTION,
	REFUSED_NOT_ATTACHED,
	REFUSED_ATTACH_FAILED,
	REFUSED_VERIFIER_REJECTED,
	REFUSED_UNSUPPORTED_KERNEL,
	REFUSED_ANOTHER_SCHEDULER,
	REFUSED_BUSY,
	REFUSED_CONFIG_INVALID,
	REFUSED_PERSIST_FAILED,
	REFUSED_NOTHING_TO_CONFIRM,
	REFUSED_LIMIT_EXCEEDED,
	NR_REFUSALS
};

/*
 * message names tunable, value and allowed range where there are such. Printable
 * UTF-8, whatever was cut to get here: a bus does not take an error with another text. */
struct refusal {
	enum refusal_kind kind;
	char message[640];
};

/* Fills *ret. Returns -EINVAL, so that to refuse and to return is one statement. */
int refuse(struct refusal *ret, enum refusal_kind kind, const char *format, ...) _printf_(3, 4);

/* Fills *ret from what config/ refused with -EINVAL. Other errors pass unchanged. */
int refuse_problem(struct refusal *ret, int err, const struct config_problem *problem);
