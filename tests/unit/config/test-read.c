/* SPDX-License-Identifier: GPL-2.0-only */
/* One file: each kind of bad input is one problem, and costs nothing but itself. */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/problems.h"
#include "tests/unit/config/tree.h"

/* Loads what is in the tree and returns the only problem. */
static struct config_problem only_problem(struct config *c)
{
	struct problems problems = { 0 };
	int n = config_load(c, collect, &problems);

	for (int i = 0; n != 1 && i < problems.n && i < 8; i++)
		print_message("%u: %s\n", problems.first[i].line, problems.first[i].message);
	assert_int_equal(n, 1);
	assert_int_equal(problems.n, 1);
	return problems.first[0];
}

/*
 * With perf = 7 behind it, a bad text is one problem with that line, key and message, no value but
 * perf changes, and the file counts as read.
 */
static void has_problem(const char *text, enum config_error error, unsigned int line,
			const char *key, const char *message)
{
	_cleanup_(config_freep) struct config *c = NULL;
	enum tunable_id ids[NR_TUNABLES];
	struct tunable_set defaults;
	struct config_problem p;
	char file[2000];

	snprintf(file, sizeof(file), "%s\n[wd40d]\nperf = 7\n", text);
	tree_write(ETC, file);
	assert_int_equal(config_new(tree_root, &c), 0);
	assert_int_equal(tunable_set_copy(config_values(c), &defaults), 0);
	p = only_problem(c);
	assert_string_equal(p.message, message);
	assert_string_equal(p.path, tree_path(ETC));
	assert_string_equal(p.key, key);
	assert_int_equal(p.line, line);
	assert_int_equal(p.error, error);
	assert_int_equal(tunable_set_diff(config_values(c), &defaults, ids), 1);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
	assert_string_equal(config_files(c)[0], tree_path(ETC));
	tunable_set_done(&defaults);
}

static void test_unknown_key(void **state)
{
	has_problem("[wd40d]\n\nintervall = 3", CONFIG_UNKNOWN_KEY, 3, "intervall",
		    "intervall: unknown key, did you mean \"interval\"?");
	has_problem("[wd40d]\ncolour = red", CONFIG_UNKNOWN_KEY, 2, "colour",
		    "colour: unknown key");
}

static void test_wrong_type(void **state)
{
	has_problem(
		"[wd40d]\ninterval = soon", CONFIG_WRONG_TYPE, 2, "interval",
		"interval: \"soon\" is neither a number nor a time like 4ms (allowed: 0.1 to 60 s)");
	has_problem("[wd40d]\ninterval =", CONFIG_WRONG_TYPE, 2, "interval",
		    "interval: \"\" is empty, not a number (allowed: 0.1 to 60 s)");
	has_problem("[wd40d]\npartial = maybe", CONFIG_WRONG_TYPE, 2, "partial",
		    "partial: \"maybe\" is neither yes nor no (allowed: yes or no)");
	has_problem("[wd40d]\nkick-greedy-under = nan", CONFIG_WRONG_TYPE, 2, "kick-greedy-under",
		    "kick-greedy-under: \"nan\" is not a number (allowed: 0 to 100 %)");
	has_problem("[wd40d]\ncache-level = 2.5", CONFIG_WRONG_TYPE, 2, "cache-level",
		    "cache-level: \"2.5\" is not a whole number (allowed: 1 to 4)");
}

static void test_out_of_range(void **state)
{
	has_problem("[wd40d]\ncache-level = 5", CONFIG_OUT_OF_RANGE, 2, "cache-level",
		    "cache-level: \"5\" is out of range (allowed: 1 to 4)");
	has_problem("[wd40d]\nslice-us-overutil = 18446744073709551716", CONFIG_OUT_OF_RANGE, 2,
		    "slice-us-overutil",
		    "slice-us-overutil: \"18446744073709551716\" is out of range"
		    " (allowed: 100 to 1000000 us)");
}

