/* SPDX-License-Identifier: GPL-2.0-only */
/* OpenMetrics 1.0: a family for each statistic, in base units; labels tell nodes and domains apart. */
#include <string.h>

#include "ctl/stats.h"
#include "util/macro.h"

#define NAME_MAX_BYTES 128

/* Units of the daemon, and those that they become. */
static const struct unit {
	const char *of, *becomes;
	double factor;
} units[] = {
	{ "us", "seconds", 1e-6 }, { "ns", "seconds", 1e-9 }, { "percent", "ratio", 1e-2 },
	{ "CPUs", "cpus", 1 },     { "tasks", "tasks", 1 },
};
static const struct unit none = { "", "", 1 };

static const struct unit *unit_of(const struct stat_row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(units[i].of, row->unit) == 0)
			return &units[i];
	return &none;
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), n = strlen(end);

	return length >= n && strcmp(name + length - n, end) == 0;
}

/* A unit is the end of the family's name: "wd40_domain_max_wait_seconds" for max_wait_us of a domain. */
static void name_family(const struct stat_row *row, const struct unit *unit,
			char name[NAME_MAX_BYTES])
{
	char end[32];
	int n = (int)strlen(row->name);

	snprintf(end, sizeof(end), "_%s", row->unit);
	if (*row->unit && unit->factor != 1 && ends_with(row->name, end))
		n -= (int)strlen(end);
	snprintf(end, sizeof(end), "%s%s", *unit->becomes ? "_" : "", unit->becomes);
	snprintf(name, NAME_MAX_BYTES, "wd40_%s%s%.*s",
		 strcmp(row->scope, "machine") == 0 ? "" : row->scope,
		 strcmp(row->scope, "machine") == 0 ? "" : "_", n, row->name);
	if (!ends_with(name, end))
		strncat(name, end, NAME_MAX_BYTES - strlen(name) - 1);
}

static void print_escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			putc('\\', f);
		if (*text == '\n')
			fputs("\\n", f);
		else
			putc(*text, f);
	}
}

static void print_label(FILE *f, const char *name, const char *value, int *n)
{
	fprintf(f, "%s%s=\"", (*n)++ ? "," : "{", name);
	print_escaped(f, value);
	putc('"', f);
}

/*
 * What the scope has as labels: its id is called by the scope's name. And another one, unless its name is
 * NULL.
 */
static void print_labels(FILE *f, json_object *metadata, const struct stat_row *of,
			 json_object *record, const char *name, const char *text)
{
	int n = 0;

	json_object_object_foreach (metadata, key, about) {
		struct stat_row row = stat_row_of(key, about);
		json_object *value;

		if (strcmp(row.type, "label") == 0 && strcmp(row.scope, of->scope) == 0 &&
		    json_object_object_get_ex(record, row.name, &value))
			print_label(f, strcmp(row.name, "id") == 0 ? row.scope : row.name,
				    json_text(value), &n);
	}
	if (name)
		print_label(f, name, text, &n);
	fputs(n ? "} " : " ", f);
}

/* Whole numbers stay exact. */
static void print_value(FILE *f, json_object *value, double factor)
{
	if (factor == 1 && json_object_is_type(value, json_type_int))
		fprintf(f, "%s\n", json_text(value));
	else
		fprintf(f, "%.15g\n", json_object_get_double(value) * factor);
}

static void print_histogram(FILE *f, const char *family, json_object *metadata,
			    const struct stat_row *row, json_object *record, json_object *value)
{
	json_object *buckets = json_at(value, 1);
	size_t n = json_length(row->bounds);
	uint64_t sum = 0;
	char le[32];

	for (size_t i = 0; i <= n; i++) {
		sum += json_object_get_uint64(json_at(buckets, i));
		snprintf(le, sizeof(le), "%.9g",
			 json_object_get_double(json_at(row->bounds, i)) * 1e-9);
		fprintf(f, "%s_bucket", family);
		print_labels(f, metadata, row, record, "le", i < n ? le : "+Inf");
		fprintf(f, "%llu\n", (unsigned long long)sum);
	}
	fprintf(f, "%s_count", family);
	print_labels(f, metadata, row, record, NULL, NULL);
	fprintf(f, "%llu\n%s_sum", (unsigned long long)sum, family);
	print_labels(f, metadata, row, record, NULL, NULL);
	print_value(f, json_at(value, 0), 1e-9);
}

/* All that an info tells is in its label. */
static void print_info(FILE *f, const char *family, json_object *metadata,
		       const struct stat_row *row, json_object *record, json_object *value)
{
	fprintf(f, "%s_info", family);
	print_labels(f, metadata, row, record, row->name, json_text(value));
	fputs("1\n", f);
}

static void print_sample(FILE *f, const char *family, json_object *metadata,
			 const struct stat_row *row, json_object *record)
{
	json_object *value;

	if (!json_object_object_get_ex(record, row->name, &value) || !value)
		return;
	if (strcmp(row->type, "histogram") == 0) {
		print_histogram(f, family, metadata, row, record, value);
		return;
	}
	if (strcmp(row->type, "info") == 0) {
		print_info(f, family, metadata, row, record, value);
		return;
	}
	fprintf(f, "%s%s", family, strcmp(row->type, "counter") == 0 ? "_total" : "");
	print_labels(f, metadata, row, record, NULL, NULL);
	print_value(f, value, unit_of(row)->factor);
}

static void print_family(FILE *f, json_object *metadata, const struct stat_row *row,
			 json_object *statistics)
{
	const struct unit *unit = unit_of(row);
	char family[NAME_MAX_BYTES];

	name_family(row, unit, family);
	fprintf(f, "# TYPE %s %s\n", family, row->type);
	if (*unit->becomes)
		fprintf(f, "# UNIT %s %s\n", family, unit->becomes);
	fprintf(f, "# HELP %s ", family);
	print_escaped(f, row->description);
	putc('\n', f);
	for (size_t i = 0; i < stat_nr_records(statistics, row->scope); i++)
		print_sample(f, family, metadata, row, stat_record(statistics, row->scope, i));
}

/* Whether a snapshot has it anywhere: it may not have been asked for. */
static bool is_there(json_object *statistics, const struct stat_row *row)
{
	for (size_t i = 0; i < stat_nr_records(statistics, row->scope); i++)
		if (json_object_object_get_ex(stat_record(statistics, row->scope, i), row->name,
					      NULL))
			return true;
	return false;
}

void stats_print_openmetrics(FILE *f, json_object *metadata, json_object *statistics)
{
	static const char *const types[] = { "counter", "gauge", "histogram", "info" };

	json_object_object_foreach (metadata, key, about) {
		struct stat_row row = stat_row_of(key, about);

		for (size_t i = 0; i < ARRAY_SIZE(types); i++)
			if (strcmp(row.type, types[i]) == 0 && is_there(statistics, &row))
				print_family(f, metadata, &row, statistics);
	}
	fputs("# EOF\n", f);
}
