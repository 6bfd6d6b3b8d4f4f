/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/stats.h"

#include <string.h>

static const char *text_of(json_object *o, const char *key)
{
	return json_text(json_object_object_get(o, key));
}

struct stat_row stat_row_of(const char *key, json_object *metadata)
{
	const char *dot = strchr(key, '.');

	return (struct stat_row){
		.name = dot ? dot + 1 : key,
		.scope = text_of(metadata, "scope"),
		.type = text_of(metadata, "type"),
		.unit = text_of(metadata, "unit"),
		.description = text_of(metadata, "description"),
		.bounds = json_object_object_get(metadata, "bounds"),
	};
}

/* "nodes" for "node". */
static json_object *group_of(json_object *statistics, const char *scope)
{
	char name[64];

	snprintf(name, sizeof(name), "%ss", scope);
	return json_object_object_get(statistics, name);
}

size_t stat_nr_records(json_object *statistics, const char *scope)
{
	if (strcmp(scope, "machine") == 0)
		return 1;
	return json_length(group_of(statistics, scope));
}

json_object *stat_record(json_object *statistics, const char *scope, size_t i)
{
	if (strcmp(scope, "machine") == 0)
		return statistics;
	return json_at(group_of(statistics, scope), i);
}

uint64_t stat_histogram_count(json_object *value)
{
	json_object *buckets = json_at(value, 1);
	uint64_t n = 0;

	for (size_t i = 0; i < json_length(buckets); i++)
		n += json_object_get_uint64(json_at(buckets, i));
	return n;
}

double stat_histogram_quantile_ns(json_object *value, json_object *bounds, double part)
{
	json_object *buckets = json_at(value, 1);
	double wanted = part * (double)stat_histogram_count(value), seen = 0;
	size_t last = json_length(bounds);

	if (wanted <= 0 || !last)
		return 0;
	for (size_t i = 0; i < last; i++) {
		seen += (double)json_object_get_uint64(json_at(buckets, i));
		if (seen >= wanted)
			return json_object_get_double(json_at(bounds, i));
	}
	return 2 * json_object_get_double(json_at(bounds, last - 1));
}
