/* SPDX-License-Identifier: GPL-2.0-only */
/* domains: which CPUs form one, and how busy they are. All that is known comes from their objects. */
#include <errno.h>
#include <inttypes.h>

#include "ctl/cpu-list.h"
#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/verbs.h"

#define DOMAIN_INTERFACE CLIENT_NAME ".Domain"

/* The capacity of a CPU of the fastest kind. */
#define CPU_CAPACITY 1024

static json_object *get(json_object *domain, const char *property)
{
	return json_object_object_get(domain, property);
}

static uint64_t number_of(json_object *domain, const char *property)
{
	return json_object_get_uint64(get(domain, property));
}

static double double_of(json_object *domain, const char *property)
{
	return json_object_get_double(get(domain, property));
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = number_of(*(json_object *const *)a, "Id");
	uint64_t y = number_of(*(json_object *const *)b, "Id");

	return x < y ? -1 : x > y;
}

/* The properties of those objects that are domains, in order. The caller's reference. */
static json_object *domains_of(json_object *objects)
{
	json_object *domains = json_object_new_array();

	json_object_object_foreach (objects, path, interfaces) {
		json_object *domain = get(interfaces, DOMAIN_INTERFACE);

		(void)path;
		if (domain)
			json_object_array_add(domains, json_object_get(domain));
	}
	json_object_array_sort(domains, compare_ids);
	return domains;
}

static void add_row(struct table *t, json_object *domain)
{
	_cleanup_(freep) char *list = cpu_list_text(get(domain, "Cpus"));
	double busy_pct = double_of(domain, "BusyPercent");

	table_cell(t, "%" PRIu64, number_of(domain, "Id"));
	table_cell(t, "%" PRIu64, number_of(domain, "Node"));
	table_cell(t, "%s", list ?: "?");
	table_cell(t, "%zu", json_length(get(domain, "OnlineCpus")));
	table_cell(t, "%" PRIu64, number_of(domain, "Tasks"));
	table_cell(t, "%.1f", double_of(domain, "Load"));
	table_cell(t, "%.1f", double_of(domain, "Capacity") / CPU_CAPACITY);
	table_cell(t, "%+.1f", double_of(domain, "Imbalance"));
	if (busy_pct < 0) /* unknown */
		table_cell(t, "%s", "");
	else
		table_cell(t, "%.0f", busy_pct);
	table_cell(t, "%" PRIu64, number_of(domain, "Moves"));
}

static int print_table(json_object *domains, bool titles)
{
	static const struct column columns[] = {
		{ "DOMAIN", true }, { "NODE", true },  { "CPUS" },           { "ONLINE", true },
		{ "TASKS", true },  { "LOAD", true },  { "CAPACITY", true }, { "IMBALANCE%", true },
		{ "BUSY%", true },  { "MOVES", true },
	};
	_cleanup_(table_freep) struct table *t = table_new(columns, ARRAY_SIZE(columns));
	int r;

	if (!t)
		return client_fail_errno(-ENOMEM, "domains");
	for (size_t i = 0; i < json_length(domains); i++)
		add_row(t, json_at(domains, i));
	r = table_print(t, stdout, titles);
	return r < 0 ? client_fail_errno(r, "domains") : CTL_OK;
}

static int get_objects(struct client *c, json_object **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = client_new_call(c, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &m);

	if (!r)
		r = client_send_for_json(c, CLIENT_READS, m, ret);
	return r ?: client_expect_object(*ret);
}

int verb_domains(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *objects = NULL, *domains = NULL;
	int r = get_objects(c, &objects);

	if (r)
		return r;
	domains = domains_of(objects);
	if (!request_has(q, OPT_JSON))
		return print_table(domains, !request_has(q, OPT_NO_LEGEND));
	output_json(stdout, domains);
	return CTL_OK;
}
