/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/event.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ctl/client.h"
#include "ctl/output.h"
#include "ctl/tunable-text.h"

#define FIELDS_MAX 6

static void print_tunables_changed(FILE *f, json_object *event);
static void print_tunables_reverted(FILE *f, json_object *event);
static void print_scheduler_exited(FILE *f, json_object *event);
static void print_properties_changed(FILE *f, json_object *event);
static void print_object_added(FILE *f, json_object *event);
static void print_object_removed(FILE *f, json_object *event);
static void print_message(FILE *f, json_object *event);

static const struct kind {
	const char *name;
	const char *fields[FIELDS_MAX];
	void (*print)(FILE *f, json_object *event);
	enum color color;
} kinds[] = {
	{ "TunablesChanged",
	  { "generation", "values", "origin", "uid", "caller", "reason" },
	  print_tunables_changed,
	  COLOR_BOLD },
	{ "TunablesReverted", { "generation", "cause" }, print_tunables_reverted, COLOR_YELLOW },
	{ "SchedulerExited",
	  { "kind", "code", "reason", "will_restart", "message" },
	  print_scheduler_exited,
	  COLOR_RED },
	{ "PropertiesChanged",
	  { "interface", "changed", "invalidated" },
	  print_properties_changed,
	  COLOR_NONE },
	{ "InterfacesAdded", { "path", "interfaces" }, print_object_added, COLOR_GREEN },
	{ "InterfacesRemoved", { "path", "interfaces" }, print_object_removed, COLOR_YELLOW },
	{ "Monitoring", { "message" }, print_message, COLOR_GREY },
	{ "Appeared", { "message" }, print_message, COLOR_GREEN },
	{ "Vanished", { "message" }, print_message, COLOR_RED },
};

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static json_object *get(json_object *event, const char *field)
{
	return json_object_object_get(event, field);
}

static const char *get_text(json_object *event, const char *field)
{
	return json_text(get(event, field));
}

json_object *event_new(const char *name, uint64_t time_usec, json_object *values)
{
	const struct kind *kind = kind_of(name);
	json_object *event = json_object_new_object();

	json_object_object_add(event, "time_usec", json_object_new_uint64(time_usec));
	json_object_object_add(event, "event", json_object_new_string(name));
	if (!kind)
		json_object_object_add(event, "values", json_object_get(values));
	else if (!kind->fields[1])
		json_object_object_add(event, kind->fields[0], json_object_get(values));
	else
		for (size_t i = 0; i < json_length(values) && i < FIELDS_MAX && kind->fields[i];
		     i++)
			json_object_object_add(event, kind->fields[i],
					       json_object_get(json_at(values, i)));
	return event;
}

static void print_names(FILE *f, json_object *names, const char *separator)
{
	for (size_t i = 0; i < json_length(names); i++) {
		const char *name = json_text(json_at(names, i));
		int id = tunable_by_name(name ?: "");

		fprintf(f, "%s%s", i ? separator : "", id >= 0 ? tunables[id].key : name);
	}
}

static void print_tunables_reverted(FILE *f, json_object *event)
{
	fprintf(f, "generation %s is taken back: %s", get_text(event, "generation"),
		get_text(event, "cause"));
}

static void print_scheduler_exited(FILE *f, json_object *event)
{
	const char *message = get_text(event, "message");

	fprintf(f, "%s: %s%s%s, %s", get_text(event, "kind"), get_text(event, "reason"),
		*message ? ": " : "", message,
		json_object_get_boolean(get(event, "will_restart")) ? "attaching again"
								    : "staying off");
}

/* Not for a person: moments of a clock that nobody looks at, and what Topology says in short. */
static bool is_shown(const char *property)
{
	static const char *const hidden[] = { "AttachedTimestamp", "AttachedTimestampMonotonic",
					      "RevertDeadlineUSec", "Domains" };

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (strcmp(hidden[i], property) == 0)
			return false;
	return true;
}

static bool is_empty(json_object *value)
{
	if (json_object_is_type(value, json_type_array))
		return json_length(value) == 0;
	return !*json_text(value);
}

