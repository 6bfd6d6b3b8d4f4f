/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running out of memory, at each allocation in turn: -ENOMEM, nothing changed, nothing leaked (the
 * leak sanitizer's part). The sources are compiled in here with allocators that can fail.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Allocations that still succeed; negative: all do. */
static int budget = -1;

static bool fails(void)
{
	errno = ENOMEM;
	return budget == 0 || (budget > 0 && budget-- == 0);
}

static void *test_calloc_failing(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

static void *test_realloc_failing(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}

static char *test_strdup(const char *text)
{
	return fails() ? NULL : strdup(text);
}

static char *test_strndup(const char *text, size_t length)
{
	return fails() ? NULL : strndup(text, length);
}

static FILE *test_open_memstream(char **text, size_t *size)
{
	return fails() ? NULL : open_memstream(text, size);
}

static FILE *test_fmemopen(void *text, size_t size, const char *mode)
{
	return fails() ? NULL : fmemopen(text, size, mode);
}

static int __attribute__((format(printf, 2, 3))) test_asprintf(char **text, const char *format, ...)
{
	va_list args;
	int r;

	if (fails())
		return -1;
	va_start(args, format);
	r = vasprintf(text, format, args);
	va_end(args);
	return r;
}

#undef strdup
#undef strndup
#undef calloc
#undef realloc
#define calloc         test_calloc_failing
#define realloc        test_realloc_failing
#define strdup         test_strdup
#define strndup        test_strndup
#define open_memstream test_open_memstream
#define fmemopen       test_fmemopen
#define asprintf       test_asprintf

#include "config/config.c"
#include "config/cpusets.c"
#include "config/files.c"
#include "config/ini.c"
#include "config/layers.c"
#include "config/load.c"
#include "config/problem.c"
#include "config/read.c"
#include "config/runtime.c"
#include "config/save.c"
#include "config/text.c"
#include "config/values.c"
#include "util/file.c"
#include "util/file-replace.c"

#undef calloc
#undef realloc

#include "tests/unit/config/tree.h"

static const struct config_author root = { 0, "a.service", "why" };

static struct config *loaded_config(void)
{
	struct config *c = NULL;

	budget = -1;
	tree_write(VENDOR, "[wd40d]\ncpumasks = \"0;1\"\ninterval = 3\n");
	tree_write(ETC_DIR "/1.ini", "[wd40d]\nperf = 7\n");
	assert_int_equal(config_new(tree_root, &c), 0);
	assert_int_equal(config_load(c, NULL, NULL), 0);
	return c;
}

/* Values, origins and files as loaded_config left them. */
static void is_as_loaded(const struct config *c)
{
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "0;1");
	assert_int_equal(config_values(c)->values[TUNABLE_BALANCE_INTERVAL].usec, 3000000);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
	assert_string_equal(config_origin(c, TUNABLE_PERF).path, tree_path(ETC_DIR "/1.ini"));
	assert_int_equal(config_origin(c, TUNABLE_PERF).line, 2);
	assert_string_equal(config_files(c)[1], tree_path(ETC_DIR "/1.ini"));
	assert_null(config_files(c)[2]);
}

static void test_new(void **state)
{
	struct config *c = NULL;
	int n = 0;

	for (;; n++) {
		budget = n;
		if (config_new("", &c) == 0)
			break;
		assert_null(c);
	}
	assert_in_range(n, 3, 100);
	config_free(c);
}

/* With each kind of thing in the files that takes memory, problems and conflicts too. */
static void test_load(void **state)
{
	_cleanup_(config_freep) struct config *c = loaded_config();
	int n = 0, r;

	tree_write(VENDOR, "[wd40d]\ncpumasks = \"0-3;5\"\ninterval = 4\nnonsense\nnope = 1\n");
	tree_write(ETC, "[wd40d]\nslice-us-overutil = 30000\nperf = x\ncpumasks = 0xff\n");
	tree_write(RUN_DIR "/2.ini", "[wd40d]\nexit-dump-len = 5\nexit-dump-len = 6\n");
	for (;; n++) {
		budget = n;
		r = config_load(c, NULL, NULL);
		if (r >= 0)
			break;
		assert_int_equal(r, -ENOMEM);
		is_as_loaded(c);
	}
	assert_int_equal(r, 5);
	assert_in_range(n, 30, 1000);
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "0-7");
	assert_int_equal(config_values(c)->values[TUNABLE_EXIT_DUMP_LEN].u, 6);
}

