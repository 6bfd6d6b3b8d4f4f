/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <string.h>

#include "daemon/arena.h"
#include "daemon/manager.h"
#include "dbus/wd40-statistics.h"

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

/* Counts since the last attach; 0 while nothing is attached. */
static int get_counter(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct wd40_shared *shared = manager_shared(userdata);
	enum wd40_counter counter = 0;

	while (strcmp(counter_names[counter], property) != 0)
		counter++;
	return sd_bus_message_append(reply, "t", shared ? arena_counter(shared, counter) : 0);
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

const sd_bus_vtable *wd40_statistics_vtable(void)
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