static void print_value(FILE *f, const char *name, json_object *value)
{
	bool known = tunable_by_bus_name(name) >= 0;
	_cleanup_(freep) char *text = known ? tunable_text_with_unit(name, value) : NULL;

	if (text)
		fputs(text, f);
	else if (is_empty(value))
		fputs("none", f);
	else if (!json_object_is_type(value, json_type_array))
		fputs(json_text(value), f);
	else
		print_names(f, value, " ");
}

static void print_property(FILE *f, const char *name, json_object *value)
{
	int id = tunable_by_bus_name(name);

	fprintf(f, "%s = ", id >= 0 ? tunables[id].key : name);
	print_value(f, name, value);
}

/* "perf = 3, interval = 2 s", of an object with names of properties. */
static void print_values(FILE *f, json_object *values)
{
	const char *separator = "";

	if (!json_object_is_type(values, json_type_object))
		return;
	json_object_object_foreach (values, name, value) {
		fputs(separator, f);
		print_property(f, name, value);
		separator = ", ";
	}
}

/* The user is added by who knows them by name. */
static void print_tunables_changed(FILE *f, json_object *event)
{
	fprintf(f, "generation %s, %s: ", get_text(event, "generation"), get_text(event, "origin"));
	print_values(f, get(event, "values"));
	if (*get_text(event, "user"))
		fprintf(f, ", by %s", get_text(event, "user"));
	if (*get_text(event, "caller"))
		fprintf(f, " in %s", get_text(event, "caller"));
	if (*get_text(event, "reason"))
		fprintf(f, " (%s)", get_text(event, "reason"));
}

/* "domain D3" for /org/scx/Wd40/Domain/D3. */
static void print_object(FILE *f, const char *path)
{
	static const struct {
		const char *folder, *name;
	} folders[] = { { CLIENT_PATH "/Domain/", "domain" }, { CLIENT_PATH "/Node/", "node" } };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		size_t length = strlen(folders[i].folder);

		if (strncmp(path, folders[i].folder, length) != 0)
			continue;
		fprintf(f, "%s %s", folders[i].name, path + length);
		return;
	}
	fputs(path, f);
}

static void print_object_added(FILE *f, json_object *event)
{
	print_object(f, get_text(event, "path"));
	fputs(" appeared", f);
}

static void print_object_removed(FILE *f, json_object *event)
{
	print_object(f, get_text(event, "path"));
	fputs(" is gone", f);
}

static void print_properties_changed(FILE *f, json_object *event)
{
	json_object *changed = get(event, "changed");
	const char *separator = "";

	if (!json_object_is_type(changed, json_type_object))
		return;
	if (*get_text(event, "path")) {
		print_object(f, get_text(event, "path"));
		fputs(": ", f);
	}
	json_object_object_foreach (changed, name, value) {
		if (!is_shown(name))
			continue;
		fputs(separator, f);
		print_property(f, name, value);
		separator = ", ";
	}
	for (size_t i = 0; i < json_length(get(event, "invalidated")); i++) {
		fprintf(f, "%s%s has changed", separator,
			json_text(json_at(get(event, "invalidated"), i)));
		separator = ", ";
	}
}

static void print_message(FILE *f, json_object *event)
{
	fputs(get_text(event, "message"), f);
}

static void print_time(FILE *f, uint64_t time_usec)
{
	time_t seconds = (time_t)(time_usec / 1000000);
	char text[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fprintf(f, "%s.%03u  ", text, (unsigned int)(time_usec / 1000 % 1000));
}

void event_print(FILE *f, json_object *event)
{
	const char *name = get_text(event, "event");
	const struct kind *kind = kind_of(name);

	print_time(f, json_object_get_uint64(get(event, "time_usec")));
	output_colored(f, kind ? kind->color : COLOR_NONE, "%-17s", name);
	fputs("  ", f);
	if (kind)
		kind->print(f, event);
	else
		fputs(get_text(event, "values"), f);
	fputc('\n', f);
}