static void test_bad_cpumasks(void **state)
{
	has_problem("[wd40d]\ncpumasks = \"0-3;2\"", CONFIG_CONFLICT, 2, "cpumasks",
		    "cpumasks: \"0-3;2\" has CPU 2 in two sets"
		    " (allowed: disjoint sets of CPUs like 0-3,8;0xf0)");
	has_problem("[wd40d]\ncpumasks = 0-3;4-7", CONFIG_WRONG_TYPE, 2, "cpumasks",
		    "cpumasks: \"0-3\" ends at ';', a comment unless the value is in quotes"
		    " (allowed: disjoint sets of CPUs like 0-3,8;0xf0)");
}

static void test_bad_lines(void **state)
{
	has_problem("[wd40d]\nnonsense", CONFIG_SYNTAX, 2, "",
		    "line is neither a section, nor \"key = value\", nor a comment");
	has_problem("[wd40d", CONFIG_SYNTAX, 1, "",
		    "line is neither a section, nor \"key = value\", nor a comment");
}

static void test_long_line(void **state)
{
	char text[1200] = "[wd40d]\nperf = ";

	memset(text + strlen(text), '1', 1100);
	has_problem(text, CONFIG_SYNTAX, 2, "", "line is longer than 1000 bytes, ignored");
}

static void test_unknown_section(void **state)
{
	has_problem(
		"[scheduler]\ninterval = 3\nnonsense = 1", CONFIG_UNKNOWN_KEY, 1, "[scheduler]",
		"[scheduler]: unknown section, ignored with its keys; keys belong into [wd40d]");
}

static void test_missing_section(void **state)
{
	has_problem("interval = 3", CONFIG_SYNTAX, 1, "interval",
		    "interval: stands before any section, ignored; [wd40d] has to come first");
}

static void test_text_is_made_printable(void **state)
{
	has_problem("[wd40d]\n\x1b[2J\xff = 1", CONFIG_UNKNOWN_KEY, 2, "?[2j?",
		    "?[2j?: unknown key");
}

static struct config_problem file_problem(const char *bytes, size_t size)
{
	_cleanup_(config_freep) struct config *c = NULL;

	tree_write_bytes(ETC, bytes, size);
	assert_int_equal(config_new(tree_root, &c), 0);
	return only_problem(c);
}

static void test_long_value_is_shortened(void **state)
{
	char text[400] = "[wd40d]\nperf = ";
	struct config_problem p;

	memset(text + strlen(text), 'v', 300);
	p = file_problem(text, strlen(text));
	assert_int_equal(strlen(p.value), sizeof(p.value) - 1);
	assert_string_equal(p.value + sizeof(p.value) - 6, "vv...");
	assert_non_null(strstr(p.message, "vv...\" is not a number (allowed: 0 to 1024)"));
}

static void test_nul_bytes(void **state)
{
	static const char bytes[] = "[wd40d]\nperf = 7\n\0\x7f"
				    "ELF";
	struct config_problem p = file_problem(bytes, sizeof(bytes) - 1);

	assert_int_equal(p.error, CONFIG_SYNTAX);
	assert_int_equal(p.line, 3);
	assert_string_equal(p.message, "file is not text, ignored: it has a NUL byte");
}

static void test_oversized_file(void **state)
{
	static char bytes[64 * 1024 + 1];
	struct config_problem p;

	memset(bytes, '\n', sizeof(bytes));
	p = file_problem(bytes, sizeof(bytes));
	assert_int_equal(p.error, CONFIG_UNREADABLE);
	assert_int_equal(p.line, 0);
	assert_string_equal(p.message, "file is longer than 65536 bytes, ignored");
}

static void test_largest_file(void **state)
{
	static char bytes[64 * 1024];
	_cleanup_(config_freep) struct config *c = NULL;

	memset(bytes, '\n', sizeof(bytes));
	tree_write_bytes(ETC, bytes, sizeof(bytes));
	assert_int_equal(config_new(tree_root, &c), 0);
	assert_int_equal(config_load(c, NULL, NULL), 0);
}

