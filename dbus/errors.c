/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "dbus/errors.h"
#include "util/text.h"

#define NAMED(name) "org.scx.Wd40.Error." name

static const char *const names[] = {
	[REFUSED_INVALID] = SD_BUS_ERROR_INVALID_ARGS,
	[REFUSED_UNKNOWN_TUNABLE] = NAMED("UnknownTunable"),
	[REFUSED_OUT_OF_RANGE] = NAMED("OutOfRange"),
	[REFUSED_CONFLICT] = NAMED("Conflict"),
	[REFUSED_REATTACH_REQUIRED] = NAMED("ReattachRequired"),
	[REFUSED_STALE_GENERATION] = NAMED("StaleGeneration"),
	[REFUSED_UNKNOWN_OPTION] = NAMED("UnknownOption"),
	[REFUSED_NOT_ATTACHED] = NAMED("NotAttached"),
	[REFUSED_ATTACH_FAILED] = NAMED("AttachFailed"),
	[REFUSED_VERIFIER_REJECTED] = NAMED("VerifierRejected"),
	[REFUSED_UNSUPPORTED_KERNEL] = NAMED("UnsupportedKernel"),
	[REFUSED_ANOTHER_SCHEDULER] = NAMED("AnotherSchedulerActive"),
	[REFUSED_BUSY] = NAMED("Busy"),
	[REFUSED_CONFIG_INVALID] = NAMED("ConfigInvalid"),
	[REFUSED_PERSIST_FAILED] = NAMED("PersistFailed"),
	[REFUSED_NOTHING_TO_CONFIRM] = NAMED("NothingToConfirm"),
	[REFUSED_LIMIT_EXCEEDED] = NAMED("LimitExceeded"),
};
_Static_assert(ARRAY_SIZE(names) == NR_REFUSALS, "each refusal has a name");

int wd40_error_setf(sd_bus_error *error, const char *name, const char *format, ...)
{
	char text[ERROR_TEXT_MAX + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_copy_printable(text, sizeof(text), text);
	return sd_bus_error_set(error, name, text);
}

int wd40_error_set(sd_bus_error *error, int r, const struct refusal *refusal)
{
	return r == -EINVAL ? sd_bus_error_set(error, names[refusal->kind], refusal->message) : r;
}
