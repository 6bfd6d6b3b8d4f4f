/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics as wd40d serves them: what GetMetadata and GetStatistics say, as JSON. Nothing here knows
 * any statistic: a newer daemon's are shown too.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/request.h"

/* A statistic, from a row of the metadata. Strings are borrowed from it. */
struct stat_row {
	const char *name;
	const char *scope; /* "machine", "node", "domain" .. */
	const char *type, *unit, *description;
	json_object *bounds; /* of a histogram, else NULL */
};
struct stat_row stat_row_of(const char *key, json_object *metadata);

/* The records of a scope in a snapshot: of the machine it is the snapshot itself. Borrowed. */
size_t stat_nr_records(json_object *statistics, const char *scope);
json_object *stat_record(json_object *statistics, const char *scope, size_t i);

/* Events of a histogram's value, and the bound in ns below which that part of them was; 0: none. */
uint64_t stat_histogram_count(json_object *value);
double stat_histogram_quantile_ns(json_object *value, json_object *bounds, double part);

/* Prints a snapshot as OpenMetrics text: counters, gauges, histograms and infos, in seconds and ratios. */
void stats_print_openmetrics(FILE *f, json_object *metadata, json_object *statistics);

/*
 * Prints a snapshot as tables. last, if any, is an earlier one: counters then are growth in a second, and
 * histograms what came since. Returns an exit code.
 */
int stats_print_tables(FILE *f, json_object *metadata, json_object *statistics, json_object *last,
		       bool titles);

/* Appends a{sv} options for what the request names. -errno. */
int stats_append_options(sd_bus_message *m, const struct request *q);

/* Subscribes, and prints samples until something fails or there were enough. Returns an exit code. */
int stats_watch(struct client *c, const struct request *q, json_object *metadata);