/* Keeping former values under a runtime value copies them. */
static void test_load_that_keeps_former_values(void **state)
{
	const struct config_change change = { TUNABLE_TUNE_INTERVAL, { .usec = 3000000 } };
	_cleanup_(config_freep) struct config *c = loaded_config();
	struct config_problem p;
	int n = 0, r;

	assert_int_equal(config_set_runtime(c, &change, 1, &root, &p), 0);
	tree_write(VENDOR, "[wd40d]\ncpumasks = \"0;1\"\n");
	for (;; n++) {
		budget = n;
		r = config_load(c, NULL, NULL);
		is_as_loaded(c);
		if (r >= 0)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_int_equal(r, 1);
}

static void test_set_runtime(void **state)
{
	const struct config_change changes[] = {
		{ TUNABLE_PERF, { .u = 9 } },
		{ TUNABLE_CPUMASKS, { .list = (char *)"2;3" } },
	};
	_cleanup_(config_freep) struct config *c = loaded_config();
	struct config_problem p;

	for (int n = 0;; n++) {
		int r;

		budget = n;
		r = config_set_runtime(c, changes, 2, &root, &p);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		is_as_loaded(c);
	}
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "2;3");
}

/* Either the value is in the file and comes from there, or nothing has changed. */
static void test_save(void **state)
{
	const struct config_change change = { TUNABLE_PERF, { .u = 9 } };
	_cleanup_(config_freep) struct config *c = loaded_config();
	struct config_problem p;
	tunable_mask saved;
	int n = 0;

	assert_int_equal(config_set_runtime(c, &change, 1, &root, &p), 0);
	for (;; n++) {
		int r;

		budget = n;
		r = config_save(c, TUNABLE_BIT(TUNABLE_PERF), &saved, &p);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(config_origin(c, TUNABLE_PERF).layer, LAYER_RUNTIME);
		assert_int_equal(access(tree_path(CONFIG_SAVED_PATH), F_OK), -1);
	}
	assert_in_range(n, 4, 50);
	assert_int_equal(config_origin(c, TUNABLE_PERF).layer, LAYER_FILE);
}

/* Either everything is reset, or nothing. */
static void test_reset_saved(void **state)
{
	const struct config_change change = { TUNABLE_PERF, { .u = 9 } };
	_cleanup_(config_freep) struct config *c = loaded_config();
	struct config_problem p;
	tunable_mask saved;
	int n = 0, r;

	assert_int_equal(config_set_runtime(c, &change, 1, &root, &p), 0);
	assert_int_equal(config_save(c, TUNABLES_ALL, &saved, &p), 0);
	for (;; n++) {
		budget = n;
		r = config_reset_saved(c, TUNABLES_ALL, NULL, NULL, &p);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 9);
	}
	budget = -1;
	assert_in_range(n, 4, 100);
	assert_int_not_equal(config_values(c)->values[TUNABLE_PERF].u, 9);
}

static void test_remember(void **state)
{
	const struct config_change change = { TUNABLE_CPUMASKS, { .list = (char *)"2;3" } };
	_cleanup_(config_memory_freep) struct config_memory *memory = NULL;
	_cleanup_(config_freep) struct config *c = loaded_config();
	struct config_problem p;
	int n = 0;

	assert_int_equal(config_set_runtime(c, &change, 1, &root, &p), 0);
	for (budget = 0; config_remember(c, &memory) < 0; budget = ++n)
		assert_null(memory);
	assert_in_range(n, 3, 20);
}

/* A refusal needs memory for its message. */
static void test_refusal(void **state)
{
	const struct config_change change = { TUNABLE_PERF, { .u = 9000 } };
	_cleanup_(config_freep) struct config *c = loaded_config();
	struct config_problem p;
	int n = 0, r;

	for (;; n++) {
		budget = n;
		r = config_set_runtime(c, &change, 1, &root, &p);
		if (r != -ENOMEM)
			break;
	}
	assert_int_equal(r, -EINVAL);
	assert_in_range(n, 1, 10);
	is_as_loaded(c);
}

static void test_set_copy(void **state)
{
	_cleanup_(config_freep) struct config *c = loaded_config();
	struct tunable_set copy;

	budget = 0;
	assert_int_equal(tunable_set_copy(config_values(c), &copy), -ENOMEM);
	budget = -1;
	assert_int_equal(tunable_set_copy(config_values(c), &copy), 0);
	tunable_set_done(&copy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(test_new),
		tree_test(test_load),
		tree_test(test_load_that_keeps_former_values),
		tree_test(test_set_runtime),
		tree_test(test_refusal),
		tree_test(test_save),
		tree_test(test_reset_saved),
		tree_test(test_remember),
		tree_test(test_set_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
