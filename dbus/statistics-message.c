/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cpuset.h"
#include "dbus/statistics-message.h"
#include "util/macro.h"

/* --- What is asked for. -------------------------------------------------------------------------- */

static void choose_row(struct statistics_choice *c, size_t row)
{
	c->rows[row / WD40_BITS_PER_WORD] |= 1ull << row % WD40_BITS_PER_WORD;
}

static bool is_chosen(const struct statistics_choice *c, size_t row)
{
	return c->rows[row / WD40_BITS_PER_WORD] >> row % WD40_BITS_PER_WORD & 1;
}

static int choose_scope(struct statistics_choice *c, const char *name, struct refusal *refusal)
{
	for (int scope = 0; scope < NR_STATISTIC_SCOPES; scope++)
		if (strcmp(statistic_scope_name(scope), name) == 0) {
			c->scopes[scope] = true;
			return 0;
		}
	return refuse(refusal, REFUSED_INVALID, "scopes: %.100s: not one of machine, node, domain",
		      name);
}

static int choose_name(struct statistics_choice *c, const char *name, struct refusal *refusal)
{
	bool known = false;

	for (int scope = 0; scope < NR_STATISTIC_SCOPES; scope++) {
		int row = statistic_find(scope, name);

		if (row < 0)
			continue;
		known = true;
		choose_row(c, (size_t)row);
	}
	return known ? 0
		     : refuse(refusal, REFUSED_INVALID, "names: %.100s: no such statistic", name);
}

static const struct {
	const char *name;
	int (*choose)(struct statistics_choice *c, const char *name, struct refusal *refusal);
} options[] = {
	{ "scopes", choose_scope },
	{ "names", choose_name },
};

/* *chosen: the list has something. An empty one chooses everything, as none at all does. */
static int read_list(sd_bus_message *m, size_t option, struct statistics_choice *c, bool *chosen,
		     struct refusal *refusal)
{
	const char *name;
	size_t n = 0;
	int r = sd_bus_message_enter_container(m, 'v', "as");

	if (r == -ENXIO)
		return refuse(refusal, REFUSED_INVALID, "option %s: is not of type as",
			      options[option].name);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read(m, "s", &name)) > 0) {
		if (n++ == nr_statistics)
			return refuse(refusal, REFUSED_LIMIT_EXCEEDED, "more %s than there are",
				      options[option].name);
		*chosen = true;
		r = options[option].choose(c, name, refusal);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_option(sd_bus_message *m, struct statistics_choice *c, bool *chosen,
		       struct refusal *refusal)
{
	const char *name;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return read_list(m, i, c, &chosen[i], refusal);
	return refuse(refusal, REFUSED_UNKNOWN_OPTION, "%.100s: unknown option", name);
}

static void choose_labels(struct statistics_choice *c)
{
	for (size_t i = 0; i < nr_statistics; i++)
		if (statistics_table[i].type == STATISTIC_LABEL)
			choose_row(c, i);
}

int statistics_choice_read(sd_bus_message *m, struct statistics_choice *ret,
			   struct refusal *refusal)
{
	bool chosen[ARRAY_SIZE(options)] = { false };
	struct statistics_choice c = { 0 };
	size_t n = 0;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		if (n++ == ARRAY_SIZE(options))
			return refuse(refusal, REFUSED_LIMIT_EXCEEDED,
				      "more options than there are");
		r = read_option(m, &c, chosen, refusal);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r < 0)
		return r;
	if (!chosen[0])
		memset(c.scopes, true, sizeof(c.scopes));
	if (!chosen[1])
		memset(c.rows, 0xff, sizeof(c.rows));
	choose_labels(&c);
	*ret = c;
	return 0;
}

/* --- Snapshots. ------------------------------------------------------------------------------------ */

