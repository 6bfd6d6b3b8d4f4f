/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/call-text.h"
#include "util/cleanup.h"
#include "util/macro.h"
#include "util/text.h"

/* What sd-bus keeps of a message beside its body. */
#define MESSAGE_BYTES 1024u

/* What is said of a call so far. */
struct text {
	char bytes[CALL_TEXT_MAX + 1];
	size_t length;
};

/* Appends what fits. */
static void _printf_(2, 3) add(struct text *t, const char *format, ...)
{
	size_t room = sizeof(t->bytes) - t->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->bytes + t->length, room, format, args);
	va_end(args);
	if (n > 0)
		t->length += (size_t)n < room ? (size_t)n : room - 1;
}

/* Appends one basic value. */
static int add_basic(struct text *t, sd_bus_message *m, char type)
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
	case 'b': add(t, "%s", v.b ? "yes" : "no"); break;
	case 'u': add(t, "%u", v.u); break;
	case 't': add(t, "%llu", (unsigned long long)v.t); break;
	case 'd': add(t, "%g", v.d); break;
	case 's': add(t, "%.*s", CALL_TEXT_MAX, v.s); break;
	default: add(t, "?"); break;
	}
	return 1;
}

/* Appends what is left in the container, containers by their contents. -ENOBUFS when that is enough. */
static int add_rest(struct text *t, sd_bus_message *m, const char *separator)
{
	const char *contents;
	char type;
	int r, n = 0;

	while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
		if (t->length == CALL_TEXT_MAX)
			return -ENOBUFS;
		if (n++)
			add(t, "%s", separator);
		if (!contents) {
			r = add_basic(t, m, type);
		} else {
			r = sd_bus_message_enter_container(m, type, contents);
			if (r >= 0)
				r = add_rest(t, m, type == 'e' ? "=" : " ");
			if (r >= 0)
				r = sd_bus_message_exit_container(m);
		}
		if (r < 0)
			return r;
	}
	return r;
}

void call_describe(sd_bus_message *m, char ret[CALL_TEXT_MAX + 1])
{
	struct text t = { .length = 0 };

	add(&t, "%s ", sd_bus_message_get_member(m));
	(void)add_rest(&t, m, " ");
	(void)sd_bus_message_rewind(m, true);
	text_copy_printable(ret, sizeof(t.bytes), t.bytes);
}

/* Adds what is left in the container, until it is too much. */
static int count_rest(sd_bus_message *m, size_t *bytes)
{
	const char *contents, *text;
	uint64_t number;
	char type;
	int r;

	while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
		*bytes += sizeof(number);
		if (*bytes > CALL_BYTES_MAX)
			return -EMSGSIZE;
		if (contents) {
			r = sd_bus_message_enter_container(m, type, contents);
			if (r >= 0)
				r = count_rest(m, bytes);
			if (r >= 0)
				r = sd_bus_message_exit_container(m);
		} else if (strchr("sog", type)) {
			r = sd_bus_message_read_basic(m, type, &text);
			*bytes += r > 0 ? strlen(text) : 0;
		} else {
			r = sd_bus_message_read_basic(m, type, &number);
		}
		if (r < 0)
			return r;
	}
	return r;
}

size_t call_bytes(sd_bus_message *m)
{
	size_t bytes = MESSAGE_BYTES + strlen(sd_bus_message_get_path(m));
	int r = count_rest(m, &bytes);

	(void)sd_bus_message_rewind(m, true);
	return r < 0 ? CALL_BYTES_MAX + 1 : bytes;
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
