/* SPDX-License-Identifier: GPL-2.0-only */
/* Values, and the attributes of tasks. */
#include <stdarg.h>
#include <string.h>

#include "tests/sim/rtapp-value.h"

size_t rtapp_enter(struct rtapp_reader *r, const char *name)
{
	size_t length = strlen(r->where);

	snprintf(r->where + length, sizeof(r->where) - length, "%s%s", length ? "." : "", name);
	return length;
}

void rtapp_leave(struct rtapp_reader *r, size_t entered)
{
	r->where[entered] = '\0';
}

int rtapp_bad(struct rtapp_reader *r, const char *format, ...)
{
	char what[120];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(r->why, 256, "%s%s%s", r->where, r->where[0] ? ": " : "", what);
	return -EINVAL;
}

int rtapp_expect(struct rtapp_reader *r, struct json_object *value, enum json_type type)
{
	static const char *const names[] = {
		[json_type_object] = "an object",
		[json_type_array] = "an array",
		[json_type_string] = "a text",
		[json_type_boolean] = "true or false",
	};

	return json_object_is_type(value, type) ? 0 : rtapp_bad(r, "must be %s", names[type]);
}

int rtapp_number(struct rtapp_reader *r, struct json_object *value, s64 min, s64 max, s64 *ret)
{
	s64 number = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || number < min || number > max)
		return rtapp_bad(r, "must be a whole number of %lld to %lld", min, max);
	*ret = number;
	return 0;
}

int rtapp_text(struct rtapp_reader *r, struct json_object *value, const char **ret)
{
	int err = rtapp_expect(r, value, json_type_string);

	if (err)
		return err;
	if (!json_object_get_string_len(value))
		return rtapp_bad(r, "must not be empty");
	*ret = json_object_get_string(value);
	return 0;
}

int rtapp_member_text(struct rtapp_reader *r, struct json_object *object, const char *name,
		      const char **ret)
{
	struct json_object *value;
	size_t entered;
	int err;

	if (!json_object_object_get_ex(object, name, &value))
		return rtapp_bad(r, "\"%s\" is missing", name);
	entered = rtapp_enter(r, name);
	err = rtapp_text(r, value, ret);
	if (!err)
		rtapp_leave(r, entered);
	return err;
}

/* --- Attributes. -------------------------------------------------------------------------------- */

typedef int (*reader)(struct rtapp_reader *r, struct json_object *value, struct sim_attributes *a);

static int read_priority(struct rtapp_reader *r, struct json_object *value,
			 struct sim_attributes *a)
{
	s64 nice;
	int err = rtapp_number(r, value, -20, 19, &nice);

	if (!err)
		a->nice = (s32)nice;
	return err;
}

static int read_weight(struct rtapp_reader *r, struct json_object *value, struct sim_attributes *a)
{
	s64 weight;
	int err = rtapp_number(r, value, 1, 10000, &weight);

	if (!err)
		a->weight = (u32)weight;
	return err;
}

static int read_policy(struct rtapp_reader *r, struct json_object *value, struct sim_attributes *a)
{
	const char *policy;
	int err = rtapp_text(r, value, &policy);

	if (!err && strcmp(policy, "SCHED_OTHER"))
		err = rtapp_bad(r, "%s is not modelled, SCHED_OTHER is", policy);
	return err;
}

static bool has_cpu(const struct sim_machine *m, s64 id)
{
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].id == id)
			return true;
	return false;
}

static int read_cpus(struct rtapp_reader *r, struct json_object *value, struct sim_attributes *a)
{
	int err = rtapp_expect(r, value, json_type_array);
	s64 cpu;

	if (err)
		return err;
	if (!json_object_array_length(value))
		return rtapp_bad(r, "must not be empty");
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		err = rtapp_number(r, json_object_array_get_idx(value, i), 0, INT32_MAX, &cpu);
		if (err)
			return err;
		if (!has_cpu(r->machine, cpu))
			return rtapp_bad(r, "the machine has no CPU %lld", cpu);
		sim_workload_allow(r->workload, a, (u32)cpu);
	}
	return 0;
}

static int read_nodes(struct rtapp_reader *r, struct json_object *value, u64 *ret)
{
	int err = rtapp_expect(r, value, json_type_array);
	s64 node;

	*ret = 0;
	for (size_t i = 0; !err && i < json_object_array_length(value); i++) {
		err = rtapp_number(r, json_object_array_get_idx(value, i), 0, 63, &node);
		if (!err)
			*ret |= 1ull << node;
	}
	if (!err && !*ret)
		err = rtapp_bad(r, "must not be empty");
	return err;
}

static int read_bind(struct rtapp_reader *r, struct json_object *value, struct sim_attributes *a)
{
	a->memory_mode = MPOL_BIND;
	return read_nodes(r, value, &a->memory_nodes);
}

static int read_prefer(struct rtapp_reader *r, struct json_object *value, struct sim_attributes *a)
{
	int err = read_nodes(r, value, &a->memory_nodes);
	bool one = !(a->memory_nodes & (a->memory_nodes - 1));

	a->memory_mode = one ? MPOL_PREFERRED : MPOL_PREFERRED_MANY;
	return err;
}

int rtapp_read_attribute(struct rtapp_reader *r, const char *key, struct json_object *value,
			 struct sim_attributes *a)
{
	static const struct {
		const char *key;
		reader read;
	} attributes[] = {
		{ "priority", read_priority },  { "sim_weight", read_weight },
		{ "policy", read_policy },      { "cpus", read_cpus },
		{ "membind_nodes", read_bind }, { "sim_prefer_nodes", read_prefer },
	};

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (!strcmp(key, attributes[i].key))
			return attributes[i].read(r, value, a) ?: 1;
	return 0;
}
