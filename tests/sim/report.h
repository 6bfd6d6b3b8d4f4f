/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run gave: figures as JSON, a trace that viewers open, samples over time for plots. */
#pragma once

#include <stdio.h>

#include "tests/native/native.h"
#include "tests/sim/oracle.h"

struct sim_report;

/*
 * Starts to observe, before tasks join. trace: Chrome's JSON trace events go there (trace.h), NULL for
 * none; the caller closes it after sim_report_print or sim_report_free. -ENOMEM.
 */
int sim_report_new(const struct sim_context *context, FILE *trace, struct sim_report **ret);
struct sim_report *sim_report_free(struct sim_report *r);

/*
 * Ends the trace and prints the figures up to now, for a person or as JSON. Before native_detach: then
 * the tasks are still there to be judged.
 */
void sim_report_print(struct sim_report *r, FILE *to, bool json);

/* Waits in ns at a percentile 0..100, for tests. */
u64 sim_report_wait_ns(const struct sim_report *r, double percentile);
