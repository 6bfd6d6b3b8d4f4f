/* SPDX-License-Identifier: GPL-2.0-only */
/* Statistics for a person: a line each of the machine's, a line for each node and domain. */
#include <errno.h>
#include <string.h>

#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/stats.h"
#include "util/duration.h"

#define COLUMNS_MAX 16

/* A value to be shown, and the one before it if growth is wanted. */
struct shown {
	const struct stat_row *row;
	json_object *value, *last;
	double seconds; /* between them */
};

static uint64_t events_in(json_object *buckets, size_t i)
{
	return json_object_get_uint64(json_at(buckets, i));
}

/* A bucket that shrinks: they were reset meanwhile, so all of them count from zero. */
static bool began_anew(json_object *now, json_object *then)
{
	for (size_t i = 0; i < json_length(now); i++)
		if (events_in(now, i) < events_in(then, i))
			return true;
	return false;
}

/* Of two histograms what the later has more. NULL last: all. The caller's reference. */
static json_object *histogram_growth(json_object *value, json_object *last)
{
	json_object *grown = json_object_new_array(), *buckets = json_object_new_array();
	json_object *now = json_at(value, 1), *then = json_at(last, 1);

	if (began_anew(now, then))
		then = NULL;
	for (size_t i = 0; i < json_length(now); i++)
		json_object_array_add(
			buckets, json_object_new_uint64(events_in(now, i) - events_in(then, i)));
	json_object_array_add(grown, json_object_get(json_at(value, 0)));
	json_object_array_add(grown, buckets);
	return grown;
}

static void add_histogram(struct table *t, const struct shown *s)
{
	_cleanup_(json_putp) json_object *grown = histogram_growth(s->value, s->last);
	uint64_t n = stat_histogram_count(grown);

	if (!n) {
		table_cell(t, "%s", "");
		return;
	}
	table_cell(t, "p50 <%.3g p99 <%.3g ms",
		   stat_histogram_quantile_ns(grown, s->row->bounds, 0.5) / 1e6,
		   stat_histogram_quantile_ns(grown, s->row->bounds, 0.99) / 1e6);
}

static void add_value(struct table *t, const struct shown *s)
{
	double growth = json_object_get_double(s->value) - json_object_get_double(s->last);

	if (!s->value)
		table_cell(t, "%s", "");
	else if (strcmp(s->row->type, "histogram") == 0)
		add_histogram(t, s);
	else if (strcmp(s->row->type, "counter") == 0 && s->last)
		table_cell(t, "%.6g/s", growth > 0 ? growth / s->seconds : 0);
	else if (json_object_is_type(s->value, json_type_double))
		table_cell(t, "%.2f", json_object_get_double(s->value));
	else
		table_cell(t, "%s", json_text(s->value));
}

static double seconds_between(json_object *statistics, json_object *last)
{
	double now = json_object_get_double(json_object_object_get(statistics, "at_us"));
	double then = json_object_get_double(json_object_object_get(last, "at_us"));

	return now > then ? (now - then) / 1e6 : 1;
}

static int print_machine(FILE *f, json_object *metadata, json_object *statistics, json_object *last,
			 bool titles)
{
	static const struct column columns[] = {
		{ "STATISTIC" }, { "VALUE", .right = true }, { "UNIT" }, { "DESCRIPTION" }
	};
	_cleanup_(table_freep) struct table *t = table_new(columns, ARRAY_SIZE(columns));

	if (!t)
		return -ENOMEM;
	json_object_object_foreach (metadata, key, about) {
		struct stat_row row = stat_row_of(key, about);
		struct shown s = { .row = &row, .seconds = seconds_between(statistics, last) };

		if (strcmp(row.scope, "machine") != 0 ||
		    !json_object_object_get_ex(statistics, row.name, &s.value))
			continue;
		s.last = json_object_object_get(last, row.name);
		table_cell(t, "%s", row.name);
		add_value(t, &s);
		table_cell(t, "%s", strcmp(row.type, "histogram") == 0 ? "" : row.unit);
		table_cell(t, "%s", row.description);
	}
	return table_print(t, f, titles);
}

/* The statistics of a scope that are shown as columns; 0 where there are only labels. */
static size_t pick_columns(json_object *metadata, const char *scope, json_object *record,
			   struct stat_row rows[COLUMNS_MAX], struct column columns[COLUMNS_MAX])
{
	bool more = false;
	size_t n = 0;

	json_object_object_foreach (metadata, key, about) {
		struct stat_row row = stat_row_of(key, about);

		if (n == COLUMNS_MAX || strcmp(row.scope, scope) != 0 ||
		    !json_object_object_get_ex(record, row.name, NULL))
			continue;
		columns[n] = (struct column){ strcmp(row.name, "id") == 0 ? scope : row.name,
					      .right = true };
		rows[n++] = row;
		more |= strcmp(row.type, "label") != 0;
	}
	return more ? n : 0;
}

static int print_group(FILE *f, json_object *metadata, const char *scope, json_object *statistics,
		       json_object *last, bool titles)
{
	_cleanup_(table_freep) struct table *t = NULL;
	struct column columns[COLUMNS_MAX];
	struct stat_row rows[COLUMNS_MAX];
	size_t n, nr_records = stat_nr_records(statistics, scope);

	if (!nr_records)
		return 0;
	n = pick_columns(metadata, scope, stat_record(statistics, scope, 0), rows, columns);
	if (!n)
		return 0;
	t = table_new(columns, n);
	if (!t)
		return -ENOMEM;
	for (size_t i = 0; i < nr_records; i++)
		for (size_t k = 0; k < n; k++) {
			struct shown s = {
				.row = &rows[k],
				.value = json_object_object_get(stat_record(statistics, scope, i),
								rows[k].name),
				.seconds = seconds_between(statistics, last),
			};

			if (last && i < stat_nr_records(last, scope))
				s.last = json_object_object_get(stat_record(last, scope, i),
								rows[k].name);
			add_value(t, &s);
		}
	putc('\n', f);
	return table_print(t, f, titles);
}

int stats_print_tables(FILE *f, json_object *metadata, json_object *statistics, json_object *last,
		       bool titles)
{
	int r = print_machine(f, metadata, statistics, last, titles);

	if (r >= 0)
		r = print_group(f, metadata, "node", statistics, last, titles);
	if (r >= 0)
		r = print_group(f, metadata, "domain", statistics, last, titles);
	return r < 0 ? client_fail_errno(r, "stats") : CTL_OK;
}
