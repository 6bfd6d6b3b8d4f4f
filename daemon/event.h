/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens that programs look for in the journal: its MESSAGE_ID, and fields that say who, what and
 * why. org.scx.Wd40(5) has the list.
 */
#pragma once

#include "config/config.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define EVENT_TUNABLE_CHANGED   "54110c76f4124e3bbc1056f809681ba2"
#define EVENT_TUNABLES_REVERTED "72254022f3d04092a34e19c18ee7e961"
#define EVENT_TUNABLES_SAVED    "9fff030b82b64fdbbf46aacf6e298c97"
#define EVENT_SCHEDULER_MANAGED "ef7ca23863a8407693237c0a7e442f9e" /* by hand */
#define EVENT_SCHEDULER_EXITED  "b8d58f291cde473e825489effd0db0b0"

#define EVENT_FIELDS_MAX 12

struct event {
	char *fields[EVENT_FIELDS_MAX + 1]; /* for log_event */
	size_t n;
};

/* Adds a field, "NAME=value". One for which there is no memory or no room is left out. */
void event_add(struct event *e, const char *format, ...) _printf_(2, 3);

/* WD40_UID, and WD40_UNIT and WD40_REASON where they are known. */
void event_add_author(struct event *e, const struct config_author *author);

void event_done(struct event *e);
