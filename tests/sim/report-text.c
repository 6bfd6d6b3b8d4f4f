// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures as text: the same as in JSON, a line for each group, so that there is one list of them.
 * Series are left out.
 */
#include <string.h>

#include "tests/sim/report-internal.h"

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

static void print_time(FILE *to, double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	u32 unit = 0;

	for (; unit < 3 && ns >= 1000; unit++)
		ns /= 1000;
	fprintf(to, unit ? "%.2f %s" : "%.0f %s", ns, units[unit]);
}

/* "wait_ns": 1500000 is shown as wait 1.50 ms, "error_pct": 2.5 as error 2.500 %. */
static void print_figure(FILE *to, const char *key, struct json_object *value)
{
	int name = (int)strlen(key);

	if (ends_with(key, "_ns")) {
		fprintf(to, "%.*s ", name - 3, key);
		print_time(to, json_object_get_double(value));
	} else if (ends_with(key, "_pct")) {
		fprintf(to, "%.*s %s %%", name - 4, key, json_object_get_string(value));
	} else {
		fprintf(to, "%s %s", key, json_object_get_string(value));
	}
}

static void print_object(FILE *to, struct json_object *o, int depth)
{
	const char *separator = "";
	bool any = false;

	json_object_object_foreach (o, key, value) {
		if (json_object_get_type(value) == json_type_object ||
		    json_object_get_type(value) == json_type_array)
			continue;
		fputs(any ? separator : " ", to);
		print_figure(to, key, value);
		separator = ", ";
		any = true;
	}
	fputc('\n', to);
	json_object_object_foreach (o, name, member) {
		if (json_object_get_type(member) != json_type_object || !strcmp(name, "samples"))
			continue;
		fprintf(to, "%*s%s:", 2 * depth, "", name);
		print_object(to, member, depth + 1);
	}
}

void report_text(struct json_object *figures, FILE *to)
{
	fputs("run:", to);
	print_object(to, figures, 0);
}
