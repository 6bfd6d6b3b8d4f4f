/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the daemon's drop-in share: changes at run time, and what its file holds. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "config/config.h"
#include "tests/unit/config/tree.h"
#include "util/file.h"

#define SAVED CONFIG_SAVED_PATH
#define HEADER \
	"# Values saved by D-Bus. wd40d replaces this file: write into another one.\n[wd40d]\n"

static const struct config_author author = { 1000, "session-1.scope", "why" };

/* A configuration as after a start. */
static inline struct config *started(void)
{
	struct config *c = NULL;

	assert_int_equal(config_new(tree_root, &c), 0);
	assert_int_equal(config_load(c, NULL, NULL), 0);
	return c;
}

static inline void set(struct config *c, enum tunable_id id, const char *text)
{
	struct config_change change = { .id = id };
	char why[TUNABLE_WHY_MAX];
	struct config_problem p;

	assert_int_equal(tunable_parse(id, text, &change.value, why), 0);
	assert_int_equal(config_set_runtime(c, &change, 1, &author, &p), 0);
	tunable_value_done(id, &change.value);
}

static inline void save(struct config *c, tunable_mask ids)
{
	struct config_problem p = { 0 };
	tunable_mask saved;

	if (config_save(c, ids, &saved, &p) != 0)
		fail_msg("%s", p.message);
}

static inline void assert_file(const char *path, const char *expected)
{
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(file_read(tree_path(path), 65536, &text, NULL), 0);
	assert_string_equal(text, expected);
}

static inline void assert_value(const struct config *c, enum tunable_id id, const char *expected)
{
	_cleanup_(freep) char *text = tunable_format(id, &config_values(c)->values[id]);

	assert_string_equal(text, expected);
}
