/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/arguments.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define DEPTH_MAX 4u
#define ITEMS_MAX 4u

const char *arguments_any_text(struct fuzz_bytes *in)
{
	static char text[ARGUMENTS_TEXT_MAX / 2 - 8];
	uint32_t n = 0;

	for (uint32_t length = 1u << fuzz_below(in, 8); length; length--)
		text[n++] = (char)fuzz_below(in, 256);
	text[n] = '\0';
	text_copy_printable(text, sizeof(text), text);
	return text;
}

const char *arguments_any_raw_text(struct fuzz_bytes *in)
{
	static const char *const odd[] = { "\033[2J",  "\n",           "\r",   "\t",
					   "\xc2\x9b", "\xe2\x80\xae", "\x7f", "%s" };
	static char text[ARGUMENTS_TEXT_MAX + 1];
	const char *plain = arguments_any_text(in);

	snprintf(text, sizeof(text), "%s%s%s", plain, FUZZ_ONE_OF(in, odd), plain);
	return text;
}

static uint64_t any_number(const struct arguments *a)
{
	static const uint64_t ends[] = { 0,       1,        100,        1000,      20000,
					 1000000, 60000000, UINT32_MAX, UINT64_MAX };

	return fuzz_below(a->in, 2) ? FUZZ_ONE_OF(a->in, ends) : fuzz_number(a->in, 8);
}

static int append_basic(sd_bus_message *m, char type, const struct arguments *a)
{
	uint64_t number = any_number(a);
	double real;
	int boolean;

	switch (type) {
	case 's': return sd_bus_message_append_basic(m, type, a->any_text(a->in));
	case 'o': return sd_bus_message_append_basic(m, type, "/org/scx/Wd40/Domain/D0");
	case 'g': return sd_bus_message_append_basic(m, type, "a{sv}");
	case 'b': boolean = number & 1; return sd_bus_message_append_basic(m, type, &boolean);
	case 'd':
		memcpy(&real, &number, sizeof(real));
		return sd_bus_message_append_basic(m, type, &real);
	default: return sd_bus_message_append_basic(m, type, &number);
	}
}

static int append_all(sd_bus_message *m, const char *types, const struct arguments *a,
		      uint32_t depth);

static int append_variant(sd_bus_message *m, const struct arguments *a, uint32_t depth)
{
	static const char *const types[] = { "t",     "u", "b",    "d", "s", "as",
					     "a{sv}", "v", "(su)", "x", "y", "ay" };
	const char *type = depth < DEPTH_MAX ? FUZZ_ONE_OF(a->in, types) : "u";
	int r = sd_bus_message_open_container(m, 'v', type);

	if (r >= 0)
		r = append_all(m, type, a, depth + 1);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The length of the first complete type. */
static size_t type_length(const char *types)
{
	size_t n = 0;
	int open = 0;

	do {
		open += types[n] == '(' || types[n] == '{';
		open -= types[n] == ')' || types[n] == '}';
	} while (types[n++] == 'a' || open);
	return n;
}

static int append_container(sd_bus_message *m, char kind, const char *inner, uint32_t times,
			    const struct arguments *a, uint32_t depth)
{
	int r = sd_bus_message_open_container(m, kind, inner);

	for (; r >= 0 && times; times--)
		r = append_all(m, inner, a, depth + 1);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_one(sd_bus_message *m, const char *type, size_t length, const struct arguments *a,
		      uint32_t depth)
{
	char inner[64];

	if (*type == 'v')
		return append_variant(m, a, depth);
	if (*type == 'a') {
		snprintf(inner, sizeof(inner), "%.*s", (int)length - 1, type + 1);
		return append_container(m, 'a', inner, fuzz_below(a->in, ITEMS_MAX + 1), a, depth);
	}
	if (*type != '(' && *type != '{')
		return append_basic(m, *type, a);
	snprintf(inner, sizeof(inner), "%.*s", (int)length - 2, type + 1);
	return append_container(m, *type == '(' ? 'r' : 'e', inner, 1, a, depth);
}

static int append_all(sd_bus_message *m, const char *types, const struct arguments *a,
		      uint32_t depth)
{
	int r = 0;

	for (size_t n; r >= 0 && *types; types += n) {
		n = type_length(types);
		r = append_one(m, types, n, a, depth);
	}
	return r;
}

int arguments_append(sd_bus_message *m, const char *types, const struct arguments *a)
{
	return append_all(m, types, a, 0);
}

int arguments_append_variant(sd_bus_message *m, const char *type, const struct arguments *a)
{
	int r = sd_bus_message_open_container(m, 'v', type);

	if (r >= 0)
		r = append_all(m, type, a, 1);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

bool arguments_is_one(const char *types)
{
	return *types && strlen(types) == type_length(types);
}
