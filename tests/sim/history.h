/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last events of one task or one CPU, so that a violation can be told with what led to it. Each
 * has a ring of its own: a task that has waited for seconds still knows how that began, however much
 * went on elsewhere.
 */
#pragma once

#include <stdio.h>

#include "tests/native/native.h"

#define HISTORY_EVENTS 16

struct history_event {
	u64 at_ns;
	u64 dsq, value;
	s32 cpu, pid; /* -1, 0: none */
	enum native_event_kind kind;
};

/* All zero: empty. */
struct history {
	struct history_event events[HISTORY_EVENTS];
	u32 nr; /* ever recorded */
};

void history_record(struct history *h, const struct native_event *e);

/* A line for each event, the oldest first. */
void history_print(const struct history *h, FILE *to);

/* Name of an event, as histories print it: "run". */
const char *history_event_name(enum native_event_kind kind);
