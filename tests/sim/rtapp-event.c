/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of an rt-app file. */
#include <string.h>

#include "tests/sim/rtapp-value.h"

/*
 * The event whose name the key begins with: rt-app wants keys to be unique, so that a second sleep is
 * "sleep2" or the like. The longest such name: "runtime" is no run. SIM_NR_EVENTS: there is none.
 */
static enum sim_event_kind event_of(const char *key)
{
	enum sim_event_kind best = SIM_NR_EVENTS;
	size_t longest = 0;

	for (u32 i = 0; i < SIM_NR_EVENTS; i++) {
		size_t length = strlen(sim_event_forms[i].key);

		if (strncmp(key, sim_event_forms[i].key, length) || length <= longest)
			continue;
		best = i;
		longest = length;
	}
	return best;
}

static int read_timer(struct rtapp_reader *r, struct json_object *value, struct sim_kind *k,
		      struct sim_phase *phase)
{
	struct json_object *period, *mode;
	const char *name, *mode_name = "relative";
	struct sim_event *e;
	s64 us;
	int err;

	err = rtapp_expect(r, value, json_type_object);
	err = err ?: rtapp_member_text(r, value, "ref", &name);
	if (!err && !json_object_object_get_ex(value, "period", &period))
		err = rtapp_bad(r, "\"period\" is missing");
	err = err ?: rtapp_number(r, period, 1, INT32_MAX, &us);
	if (!err && json_object_object_get_ex(value, "mode", &mode))
		err = rtapp_text(r, mode, &mode_name);
	if (!err && strcmp(mode_name, "relative") && strcmp(mode_name, "absolute"))
		err = rtapp_bad(r, "\"mode\" must be relative or absolute");
	if (err)
		return err;
	e = sim_workload_add_timer(r->workload, k, phase, name, (u64)us);
	if (e && !strcmp(mode_name, "absolute"))
		sim_workload_timers(r->workload, k, e)->names[e->ref].absolute = true;
	return 0;
}

static int read_condition_and_mutex(struct rtapp_reader *r, struct json_object *value,
				    struct sim_event *e)
{
	struct sim_workload *w = r->workload;
	const char *condition, *mutex;
	int err = rtapp_expect(r, value, json_type_object);

	err = err ?: rtapp_member_text(r, value, "ref", &condition);
	err = err ?: rtapp_member_text(r, value, "mutex", &mutex);
	if (err)
		return err;
	e->ref = sim_workload_name(w, &w->conditions, condition);
	e->mutex = sim_workload_name(w, &w->mutexes, mutex);
	return 0;
}

static int read_kind(struct rtapp_reader *r, const char *name, u32 *ret)
{
	struct sim_kind *k = sim_workload_find_kind(r->workload, name);

	if (!k)
		return rtapp_bad(r, "there is no task %s", name);
	*ret = k->index;
	return 0;
}

static int read_set(struct rtapp_reader *r, struct json_object *value, struct sim_event *e)
{
	const char *name;
	int err = rtapp_expect(r, value, json_type_object);

	err = err ?: rtapp_member_text(r, value, "task", &name);
	err = err ?: read_kind(r, name, &e->ref);
	if (err)
		return err;
	e->attributes = calloc(1, sizeof(*e->attributes));
	if (!e->attributes)
		return -ENOMEM;
	e->attributes->nice = SIM_NICE_UNSAID;
	json_object_object_foreach (value, key, member) {
		size_t entered = rtapp_enter(r, key);
		int known = rtapp_read_attribute(r, key, member, e->attributes);

		if (known < 0)
			return known;
		if (!known && strcmp(key, "task"))
			return rtapp_bad(r, "is no attribute of a task");
		rtapp_leave(r, entered);
	}
	return 0;
}

static int read_named(struct rtapp_reader *r, struct json_object *value, enum sim_argument with,
		      struct sim_event *e)
{
	const char *name;
	int err = rtapp_text(r, value, &name);

	if (err)
		return err;
	if (with == SIM_WITH_KIND)
		return read_kind(r, name, &e->ref);
	e->ref = sim_workload_name(r->workload, sim_workload_table(r->workload, with), name);
	return 0;
}

static int read_time(struct rtapp_reader *r, struct json_object *value, struct sim_event *e)
{
	s64 us;
	int err = rtapp_number(r, value, 0, INT32_MAX, &us);

	if (!err)
		e->ns = (u64)us * 1000;
	return err;
}

int rtapp_read_event(struct rtapp_reader *r, const char *key, struct json_object *value,
		     struct sim_kind *k, struct sim_phase *phase)
{
	enum sim_event_kind kind = event_of(key);
	struct sim_event *e;

	if (kind == SIM_NR_EVENTS)
		return rtapp_bad(r, "is not known here");
	if (sim_event_forms[kind].with == SIM_WITH_TIMER)
		return read_timer(r, value, k, phase);
	e = sim_workload_add_event(r->workload, phase, kind);
	if (!e)
		return -ENOMEM;
	switch (sim_event_forms[kind].with) {
	case SIM_WITH_NOTHING: return 0;
	case SIM_WITH_TIME: return read_time(r, value, e);
	case SIM_WITH_CONDITION_AND_MUTEX: return read_condition_and_mutex(r, value, e);
	case SIM_WITH_ATTRIBUTES: return read_set(r, value, e);
	default: return read_named(r, value, sim_event_forms[kind].with, e);
	}
}
