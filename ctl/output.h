/* SPDX-License-Identifier: GPL-2.0-only */
/* What verbs print: JSON, aligned tables, labelled lines, and colour where a person looks on. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "ctl/bus-json.h"
#include "util/macro.h"

/* Prints an object (NULL: null) as JSON: over several lines, or on one. */
void output_json(FILE *f, json_object *object);
void output_json_line(FILE *f, json_object *object);

enum color {
	COLOR_NONE,
	COLOR_BOLD,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_RED,
	COLOR_GREY,
	NR_COLORS
};

/* Whether f takes colours: a terminal that is not "dumb", and NO_COLOR is not set. */
bool output_has_color(FILE *f);

/* Prints text, in that colour if f takes it. */
void output_colored(FILE *f, enum color color, const char *format, ...) _printf_(3, 4);

/* Prints "  Label: " with the label right-aligned. The caller ends the line. */
void output_label(FILE *f, const char *label);

/* A table. Cells are added one after the other, row by row; each column is as wide as its widest cell. */
struct column {
	const char *title;
	bool right; /* aligned, for numbers */
};
struct table;

/* columns is borrowed. NULL: no memory. */
struct table *table_new(const struct column *columns, size_t nr_columns);
struct table *table_free(struct table *t);
DEFINE_CLEANUP(struct table, table_free)

/* Adds a cell; an empty one is shown as "-". A lack of memory is remembered for table_print. */
void table_cell(struct table *t, const char *format, ...) _printf_(2, 3);

/* Prints all whole rows, with the titles above them if wanted. -ENOMEM: nothing was printed. */
int table_print(const struct table *t, FILE *f, bool titles);
