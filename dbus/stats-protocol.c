/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cpuset.h"
#include "dbus/stats-protocol.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* A request is an object with an object in it. */
#define NESTING_MAX 8

typedef struct json_object *json;

/* The structs of scx_rusty's metadata, by scope. */
static const struct {
	const char *name, *prefix, *label;
	const char *members; /* field with the next scope's, by id */
	const char *members_help;
} structs[NR_STATISTIC_SCOPES] = {
	[STATISTIC_MACHINE] = { "ClusterStats", NULL, NULL, "nodes", "per-node statistics" },
	[STATISTIC_NODE] = { "NodeStats", "n_", "node", "doms", "per-domain statistics" },
	[STATISTIC_DOMAIN] = { "DomainStats", "d_", "domain", NULL, NULL },
};

static const char *name_of(const struct statistic *row)
{
	return row->scx_name ?: row->name;
}

/* --- Values. ------------------------------------------------------------------------------------- */

/* NULL for what JSON has no number for. */
static json number(double value)
{
	json o = isfinite(value) ? json_object_new_double(value) : NULL;

	if (o)
		json_object_set_serializer(o, json_object_double_to_json_string, (char *)"%.9g",
					   NULL);
	return o;
}

static json counts(const uint64_t *values, size_t n)
{
	json array = json_object_new_array_ext((int)n);

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, json_object_new_uint64(values[i]));
	return array;
}

static json mask(const struct cpuset *set)
{
	return set ? counts(set->words, set->nr_words) : json_object_new_array();
}

/* Counters that began anew since then count in full. */
static uint64_t growth(size_t offset, const struct statistics_machine *now,
		       const struct statistics_machine *last)
{
	uint64_t to = *(const uint64_t *)((const char *)now + offset);
	uint64_t from = *(const uint64_t *)((const char *)last + offset);

	if (now->since_us != last->since_us)
		return to;
	return to > from ? to - from : 0;
}

static double percent(const struct statistic *row, const struct statistics_machine *now,
		      const struct statistics_machine *last)
{
	uint64_t whole = growth(row->scx_whole, now, last);

	return whole ? 100.0 * (double)growth(row->offset, now, last) / (double)whole : 0;
}

static json value_of(const struct statistic *row, const void *record)
{
	switch (row->type) {
	case STATISTIC_LEVEL: return number(statistic_level(row, record));
	case STATISTIC_HISTOGRAM:
		return counts(statistic_waits(row, record)->buckets, WD40_WAIT_BUCKETS);
	case STATISTIC_MASK: return mask(statistic_mask(row, record));
	case STATISTIC_INFO: return json_object_new_string(statistic_text(row, record));
	default: return json_object_new_uint64(statistic_count(row, record));
	}
}

static json change_of(const struct statistic *row, const struct statistics_machine *now,
		      const struct statistics_machine *last)
{
	if (row->scx_form == SCX_PERCENT)
		return number(percent(row, now, last));
	if (row->scx_scale != 0)
		return number(row->scx_scale * (double)growth(row->offset, now, last));
	return json_object_new_uint64(growth(row->offset, now, last));
}

/* Rows of one name are added up. */
static void add_field(json object, const char *name, json value)
{
	json before;

	if (value && json_object_object_get_ex(object, name, &before))
		json_object_set_double(value, json_object_get_double(before) +
						      json_object_get_double(value));
	if (value)
		json_object_object_add(object, name, value);
}

/* last: of the machine, else NULL. */
static json fields(enum statistic_scope scope, const void *record,
		   const struct statistics_machine *last)
{
	json object = json_object_new_object();

	for (size_t i = 0; i < nr_statistics; i++) {
		const struct statistic *row = &statistics_table[i];

		if (row->scope != scope || row->scx_form == SCX_NEVER)
			continue;
		add_field(object, name_of(row),
			  row->scx_form == SCX_VALUE ? value_of(row, record)
						     : change_of(row, record, last));
	}
	return object;
}

static void add_by_id(json object, uint64_t id, json value)
{
	char key[24];

	snprintf(key, sizeof(key), "%llu", (unsigned long long)id);
	json_object_object_add(object, key, value);
}

static json domains_of(const struct statistics *now, uint64_t node)
{
	json object = json_object_new_object();

	for (uint32_t i = 0; i < now->nr_domains; i++)
		if (now->domains[i].node == node)
			add_by_id(object, now->domains[i].id,
				  fields(STATISTIC_DOMAIN, &now->domains[i], NULL));
	return object;
}

static json statistics(const struct statistics *now, struct statistics_machine *last)
{
	json top = fields(STATISTIC_MACHINE, &now->machine, last);
	json nodes = json_object_new_object();

	for (uint32_t i = 0; i < now->nr_nodes; i++) {
		json node = fields(STATISTIC_NODE, &now->nodes[i], NULL);

		json_object_object_add(node, structs[STATISTIC_NODE].members,
				       domains_of(now, now->nodes[i].id));
		add_by_id(nodes, now->nodes[i].id, node);
	}
	json_object_object_add(top, structs[STATISTIC_MACHINE].members, nodes);
	*last = now->machine;
	return top;
}

/* --- Metadata. ------------------------------------------------------------------------------------- */

