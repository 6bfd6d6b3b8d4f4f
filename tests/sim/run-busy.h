/* SPDX-License-Identifier: GPL-2.0-only */
/* How busy each CPU of the native kernel was lately: what daemon/procstat.c reads from /proc/stat. */
#pragma once

#include "util/cleanup.h"

struct busy_meter;

/* Takes the first reading, so that the first update has something to compare with. -ENOMEM. */
int busy_meter_new(struct busy_meter **ret);
struct busy_meter *busy_meter_free(struct busy_meter *b);
DEFINE_CLEANUP(struct busy_meter, busy_meter_free)

/* Reads anew, in whole ticks of 10 ms as /proc/stat has them. */
void busy_meter_update(struct busy_meter *b);

/* As procstat_busy_pct. */
const double *busy_meter_pct(const struct busy_meter *b);
