/* SPDX-License-Identifier: GPL-2.0-only */
/* Structure of an rt-app file: tasks and their phases. */
#include <string.h>

#include "tests/sim/rtapp-value.h"
#include "tests/sim/rtapp.h"
#include "util/file.h"

#define FILE_MAX      (64u << 20)
#define INSTANCES_MAX 1000000

static void json_object_putp(struct json_object **object)
{
	json_object_put(*object);
}

static void json_tokener_freep(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

static int read_loop(struct rtapp_reader *r, struct json_object *value, s32 *ret)
{
	s64 loop;

	if (!json_object_is_type(value, json_type_int) || !json_object_get_int64(value))
		return rtapp_bad(r, "must be -1 (endless) or a number above 0");
	if (rtapp_number(r, value, -1, INT32_MAX, &loop))
		return -EINVAL;
	*ret = (s32)loop;
	return 0;
}

/* --- Phases. ------------------------------------------------------------------------------------ */

static int read_phase_member(struct rtapp_reader *r, const char *key, struct json_object *value,
			     struct sim_kind *k, struct sim_phase *phase)
{
	int known = rtapp_read_attribute(r, key, value, &phase->attributes);

	if (known)
		return known < 0 ? known : 0;
	if (!strcmp(key, "loop"))
		return read_loop(r, value, &phase->loop);
	return rtapp_read_event(r, key, value, k, phase);
}

static int read_phase(struct rtapp_reader *r, struct json_object *object, struct sim_kind *k)
{
	struct sim_phase *phase = sim_workload_add_phase(r->workload, k, 1);
	int err = phase ? rtapp_expect(r, object, json_type_object) : -ENOMEM;

	if (err)
		return err;
	json_object_object_foreach (object, key, value) {
		size_t entered = rtapp_enter(r, key);

		err = read_phase_member(r, key, value, k, phase);
		if (err)
			return err;
		rtapp_leave(r, entered);
	}
	return phase->nr_events ? 0 : rtapp_bad(r, "there are no events");
}

static int read_phases(struct rtapp_reader *r, struct json_object *object, struct sim_kind *k)
{
	int err = rtapp_expect(r, object, json_type_object);

	if (err)
		return err;
	json_object_object_foreach (object, key, value) {
		size_t entered = rtapp_enter(r, key);

		err = read_phase(r, value, k);
		if (err)
			return err;
		rtapp_leave(r, entered);
	}
	return k->nr_phases ? 0 : rtapp_bad(r, "there are no phases");
}

/* --- Tasks. ------------------------------------------------------------------------------------- */

static int read_count(struct rtapp_reader *r, struct json_object *value, struct sim_kind *k)
{
	s64 instances;
	int err = rtapp_number(r, value, 0, INSTANCES_MAX, &instances);

	if (!err)
		k->instances = (u32)instances;
	return err;
}

static int read_delay(struct rtapp_reader *r, struct json_object *value, struct sim_kind *k)
{
	s64 us;
	int err = rtapp_number(r, value, 0, INT32_MAX, &us);

	if (!err)
		k->delay_ns = (u64)us * 1000;
	return err;
}

static int read_ready(struct rtapp_reader *r, struct json_object *value, struct sim_kind *k)
{
	int err = rtapp_expect(r, value, json_type_boolean);

	if (!err)
		k->ready = json_object_get_boolean(value);
	return err;
}

/* A task's events without a word of phases are those of its only one. */
static int read_lone_event(struct rtapp_reader *r, const char *key, struct json_object *value,
			   struct sim_kind *k, bool phases)
{
	if (phases)
		return rtapp_bad(r, "belongs into one of the phases");
	if (!k->nr_phases && !sim_workload_add_phase(r->workload, k, 1))
		return -ENOMEM;
	return rtapp_read_event(r, key, value, k, k->phases[0]);
}

/* rt-app 1.0 goes on forever without phases, its later versions end. */
static int read_task_loop(struct rtapp_reader *r, struct json_object *value, struct sim_kind *k,
			  bool phases)
{
	int err = read_loop(r, value, &k->loop);

	if (!err && k->loop != SIM_ENDLESS && !phases)
		err = rtapp_bad(r, "rt-app's versions differ in this: put the events into phases");
	return err;
}

static int read_task_member(struct rtapp_reader *r, const char *key, struct json_object *value,
			    struct sim_kind *k, bool phases)
{
	int known = rtapp_read_attribute(r, key, value, &k->attributes);

	if (known)
		return known < 0 ? known : 0;
	if (!strcmp(key, "instance"))
		return read_count(r, value, k);
	if (!strcmp(key, "delay"))
		return read_delay(r, value, k);
	if (!strcmp(key, "loop"))
		return read_task_loop(r, value, k, phases);
	if (!strcmp(key, "sim_ready"))
		return read_ready(r, value, k);
	if (!strcmp(key, "phases"))
		return read_phases(r, value, k);
	return read_lone_event(r, key, value, k, phases);
}

static int read_task(struct rtapp_reader *r, struct json_object *object, struct sim_kind *k)
{
	int err = rtapp_expect(r, object, json_type_object);
	bool phases = !err && json_object_object_get_ex(object, "phases", NULL);

	if (err)
		return err;
	json_object_object_foreach (object, key, value) {
		size_t entered = rtapp_enter(r, key);

		err = read_task_member(r, key, value, k, phases);
		if (err)
			return err;
		rtapp_leave(r, entered);
	}
	return k->nr_phases ? 0 : rtapp_bad(r, "there are no events");
}

/* All names first: a task may fork one that comes later. */
static int read_tasks(struct rtapp_reader *r, struct json_object *tasks)
{
	u32 i = 0;
	int err = rtapp_expect(r, tasks, json_type_object);

	if (err)
		return err;
	json_object_object_foreach (tasks, name, unused) {
		(void)unused;
		if (!sim_workload_add_kind(r->workload, name))
			return -ENOMEM;
	}
	json_object_object_foreach (tasks, key, value) {
		size_t entered = rtapp_enter(r, key);

		err = read_task(r, value, r->workload->kinds[i++]);
		if (err)
			return err;
		rtapp_leave(r, entered);
	}
	return i ? 0 : rtapp_bad(r, "there are none");
}

/* --- The file. ---------------------------------------------------------------------------------- */

/* Where rt-app writes its logs and the like is not for us. */
static int read_global(struct rtapp_reader *r, struct json_object *global)
{
	struct sim_attributes unused = { 0 };
	struct json_object *value;
	s64 duration_s = -1;
	size_t entered;
	int err = rtapp_expect(r, global, json_type_object);

	if (!err && json_object_object_get_ex(global, "default_policy", &value)) {
		entered = rtapp_enter(r, "default_policy");
		err = rtapp_read_attribute(r, "policy", value, &unused) < 0 ? -EINVAL : 0;
		if (!err)
			rtapp_leave(r, entered);
	}
	if (!err && json_object_object_get_ex(global, "duration", &value)) {
		rtapp_enter(r, "duration");
		err = rtapp_number(r, value, -1, INT32_MAX, &duration_s);
	}
	r->workload->duration_s = (s32)duration_s;
	return err;
}

static int read_root(struct rtapp_reader *r, struct json_object *root)
{
	bool tasks = false;
	int err = rtapp_expect(r, root, json_type_object);

	if (err)
		return err;
	json_object_object_foreach (root, key, value) {
		rtapp_leave(r, 0);
		rtapp_enter(r, key);
		if (!strcmp(key, "tasks"))
			err = read_tasks(r, value);
		else if (!strcmp(key, "global"))
			err = read_global(r, value);
		else if (strcmp(key, "resources")) /* which rt-app makes by itself */
			err = rtapp_bad(r, "is not known here");
		if (err)
			return err;
		tasks = tasks || !strcmp(key, "tasks");
	}
	rtapp_leave(r, 0);
	rtapp_enter(r, "tasks");
	return tasks ? 0 : rtapp_bad(r, "there are none");
}

static int parse(struct rtapp_reader *r, const char *text, size_t size, struct json_object **ret)
{
	_cleanup_(json_tokener_freep) struct json_tokener *tokener = json_tokener_new();
	u32 line = 1;

	if (!tokener)
		return -ENOMEM;
	*ret = json_tokener_parse_ex(tokener, text, (int)size + 1);
	if (json_tokener_get_error(tokener) == json_tokener_success)
		return 0;
	for (size_t i = 0; i < json_tokener_get_parse_end(tokener) && i < size; i++)
		line += text[i] == '\n';
	snprintf(r->where, sizeof(r->where), "line %u", line);
	return rtapp_bad(r, "%s", json_tokener_error_desc(json_tokener_get_error(tokener)));
}

int sim_rtapp_read(const char *path, const struct sim_machine *m, char why[256],
		   struct sim_workload *w)
{
	struct rtapp_reader r = { .workload = w, .machine = m, .why = why };
	_cleanup_(json_object_putp) struct json_object *root = NULL;
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int err = file_read(path, FILE_MAX, &text, &size);

	if (err)
		snprintf(why, 256, "%s", strerror(-err));
	err = err ?: parse(&r, text, size, &root);
	err = err ?: read_root(&r, root);
	return err ?: (w->failed ? -ENOMEM : 0);
}
