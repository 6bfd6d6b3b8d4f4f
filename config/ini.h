/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * INI text, item by item, with line numbers. What a line means is iniparser's decision: each line
 * (with those that it continues on) is handed to it alone, so one bad line costs nothing but
 * itself, and a key that comes twice is seen twice.
 */
#pragma once

#include <stdbool.h>

/* Bytes of a line, together with those that it continues on: iniparser's buffer, less a margin. */
#define INI_LINE_MAX 1000

enum ini_item_kind {
	INI_SECTION,  /* section begins */
	INI_VALUE,    /* key = value in section */
	INI_BAD_LINE, /* none of it; value is the line */
};

/* Strings live until the callback returns. Names of sections and keys are in lower case. */
struct ini_item {
	enum ini_item_kind kind;
	unsigned int line;   /* the first is 1 */
	const char *section; /* "" before the first */
	const char *key;
	const char *value;
	bool cut; /* the value ended at a ';', which begins a comment outside of quotes */
};

/* A negative errno ends ini_parse and is returned by it. */
typedef int (*ini_item_fn)(const struct ini_item *item, void *userdata);

/* Calls fn for each item in text, from first to last. -ENOMEM, or what fn returned. */
int ini_parse(const char *text, ini_item_fn fn, void *userdata);
