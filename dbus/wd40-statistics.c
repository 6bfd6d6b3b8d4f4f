/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/manager.h"
#include "dbus/errors.h"
#include "dbus/statistics-message.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-statistics.h"
#include "util/cleanup.h"
#include "util/log.h"

#define LONGEST_NAME 40

static const char *const counter_fields[] = {
#define X(NAME, field, help) [WD40_CTR_##NAME] = #field,
	WD40_COUNTERS(X)
#undef X
};

/* The counters' names on the bus: the fields' names in CamelCase. */
static char counter_names[WD40_NR_COUNTERS][LONGEST_NAME];

static void camel_case(const char *field, char name[LONGEST_NAME])
{
	bool start = true;
	size_t n = 0;

	for (; *field && n < LONGEST_NAME - 1; field++) {
		if (*field != '_')
			name[n++] = start ? toupper(*field) : *field;
		start = *field == '_';
	}
	name[n] = '\0';
}

/* Counts since the last attach or reset; 0 while nothing is attached. */
static int get_counter(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	enum wd40_counter counter = 0;

	while (strcmp(counter_names[counter], property) != 0)
		counter++;
	return sd_bus_message_append(reply, "t", manager_counter(userdata, counter));
}

/* Negative while unknown. */
static int get_cpu_busy(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct tuner_decision *tuner = manager_tuner(userdata);

	return sd_bus_message_append(reply, "d", tuner ? tuner->total_busy_pct : -1.0);
}

static int get_overutilized(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct tuner_decision *tuner = manager_tuner(userdata);

	return sd_bus_message_append(reply, "b", tuner && tuner->overutilized);
}

/* Task contexts in use: one for each task that the scheduler knows. */
static int get_tasks(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct wd40_shared *shared = manager_shared(userdata);

	return sd_bus_message_append(reply, "u", shared ? shared->tasks.nr_used : 0);
}

static void make_row(sd_bus_vtable *row, enum wd40_counter counter)
{
	const sd_bus_vtable made = SD_BUS_PROPERTY(counter_names[counter], "t", get_counter, 0, 0);

	camel_case(counter_fields[counter], counter_names[counter]);
	row->type = made.type;
	row->flags = made.flags;
	row->x.property = made.x.property;
}

const sd_bus_vtable *wd40_counters_vtable(void)
{
	enum {
		FIRST_COUNTER = 4
	};
	static sd_bus_vtable rows[FIRST_COUNTER + WD40_NR_COUNTERS + 1] = {
		SD_BUS_VTABLE_START(0),
		SD_BUS_PROPERTY("CpuBusyPercent", "d", get_cpu_busy, 0, 0),
		SD_BUS_PROPERTY("Overutilized", "b", get_overutilized, 0, 0),
		SD_BUS_PROPERTY("Tasks", "u", get_tasks, 0, 0),
		[FIRST_COUNTER + WD40_NR_COUNTERS] = SD_BUS_VTABLE_END,
	};

	if (!rows[FIRST_COUNTER].type)
		for (size_t i = 0; i < WD40_NR_COUNTERS; i++)
			make_row(&rows[FIRST_COUNTER + i], i);
	return rows;
}

const char *wd40_counter_name(enum wd40_counter counter)
{
	(void)wd40_counters_vtable();
	return counter_names[counter];
}

static int get_statistics(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct wd40_context *context = userdata;
	struct statistics_choice choice;
	const struct statistics *now;
	struct refusal refusal;
	int r;

	r = statistics_choice_read(call, &choice, &refusal);
	if (r < 0)
		return wd40_error_set(error, r, &refusal);
	now = manager_statistics(context->manager);
	if (!now)
		return -ENOMEM;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = statistics_append(reply, now, &choice);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static int get_metadata(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	if (r >= 0)
		r = statistics_append_metadata(reply);
	return r < 0 ? r : sd_bus_message_send(reply);
}

static int reset_statistics(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct wd40_context *context = userdata;
	struct config_author author = gate_caller(context->gate);
	int r = manager_reset_statistics(context->manager);

	if (r < 0)
		return r;
	log_notice("statistics count from now on, by uid %u in %s", author.uid,
		   author.unit ?: "no unit");
	return sd_bus_reply_method_return(call, NULL);
}

const sd_bus_vtable wd40_statistics_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_NAMES("GetStatistics", "a{sv}", SD_BUS_PARAM(options), "a{sv}",
				 SD_BUS_PARAM(statistics), get_statistics,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_NAMES("GetMetadata", "", , "a{sa{sv}}", SD_BUS_PARAM(metadata),
				 get_metadata, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("ResetStatistics", "", "", reset_statistics, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
