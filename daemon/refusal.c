/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "daemon/refusal.h"
#include "util/text.h"

int refuse(struct refusal *ret, enum refusal_kind kind, const char *format, ...)
{
	va_list args;

	ret->kind = kind;
	va_start(args, format);
	vsnprintf(ret->message, sizeof(ret->message), format, args);
	va_end(args);
	text_copy_printable(ret->message, sizeof(ret->message), ret->message);
	return -EINVAL;
}

/* Those of files cannot come from a request. */
static const enum refusal_kind kinds[NR_CONFIG_ERRORS] = {
	[CONFIG_UNKNOWN_KEY] = REFUSED_UNKNOWN_TUNABLE, [CONFIG_WRONG_TYPE] = REFUSED_INVALID,
	[CONFIG_OUT_OF_RANGE] = REFUSED_OUT_OF_RANGE,   [CONFIG_CONFLICT] = REFUSED_CONFLICT,
	[CONFIG_NOT_SAVED] = REFUSED_PERSIST_FAILED,
};

int refuse_problem(struct refusal *ret, int err, const struct config_problem *problem)
{
	if (err != -EINVAL)
		return err;
	return refuse(ret, kinds[problem->error], "%s", problem->message);
}