static void add_text(json object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static json user_attribute(const char *key, const char *value)
{
	json user = json_object_new_object();

	add_text(user, key, value);
	return user;
}

static bool is_array(const struct statistic *row)
{
	return row->type == STATISTIC_HISTOGRAM || row->type == STATISTIC_MASK;
}

static bool is_float(const struct statistic *row)
{
	return row->type == STATISTIC_LEVEL || row->scx_form == SCX_PERCENT || row->scx_scale != 0;
}

/* A field, or one more row of a field that is there. */
static void describe(json object, const struct statistic *row)
{
	const char *end = row->scx_form == SCX_GROWTH    ? ", since the last request"
			  : row->scx_form == SCX_PERCENT ? ", percent since the last request"
							 : "";
	char help[512];
	json field;

	if (json_object_object_get_ex(object, name_of(row), &field)) {
		snprintf(help, sizeof(help), "%s; %s",
			 json_object_get_string(json_object_object_get(field, "desc")), row->help);
		add_text(field, "desc", help);
		return;
	}
	field = json_object_new_object();
	snprintf(help, sizeof(help), "%s%s", row->help, end);
	add_text(field, is_array(row) ? "array" : "datum", is_float(row) ? "float" : "u64");
	add_text(field, "desc", help);
	if (is_array(row))
		json_object_object_add(field, "user", user_attribute("_om_skip", "true"));
	json_object_object_add(object, name_of(row), field);
}

/* A dictionary of structs by id. */
static json describe_members(enum statistic_scope scope)
{
	json field = json_object_new_object(), dict = json_object_new_object();

	add_text(dict, "key", "u64");
	json_object_object_add(dict, "datum", user_attribute("struct", structs[scope + 1].name));
	json_object_object_add(field, "dict", dict);
	add_text(field, "desc", structs[scope].members_help);
	return field;
}

static json describe_struct(enum statistic_scope scope)
{
	json object = json_object_new_object(), members = json_object_new_object(), user;

	add_text(object, "name", structs[scope].name);
	if (scope == STATISTIC_MACHINE) {
		add_text(object, "top", "true");
	} else {
		user = user_attribute("_om_prefix", structs[scope].prefix);
		add_text(user, "_om_label", structs[scope].label);
		json_object_object_add(object, "user", user);
	}
	for (size_t i = 0; i < nr_statistics; i++)
		if (statistics_table[i].scope == scope && statistics_table[i].scx_form != SCX_NEVER)
			describe(members, &statistics_table[i]);
	if (structs[scope].members)
		json_object_object_add(members, structs[scope].members, describe_members(scope));
	json_object_object_add(object, "fields", members);
	return object;
}

static json metadata(void)
{
	json object = json_object_new_object();

	for (int scope = 0; scope < NR_STATISTIC_SCOPES; scope++)
		json_object_object_add(object, structs[scope].name, describe_struct(scope));
	return object;
}

/* --- Requests and answers. ----------------------------------------------------------------------------- */

static void jsonp(json *o)
{
	json_object_put(*o);
}

/* Takes resp. */
static int finish(int err, json resp, char **ret)
{
	_cleanup_(jsonp) json reply = json_object_new_object();
	json args = json_object_new_object();
	const char *text;

	json_object_object_add(args, "resp", resp);
	json_object_object_add(reply, "errno", json_object_new_int(err));
	json_object_object_add(reply, "args", args);
	text = reply ? json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN) : NULL;
	return text && asprintf(ret, "%s\n", text) >= 0 ? 0 : -ENOMEM;
}

int stats_protocol_refuse(const char *why, char **ret)
{
	return finish(EINVAL, json_object_new_string(why), ret);
}

static json parse(const char *line, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(NESTING_MAX);
	json request = NULL;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	request = json_tokener_parse_ex(tokener, line, (int)length);
	json_tokener_free(tokener);
	return request;
}

/* A member that is a string, or otherwise when there is none; NULL when it is something else. */
static const char *text_of(json object, const char *key, const char *otherwise)
{
	json member;

	if (!json_object_object_get_ex(object, key, &member))
		return otherwise;
	return json_object_is_type(member, json_type_string) ? json_object_get_string(member)
							     : NULL;
}

/* NULL, or why the arguments are none. */
static const char *check_args(json request)
{
	json args;
	const char *target;

	if (!json_object_object_get_ex(request, "args", &args))
		return NULL;
	if (!json_object_is_type(args, json_type_object))
		return "args: not an object";
	json_object_object_foreach (args, key, member) {
		(void)key;
		if (!json_object_is_type(member, json_type_string))
			return "args: a value that is not a string";
	}
	target = text_of(args, "target", "top");
	return strcmp(target, "top") == 0 ? NULL : "unknown stat target: only top is known";
}

int stats_protocol_answer(const char *line, size_t length, const struct statistics *now,
			  struct statistics_machine *last, char **ret)
{
	_cleanup_(jsonp) json request = parse(line, length);
	const char *req, *why;

	if (!request || !json_object_is_type(request, json_type_object))
		return stats_protocol_refuse("not an object of JSON", ret);
	req = text_of(request, "req", NULL);
	if (!req)
		return stats_protocol_refuse("req: missing, or not a string", ret);
	why = check_args(request);
	if (why)
		return stats_protocol_refuse(why, ret);
	if (strcmp(req, "stats") == 0)
		return finish(0, statistics(now, last), ret);
	if (strcmp(req, "stats_meta") == 0)
		return finish(0, metadata(), ret);
	return stats_protocol_refuse("unknown command: only stats and stats_meta are known", ret);
}