static void test_directory(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_problem p;

	tree_parents(ETC "/x");
	assert_int_equal(config_new(tree_root, &c), 0);
	p = only_problem(c);
	assert_int_equal(p.error, CONFIG_UNREADABLE);
	assert_string_equal(p.message, "cannot be read: Is a directory");
	assert_null(config_files(c)[0]);
}

static void test_fifo(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_problem p;

	assert_int_equal(mkfifo(tree_parents(ETC), 0600), 0);
	assert_int_equal(config_new(tree_root, &c), 0);
	p = only_problem(c);
	assert_string_equal(p.message, "cannot be read: Not a regular file");
}

/* As another user, since root may read all. */
static void test_no_permission(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_problem p;

	tree_write(ETC, "[wd40d]\nperf = 7\n");
	assert_int_equal(chmod(tree_path(ETC), 0), 0);
	assert_int_equal(chmod(tree_root, 0755), 0);
	assert_int_equal(config_new(tree_root, &c), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	p = only_problem(c);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(p.error, CONFIG_UNREADABLE);
	assert_string_equal(p.message, "cannot be read: Permission denied");
}

static void test_duplicate(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_problem p;

	tree_write(ETC, "[wd40d]\nperf = 7\n\n[wd40d]\nperf = 9\n");
	assert_int_equal(config_new(tree_root, &c), 0);
	p = only_problem(c);
	assert_int_equal(p.error, CONFIG_DUPLICATE);
	assert_int_equal(p.line, 5);
	assert_string_equal(p.message, "perf: given on line 2 and again on line 5, which counts");
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 9);
}

/* The last one counts, even as a bad one: the value before it is not what the file says. */
static void test_duplicate_with_a_bad_end(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct problems problems = { 0 };

	tree_write(VENDOR, "[wd40d]\nperf = 3\n");
	tree_write(ETC, "[wd40d]\nperf = 7\nperf = x\n");
	assert_int_equal(config_new(tree_root, &c), 0);
	assert_int_equal(config_load(c, collect, &problems), 2);
	assert_int_equal(problems.first[0].error, CONFIG_DUPLICATE);
	assert_int_equal(problems.first[1].error, CONFIG_WRONG_TYPE);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 3);
}

static void test_same_key_in_two_files_is_no_duplicate(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;

	tree_write(VENDOR, "[wd40d]\nperf = 3\n");
	tree_write(ETC, "[WD40D]\nPerf = 7\n");
	assert_int_equal(config_new(tree_root, &c), 0);
	assert_int_equal(config_load(c, NULL, NULL), 0);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
}

static void test_garbage_without_nul(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct problems problems = { 0 };
	char bytes[4096];

	srand(1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(1 + rand() % 255);
	tree_write_bytes(ETC, bytes, sizeof(bytes));
	assert_int_equal(config_new(tree_root, &c), 0);
	assert_in_range(config_load(c, collect, &problems), 1, sizeof(bytes));
	for (int i = 0; i < problems.n && i < 8; i++)
		for (const char *at = problems.first[i].message; *at; at++)
			assert_in_range(*at, ' ', '~');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(test_unknown_key),
		tree_test(test_wrong_type),
		tree_test(test_out_of_range),
		tree_test(test_bad_cpumasks),
		tree_test(test_bad_lines),
		tree_test(test_long_line),
		tree_test(test_unknown_section),
		tree_test(test_missing_section),
		tree_test(test_text_is_made_printable),
		tree_test(test_long_value_is_shortened),
		tree_test(test_nul_bytes),
		tree_test(test_oversized_file),
		tree_test(test_largest_file),
		tree_test(test_directory),
		tree_test(test_fifo),
		tree_test(test_no_permission),
		tree_test(test_duplicate),
		tree_test(test_duplicate_with_a_bad_end),
		tree_test(test_same_key_in_two_files_is_no_duplicate),
		tree_test(test_garbage_without_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
