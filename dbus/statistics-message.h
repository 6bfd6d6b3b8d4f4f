/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics in D-Bus messages: what is asked for, and a snapshot as a{sv}. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "bpf/shared.h"
#include "daemon/refusal.h"
#include "daemon/statistics.h"

/* Room for a bit per row of the table. */
#define STATISTICS_ROWS_MAX 128

/* Which statistics are wanted. */
struct statistics_choice {
	u64 rows[WD40_WORDS(STATISTICS_ROWS_MAX)];
	bool scopes[NR_STATISTIC_SCOPES];
};

/*
 * Reads options a{sv}: "scopes" as, of machine, node, domain; "names" as, in any of
 * these scopes; of each all when it is empty or not there. Labels are always there. -EINVAL and *refusal: an option, scope or name that is not
 * known, a value of the wrong type.
 */
int statistics_choice_read(sd_bus_message *m, struct statistics_choice *ret,
			   struct refusal *refusal);

/*
 * Appends a snapshot as a{sv}: the machine's statistics by name, and "nodes" and "domains" as aa{sv}. What
 * is not known is left out. Counters and gauges are t, levels d, masks at (words of 64 CPUs), texts s, histograms
 * (tat): the sum in ns, and the number in each bucket.
 */
int statistics_append(sd_bus_message *m, const struct statistics *s,
		      const struct statistics_choice *choice);

/* Bytes of a message with a snapshot of so many nodes and domains, at most; choice NULL: with everything. */
uint32_t statistics_size_max(const struct statistics_choice *choice, uint32_t nr_nodes,
			     uint32_t nr_domains);

/*
 * Appends the table as a{sa{sv}}: scope, type, unit, description, and bounds of a histogram: at, upper bounds
 * of its buckets in ns but for the last, which has none. Those of nodes and domains are "node.NAME" and
 * "domain.NAME".
 */
int statistics_append_metadata(sd_bus_message *m);
