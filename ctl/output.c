/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_WIDTH 12

struct table {
	const struct column *columns;
	size_t nr_columns;
	char **cells;
	size_t n, allocated;
	bool no_memory;
};

#define JSON_FLAGS (JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

void output_json(FILE *f, json_object *object)
{
	fprintf(f, "%s\n",
		json_object_to_json_string_ext(object, JSON_FLAGS | JSON_C_TO_STRING_PRETTY));
}

void output_json_line(FILE *f, json_object *object)
{
	fprintf(f, "%s\n", json_object_to_json_string_ext(object, JSON_FLAGS));
}

bool output_has_color(FILE *f)
{
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(f)) && !(off && *off) && term && strcmp(term, "dumb") != 0;
}

void output_colored(FILE *f, enum color color, const char *format, ...)
{
	static const char *const codes[] = {
		[COLOR_NONE] = "0",    [COLOR_BOLD] = "1", [COLOR_GREEN] = "32",
		[COLOR_YELLOW] = "33", [COLOR_RED] = "31", [COLOR_GREY] = "90",
	};
	_Static_assert(ARRAY_SIZE(codes) == NR_COLORS, "each colour has a code");
	bool on = color != COLOR_NONE && output_has_color(f);
	va_list args;

	if (on)
		fprintf(f, "\033[%sm", codes[color]);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	if (on)
		fputs("\033[0m", f);
}

void output_label(FILE *f, const char *label)
{
	fprintf(f, "%*s: ", LABEL_WIDTH, label);
}

struct table *table_new(const struct column *columns, size_t nr_columns)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t)
		*t = (struct table){ .columns = columns, .nr_columns = nr_columns };
	return t;
}

struct table *table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
	return NULL;
}

static bool table_has_room(struct table *t)
{
	size_t allocated = t->allocated ? 2 * t->allocated : 64;
	char **cells;

	if (t->n < t->allocated)
		return true;
	cells = reallocarray(t->cells, allocated, sizeof(*cells));
	if (!cells)
		return false;
	t->cells = cells;
	t->allocated = allocated;
	return true;
}

void table_cell(struct table *t, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text || !table_has_room(t)) {
		free(text);
		t->no_memory = true;
		return;
	}
	t->cells[t->n++] = text;
}

/* Characters of UTF-8 text. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static const char *shown(const char *cell)
{
	return *cell ? cell : "-";
}

static int column_width(const struct table *t, size_t column, bool titles)
{
	int width = titles ? text_width(t->columns[column].title) : 0;

	for (size_t i = column; i < t->n; i += t->nr_columns) {
		int cell = text_width(shown(t->cells[i]));

		width = cell > width ? cell : width;
	}
	return width;
}

/* Nothing is put behind the last column. */
static void print_cell(FILE *f, const struct table *t, size_t column, int width, const char *text,
		       enum color color)
{
	bool right = t->columns[column].right, last = column == t->nr_columns - 1;
	int padding = width - text_width(text);

	fprintf(f, "%s%*s", column ? "  " : "", right ? padding : 0, "");
	output_colored(f, color, "%s", text);
	fprintf(f, "%*s%s", right || last ? 0 : padding, "", last ? "\n" : "");
}

int table_print(const struct table *t, FILE *f, bool titles)
{
	size_t whole = t->n - t->n % t->nr_columns;
	int widths[16];

	if (t->no_memory || t->nr_columns > ARRAY_SIZE(widths))
		return -ENOMEM;
	for (size_t i = 0; i < t->nr_columns; i++)
		widths[i] = column_width(t, i, titles);
	for (size_t i = 0; titles && i < t->nr_columns; i++)
		print_cell(f, t, i, widths[i], t->columns[i].title, COLOR_BOLD);
	for (size_t i = 0; i < whole; i++)
		print_cell(f, t, i % t->nr_columns, widths[i % t->nr_columns], shown(t->cells[i]),
			   COLOR_NONE);
	return 0;
}
