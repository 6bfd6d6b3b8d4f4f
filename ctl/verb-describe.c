/* SPDX-License-Identifier: GPL-2.0-only */
/* describe: what each tunable is, may be and is set to, and by whom. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/details.h"
#include "ctl/exit-codes.h"
#include "ctl/origin.h"
#include "ctl/output.h"
#include "ctl/pick.h"
#include "ctl/tunable-text.h"
#include "ctl/verbs.h"

static json_object *field(json_object *row, const char *name)
{
	return json_object_object_get(row, name);
}

static int print_table(const struct client *c, json_object *rows, bool titles)
{
	static const struct column columns[] = {
		{ "NAME" }, { "VALUE", true }, { "DEFAULT", true }, { "ALLOWED" },
		{ "UNIT" }, { "APPLIED" },     { "FROM" },
	};
	_cleanup_(table_freep) struct table *t = table_new(columns, ARRAY_SIZE(columns));
	int r;

	if (!t)
		return client_fail_errno(-ENOMEM, "describe");
	json_object_object_foreach (rows, name, row) {
		_cleanup_(freep) char *current = tunable_text(name, field(row, "current"));
		_cleanup_(freep) char *fallback = tunable_text(name, field(row, "default"));
		_cleanup_(freep) char *range = tunable_row_range(row);
		_cleanup_(freep) char *origin = origin_text(row, !c->host);

		table_cell(t, "%s", tunable_row_string(row, "key"));
		table_cell(t, "%s", current ?: "?");
		table_cell(t, "%s", fallback ?: "?");
		table_cell(t, "%s", range ?: "?");
		table_cell(t, "%s", tunable_unit_of(row));
		table_cell(t, "%s", tunable_row_string(row, "applied"));
		table_cell(t, "%s", origin ?: "?");
	}
	r = table_print(t, stdout, titles);
	return r < 0 ? client_fail_errno(r, "describe") : CTL_OK;
}

static void print_value(const char *label, const char *name, json_object *row, const char *key)
{
	_cleanup_(freep) char *text = tunable_text(name, field(row, key));
	const char *unit = tunable_unit_of(row);

	output_label(stdout, label);
	printf("%s%s%s\n", text && *text ? text : "none", text && *text && *unit ? " " : "",
	       text && *text ? unit : "");
}

static void print_reverted(json_object *row)
{
	json_object *reverted = field(row, "reverted");

	if (!reverted)
		return;
	output_label(stdout, "Taken back");
	printf("generation %" PRIu64 ": %s\n", json_object_get_uint64(json_at(reverted, 0)),
	       json_text(json_at(reverted, 1)));
}

static void print_text(const char *label, const char *text)
{
	if (!*text)
		return;
	output_label(stdout, label);
	puts(text);
}

static void print_block(const struct client *c, const char *name, json_object *row)
{
	_cleanup_(freep) char *range = tunable_row_range(row);
	_cleanup_(freep) char *origin = origin_text(row, !c->host);

	output_colored(stdout, COLOR_BOLD, "%s", tunable_row_string(row, "key"));
	printf(": %s\n", tunable_row_string(row, "description"));
	print_value("Value", name, row, "current");
	print_value("Default", name, row, "default");
	print_text("Allowed", range ?: "?");
	print_text("Applied", tunable_row_string(row, "applied"));
	print_text("From", origin ?: "?");
	print_reverted(row);
	print_text("D-Bus", name);
}

/* Named as by get. */
static void print_json(json_object *rows)
{
	_cleanup_(json_putp) json_object *shown = json_object_new_object();

	json_object_object_foreach (rows, name, row)
		json_object_object_add(shown, tunable_row_string(row, "key"),
				       tunable_row_json(name, row));
	output_json(stdout, shown);
}

/* Not of what nobody has set: asking takes its time. */
static void add_authors(struct client *c, json_object *rows)
{
	_cleanup_(json_putp) json_object *details = NULL;
	bool wanted = false;

	json_object_object_foreach (rows, name, row) {
		(void)name;
		wanted |= strcmp(tunable_row_string(row, "origin"), "runtime") == 0;
	}
	if (wanted)
		details = details_get(c);
	details_add_to_rows(rows, details);
}

int verb_describe(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *rows = NULL;
	const char *gap = "";
	int r = pick_rows(c, q, &rows);

	if (r)
		return r;
	add_authors(c, rows);
	if (request_has(q, OPT_JSON)) {
		print_json(rows);
		return CTL_OK;
	}
	if (q->nr_args == 0)
		return print_table(c, rows, !request_has(q, OPT_NO_LEGEND));
	json_object_object_foreach (rows, name, row) {
		fputs(gap, stdout);
		print_block(c, name, row);
		gap = "\n";
	}
	return CTL_OK;
}
