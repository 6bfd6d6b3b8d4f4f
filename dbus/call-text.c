/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "dbus/call-text.h"
#include "util/cleanup.h"
#include "util/text.h"

#define TEXT_MAX 400

/* Appends one basic value. */
static int print_basic(FILE *f, sd_bus_message *m, char type)
{
	union {
		uint8_t y;
		int b;
		uint32_t u;
		uint64_t t;
		double d;
		const char *s;
	} v = { 0 };
	int r = sd_bus_message_read_basic(m, type, &v);

	if (r <= 0)
		return r;
	switch (type) {
	case 'b': fprintf(f, "%s", v.b ? "yes" : "no"); break;
	case 'u': fprintf(f, "%u", v.u); break;
	case 't': fprintf(f, "%llu", (unsigned long long)v.t); break;
	case 'd': fprintf(f, "%g", v.d); break;
	case 's': fprintf(f, "%s", v.s); break;
	default: fputc('?', f); break;
	}
	return 1;
}

/* Appends what is left in the container, containers by their contents. */
static int print_rest(FILE *f, sd_bus_message *m, const char *separator)
{
	const char *contents;
	char type;
	int r, n = 0;

	while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
		if (n++)
			fputs(separator, f);
		if (!contents) {
			r = print_basic(f, m, type);
		} else {
			r = sd_bus_message_enter_container(m, type, contents);
			if (r >= 0)
				r = print_rest(f, m, type == 'e' ? "=" : " ");
			if (r >= 0)
				r = sd_bus_message_exit_container(m);
		}
		if (r < 0)
			return r;
	}
	return r;
}

char *call_describe(sd_bus_message *m)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "%s ", sd_bus_message_get_member(m));
	(void)print_rest(f, m, " ");
	(void)sd_bus_message_rewind(m, true);
	if (fclose(f) != 0 || !text) /* only now text is what it will be */
		return NULL;
	text_copy_printable(text, TEXT_MAX + 1, text);
	return text;
}

static bool says_disk(sd_bus_message *m)
{
	const char *key, *value;
	bool disk = false;

	while (!disk && sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		if (sd_bus_message_read(m, "s", &key) < 0)
			return false;
		if (strcmp(key, "persist") != 0)
			(void)sd_bus_message_skip(m, "v");
		else if (sd_bus_message_read(m, "v", "s", &value) >= 0)
			disk = strcmp(value, "disk") == 0;
		if (sd_bus_message_exit_container(m) < 0)
			return disk;
	}
	return disk;
}

/* Options are the last of two arguments. A message of another form is refused by its handler. */
bool call_persists(sd_bus_message *m)
{
	const char *signature = sd_bus_message_get_signature(m, true);
	size_t length = strlen(signature);
	bool disk = false;

	if (length > 5 && strcmp(signature + length - 5, "a{sv}") == 0) {
		_cleanup_(freep) char *first = strndup(signature, length - 5);

		if (first && sd_bus_message_skip(m, first) >= 0 &&
		    sd_bus_message_enter_container(m, 'a', "{sv}") > 0)
			disk = says_disk(m);
	}
	(void)sd_bus_message_rewind(m, true);
	return disk;
}