static int append_mask(sd_bus_message *m, const char *name, const struct cpuset *mask)
{
	int r = sd_bus_message_open_container(m, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "at");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 't', mask->words,
						mask->nr_words * sizeof(mask->words[0]));
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_waits(sd_bus_message *m, const struct statistics_waits *w)
{
	int r = sd_bus_message_open_container(m, 'r', "tat");

	if (r >= 0)
		r = sd_bus_message_append(m, "t", w->sum_ns);
	if (r >= 0)
		r = sd_bus_message_append_array(m, 't', w->buckets, sizeof(w->buckets));
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_histogram(sd_bus_message *m, const char *name, const struct statistics_waits *w)
{
	int r = sd_bus_message_open_container(m, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "(tat)");
	if (r >= 0)
		r = append_waits(m, w);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_row(sd_bus_message *m, const struct statistic *row, const void *record)
{
	switch (row->type) {
	case STATISTIC_LEVEL:
		if (isnan(statistic_level(row, record)))
			return 0;
		return sd_bus_message_append(m, "{sv}", row->name, "d",
					     statistic_level(row, record));
	case STATISTIC_HISTOGRAM:
		return append_histogram(m, row->name, statistic_waits(row, record));
	case STATISTIC_MASK:
		if (!statistic_mask(row, record))
			return 0;
		return append_mask(m, row->name, statistic_mask(row, record));
	case STATISTIC_INFO:
		return sd_bus_message_append(m, "{sv}", row->name, "s",
					     statistic_text(row, record));
	default:
		return sd_bus_message_append(m, "{sv}", row->name, "t",
					     statistic_count(row, record));
	}
}

static int append_rows(sd_bus_message *m, enum statistic_scope scope, const void *record,
		       const struct statistics_choice *choice)
{
	int r = 0;

	for (size_t i = 0; i < nr_statistics && r >= 0; i++)
		if (statistics_table[i].scope == scope && is_chosen(choice, i))
			r = append_row(m, &statistics_table[i], record);
	return r;
}

/* Nodes or domains, whose records are of that size, as an entry {sv} with an aa{sv}. */
static int append_group(sd_bus_message *m, enum statistic_scope scope, const void *records,
			size_t size, uint32_t n, const struct statistics_choice *choice)
{
	int r;

	if (!choice->scopes[scope])
		return 0;
	r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", scope == STATISTIC_NODE ? "nodes" : "domains");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "aa{sv}");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "a{sv}");
	for (uint32_t i = 0; i < n && r >= 0; i++) {
		r = sd_bus_message_open_container(m, 'a', "{sv}");
		if (r >= 0)
			r = append_rows(m, scope, (const char *)records + i * size, choice);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	for (int i = 0; i < 3 && r >= 0; i++)
		r = sd_bus_message_close_container(m);
	return r;
}

int statistics_append(sd_bus_message *m, const struct statistics *s,
		      const struct statistics_choice *choice)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	if (r >= 0 && choice->scopes[STATISTIC_MACHINE])
		r = append_rows(m, STATISTIC_MACHINE, &s->machine, choice);
	if (r >= 0)
		r = append_group(m, STATISTIC_NODE, s->nodes, sizeof(s->nodes[0]), s->nr_nodes,
				 choice);
	if (r >= 0)
		r = append_group(m, STATISTIC_DOMAIN, s->domains, sizeof(s->domains[0]),
				 s->nr_domains, choice);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* --- Sizes. ------------------------------------------------------------------------------------------- */

#define BYTES_OF_HEADER 512u
#define BYTES_OF_ENTRY  64u /* with its name and the padding */
#define BYTES_OF_MASK   (WD40_WORDS(WD40_MAX_CPUS) * 8u)

static uint32_t row_size_max(const struct statistic *row)
{
	switch (row->type) {
	case STATISTIC_HISTOGRAM: return BYTES_OF_ENTRY + sizeof(struct statistics_waits);
	case STATISTIC_MASK: return BYTES_OF_ENTRY + BYTES_OF_MASK;
	default: return BYTES_OF_ENTRY;
	}
}

/* Of one record of a scope. */
static uint32_t record_size_max(enum statistic_scope scope, const struct statistics_choice *choice)
{
	uint32_t bytes = 0;

	if (choice && !choice->scopes[scope])
		return 0;
	for (size_t i = 0; i < nr_statistics; i++)
		if (statistics_table[i].scope == scope && (!choice || is_chosen(choice, i)))
			bytes += row_size_max(&statistics_table[i]);
	return bytes;
}

uint32_t statistics_size_max(const struct statistics_choice *choice, uint32_t nr_nodes,
			     uint32_t nr_domains)
{
	return BYTES_OF_HEADER + record_size_max(STATISTIC_MACHINE, choice) +
	       nr_nodes * record_size_max(STATISTIC_NODE, choice) +
	       nr_domains * record_size_max(STATISTIC_DOMAIN, choice);
}

/* --- The table. ------------------------------------------------------------------------------------- */

static int append_bounds(sd_bus_message *m)
{
	uint64_t bounds[WD40_WAIT_BUCKETS - 1];
	int r = sd_bus_message_open_container(m, 'e', "sv");

	for (uint32_t i = 0; i < ARRAY_SIZE(bounds); i++)
		bounds[i] = statistic_bound_ns(i);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", "bounds");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "at");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 't', bounds, sizeof(bounds));
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_description(sd_bus_message *m, const struct statistic *row)
{
	char key[64];
	int r;

	snprintf(key, sizeof(key), "%s%s%s",
		 row->scope == STATISTIC_MACHINE ? "" : statistic_scope_name(row->scope),
		 row->scope == STATISTIC_MACHINE ? "" : ".", row->name);
	r = sd_bus_message_open_container(m, 'e', "sa{sv}");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", key);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "{sv}");
	if (r >= 0)
		r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "scope", "s",
					  statistic_scope_name(row->scope), "type", "s",
					  statistic_type_name(row->type), "unit", "s", row->unit,
					  "description", "s", row->help);
	if (r >= 0 && row->type == STATISTIC_HISTOGRAM)
		r = append_bounds(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

int statistics_append_metadata(sd_bus_message *m)
{
	int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");

	for (size_t i = 0; i < nr_statistics && r >= 0; i++)
		r = append_description(m, &statistics_table[i]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}
