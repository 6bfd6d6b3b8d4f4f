/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of a JSON file, and where they stand in it, for messages. */
#pragma once

#include <json-c/json.h>

#include "tests/sim/workload-model.h"
#include "util/macro.h"

struct rtapp_reader {
	struct sim_workload *workload;
	const struct sim_machine *machine;
	char *why;       /* 256 bytes */
	char where[128]; /* "tasks.hog.phases.burst" */
};

/* Goes into a member of that name; the return is for rtapp_leave. */
size_t rtapp_enter(struct rtapp_reader *r, const char *name);
void rtapp_leave(struct rtapp_reader *r, size_t entered);

/* Says where and what is wrong: -EINVAL. */
_printf_(2, 3) int rtapp_bad(struct rtapp_reader *r, const char *format, ...);

/* The value as what is expected; -EINVAL. A text stays the value's, and is not empty. */
int rtapp_number(struct rtapp_reader *r, struct json_object *value, s64 min, s64 max, s64 *ret);
int rtapp_text(struct rtapp_reader *r, struct json_object *value, const char **ret);
int rtapp_expect(struct rtapp_reader *r, struct json_object *value, enum json_type type);

/* A member that must be there, as text. */
int rtapp_member_text(struct rtapp_reader *r, struct json_object *object, const char *name,
		      const char **ret);

/*
 * An attribute of a task, if key is one: 1. 0: it is none. For tasks, phases and
 * sim_set.
 */
int rtapp_read_attribute(struct rtapp_reader *r, const char *key, struct json_object *value,
			 struct sim_attributes *a);

/* An event of a phase of k. */
int rtapp_read_event(struct rtapp_reader *r, const char *key, struct json_object *value,
		     struct sim_kind *k, struct sim_phase *phase);
