/* SPDX-License-Identifier: GPL-2.0-only */
/* INI text, line by line through iniparser. */
#include "config/ini.h"

#include <ctype.h>
#include <errno.h>
#include <iniparser.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

struct scan {
	const char *at;
	unsigned int line;
	char section[INI_LINE_MAX + 1];
	ini_item_fn fn;
	void *userdata;
};

DEFINE_CLEANUP(dictionary, iniparser_freedict)

/* What iniparser thinks of a line; it tells by a global callback that is made for printing. */
static enum {
	LINE_GOOD,
	LINE_BAD,
	LINE_NO_MEMORY
} verdict;

static int take_verdict(const char *format, ...)
{
	verdict = strstr(format, "memory") ? LINE_NO_MEMORY : LINE_BAD;
	return 0;
}

/* *ret is NULL for a bad line. */
static int load_line(const char *text, size_t length, dictionary **ret)
{
	char line[INI_LINE_MAX + 2];
	_cleanup_(iniparser_freedictp) dictionary *d = NULL;
	_cleanup_(fclosep) FILE *f = NULL;

	memcpy(line, text, length);
	line[length] = '\n';
	f = fmemopen(line, length + 1, "r");
	if (!f)
		return -ENOMEM;
	verdict = LINE_GOOD;
	iniparser_set_error_callback(take_verdict);
	d = iniparser_load_file(f, "");
	iniparser_set_error_callback(NULL);
	if (verdict == LINE_NO_MEMORY || (!d && verdict == LINE_GOOD))
		return -ENOMEM;
	*ret = TAKE_PTR(d);
	return 0;
}

/* Whether iniparser took a ';' in the line as the beginning of a comment behind the value. */
static bool value_is_cut(const char *text, size_t length)
{
	const char *value = memchr(text, '=', length), *end = text + length;

	if (!value)
		return false;
	for (value++; value < end && isspace((unsigned char)*value); value++)
		;
	if (value == end || *value == '"' || *value == '\'')
		return false;
	for (; value < end && *value != '#'; value++)
		if (*value == ';')
			return true;
	return false;
}

static int emit(struct scan *s, struct ini_item *item)
{
	item->section = s->section;
	return s->fn(item, s->userdata);
}

static int emit_bad_line(struct scan *s, const char *text, size_t length)
{
	struct ini_item item = { .kind = INI_BAD_LINE, .line = s->line, .key = "" };
	_cleanup_(freep) char *line = strndup(text, length);

	if (!line)
		return -ENOMEM;
	item.value = line;
	return emit(s, &item);
}

/* A line leaves one entry: ":key" and its value, or a section's name without a value. */
static int emit_entry(struct scan *s, const dictionary *d, const char *text, size_t length)
{
	struct ini_item item = { .line = s->line };

	for (size_t i = 0; i < (size_t)d->size; i++) {
		if (!d->key[i])
			continue;
		item.value = d->val[i];
		if (item.value) {
			item.kind = INI_VALUE;
			item.key = d->key[i] + 1;
			item.cut = value_is_cut(text, length);
		} else {
			item.kind = INI_SECTION;
			item.key = "";
			item.value = "";
			snprintf(s->section, sizeof(s->section), "%s", d->key[i]);
		}
		return emit(s, &item);
	}
	return 0;
}

static size_t stripped_length(const char *text, size_t length)
{
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	return length;
}

/* The length of the line at text with those it continues on by a backslash, and their number. */
static size_t measure_line(const char *text, unsigned int *nr_lines, bool *complete)
{
	size_t length = 0;

	for (*nr_lines = 1;; (*nr_lines)++) {
		size_t from = length, stripped;

		length += strcspn(text + length, "\n");
		stripped = stripped_length(text + from, length - from);
		*complete = stripped == 0 || text[from + stripped - 1] != '\\';
		if (*complete || text[length] == '\0' || text[length + 1] == '\0')
			return length;
		length++;
	}
}

static int parse_line(struct scan *s)
{
	_cleanup_(iniparser_freedictp) dictionary *d = NULL;
	const char *text = s->at;
	unsigned int nr_lines;
	bool complete;
	size_t length = measure_line(text, &nr_lines, &complete);
	int r = 0;

	if (length > INI_LINE_MAX || !complete) {
		r = emit_bad_line(s, text, length);
	} else if (stripped_length(text, length) > 0) {
		r = load_line(text, length, &d);
		if (r == 0)
			r = d ? emit_entry(s, d, text, length) : emit_bad_line(s, text, length);
	}
	s->at = text + length + (text[length] == '\n');
	s->line += nr_lines;
	return r;
}

int ini_parse(const char *text, ini_item_fn fn, void *userdata)
{
	struct scan s = { .at = text, .line = 1, .fn = fn, .userdata = userdata };

	while (*s.at) {
		int r = parse_line(&s);

		if (r < 0)
			return r;
	}
	return 0;
}
