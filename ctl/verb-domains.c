/* SPDX-License-Identifier: GPL-2.0-only */
/* domains: which CPUs form one, and how busy they are. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/cpu-list.h"
#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/verbs.h"

static uint64_t number_at(json_object *array, size_t i)
{
	return json_object_get_uint64(json_at(array, i));
}

/* The load row (id, node, load, capacity, imbalance in percent) of that domain, or NULL. */
static json_object *load_of(json_object *loads, uint64_t id)
{
	for (size_t i = 0; i < json_length(loads); i++) {
		json_object *row = json_at(loads, i);

		if (number_at(row, 0) == id)
			return row;
	}
	return NULL;
}

static double load_number(json_object *load, size_t i)
{
	return json_object_get_double(json_at(load, i));
}

static void add_row(struct table *t, json_object *domain, json_object *load)
{
	json_object *cpus = json_at(domain, 2);
	_cleanup_(freep) char *list = cpu_list_text(cpus);

	table_cell(t, "%" PRIu64, number_at(domain, 0));
	table_cell(t, "%" PRIu64, number_at(domain, 1));
	table_cell(t, "%s", list ?: "?");
	table_cell(t, "%zu", json_length(cpus));
	if (load) {
		table_cell(t, "%.1f", load_number(load, 2));
		table_cell(t, "%.1f", load_number(load, 3));
		table_cell(t, "%+.1f", load_number(load, 4));
		return;
	}
	for (int i = 0; i < 3; i++)
		table_cell(t, "%s", "");
}

static int print_table(json_object *domains, json_object *loads, bool titles)
{
	static const struct column columns[] = {
		{ "DOMAIN", true },     { "NODE", true }, { "CPUS" },
		{ "NR", true },         { "LOAD", true }, { "CAPACITY", true },
		{ "IMBALANCE%", true },
	};
	_cleanup_(table_freep) struct table *t = table_new(columns, ARRAY_SIZE(columns));
	int r;

	if (!t)
		return client_fail_errno(-ENOMEM, "domains");
	for (size_t i = 0; i < json_length(domains); i++) {
		json_object *domain = json_at(domains, i);

		add_row(t, domain, load_of(loads, number_at(domain, 0)));
	}
	r = table_print(t, stdout, titles);
	return r < 0 ? client_fail_errno(r, "domains") : CTL_OK;
}

static void print_json(json_object *domains, json_object *loads)
{
	static const char *const fields[] = { "load", "capacity", "imbalance_pct" };
	_cleanup_(json_putp) json_object *all = json_object_new_array();

	for (size_t i = 0; i < json_length(domains); i++) {
		json_object *domain = json_at(domains, i);
		json_object *load = load_of(loads, number_at(domain, 0));
		json_object *object = json_object_new_object();

		json_object_object_add(object, "id", json_object_get(json_at(domain, 0)));
		json_object_object_add(object, "node", json_object_get(json_at(domain, 1)));
		json_object_object_add(object, "cpus", json_object_get(json_at(domain, 2)));
		for (size_t f = 0; load && f < ARRAY_SIZE(fields); f++)
			json_object_object_add(object, fields[f],
					       json_object_get(json_at(load, f + 2)));
		json_object_array_add(all, object);
	}
	output_json(stdout, all);
}

int verb_domains(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *domains = NULL, *loads = NULL;
	int r = client_get(c, CLIENT_INTERFACE, "Domains", &domains);

	if (!r)
		r = client_get(c, CLIENT_STATISTICS, "DomainLoads", &loads);
	if (r)
		return r;
	if (!request_has(q, OPT_JSON))
		return print_table(domains, loads, !request_has(q, OPT_NO_LEGEND));
	print_json(domains, loads);
	return CTL_OK;
}
