/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line: each option, each way to get it wrong, and what is printed. */
#include "daemon/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/exit-codes.h"
#include "daemon/options-table.h"
#include "util/macro.h"

#define MAX_WORDS 40

static struct config *config;
static struct options options;
static char why[OPTIONS_WHY_MAX];

static int new_config(void **state)
{
	memset(&options, 0, sizeof(options));
	why[0] = '\0';
	return config_new("/nowhere/at/all", &config);
}

static int free_config(void **state)
{
	config = config_free(config);
	return 0;
}

/* Parses the words of a line, separated by single spaces. */
static int parse(const char *line)
{
	char *argv[MAX_WORDS + 2] = { (char *)"wd40d" }, *rest = NULL;
	static char words[1000]; /* options.root points into it */
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return options_parse(argc, argv, config, &options, why);
}

static void parses(const char *line)
{
	if (parse(line) < 0)
		fail_msg("wd40d %s: %s", line, why);
}

static void has_value(enum tunable_id id, const char *expected)
{
	_cleanup_(freep) char *text = tunable_format(id, &config_values(config)->values[id]);

	assert_string_equal(text, expected);
	assert_int_equal(config_origin(config, id).layer, LAYER_COMMAND_LINE);
}

static void refuses(const char *line, const char *expected)
{
	options.verbose = 77;
	assert_int_equal(parse(line), -EINVAL);
	assert_string_equal(why, expected);
	assert_int_equal(options.verbose, 77);
}

static void test_nothing(void **state)
{
	parses("");
	assert_int_equal(options.action, ACTION_RUN);
	assert_int_equal(options.verbose, 0);
	assert_string_equal(options.root, "");
	for (int id = 0; id < NR_TUNABLES; id++)
		assert_int_equal(config_origin(config, id).layer, LAYER_DEFAULT);
}

/* The letters that scx_wd40 had. */
static void test_letters(void **state)
{
	parses("-u 5000 -o2000 -i 3 -I 0.2 -l 2 -g 2 -kbfrp -D 50 -K50 -c 2 -C 0-3 -v -v");
	has_value(TUNABLE_SLICE_UNDERUTIL, "5000");
	has_value(TUNABLE_SLICE_OVERUTIL, "2000");
	has_value(TUNABLE_BALANCE_INTERVAL, "3");
	has_value(TUNABLE_TUNE_INTERVAL, "0.2");
	has_value(TUNABLE_LOAD_HALF_LIFE, "2");
	has_value(TUNABLE_GREEDY_THRESHOLD, "2");
	has_value(TUNABLE_KTHREADS_LOCAL, "yes");
	has_value(TUNABLE_BALANCED_KWORKERS, "yes");
	has_value(TUNABLE_FIFO_SCHED, "yes");
	has_value(TUNABLE_DIRECT_GREEDY_NUMA, "yes");
	has_value(TUNABLE_PARTIAL, "yes");
	has_value(TUNABLE_DIRECT_GREEDY_UNDER, "50");
	has_value(TUNABLE_KICK_GREEDY_UNDER, "50");
	has_value(TUNABLE_CACHE_LEVEL, "2");
	has_value(TUNABLE_CPUMASKS, "0-3");
	assert_int_equal(options.verbose, 2);
}

/* Each tunable has a long option that takes its default. */
static void test_each_tunable_is_a_long_option(void **state)
{
	for (int id = 0; id < NR_TUNABLES; id++) {
		char line[100];

		if (tunables[id].type == TUNABLE_LIST)
			continue;
		snprintf(line, sizeof(line), "--%s=%s", tunables[id].key,
			 tunables[id].default_text);
		parses(line);
		has_value(id, tunables[id].default_text);
	}
}

static void test_booleans(void **state)
{
	parses("--fifo-sched --partial=no --mempolicy-affinity=on");
	has_value(TUNABLE_FIFO_SCHED, "yes");
	has_value(TUNABLE_PARTIAL, "no");
	has_value(TUNABLE_MEMPOLICY_AFFINITY, "yes");
	parses("--no-load-balance");
	has_value(TUNABLE_LOAD_BALANCE, "no");
	parses("--no-load-balance --load-balance");
	has_value(TUNABLE_LOAD_BALANCE, "yes");
}

static void test_last_value_counts(void **state)
{
	parses("--perf 5 --perf=6");
	has_value(TUNABLE_PERF, "6");
}

static void test_cpu_sets_add_up(void **state)
{
	parses("-C 0-1 -C 0xc --cpumasks=4;5");
	has_value(TUNABLE_CPUMASKS, "0-1;2-3;4;5");
	parses("-C 7"); /* another command line */
	has_value(TUNABLE_CPUMASKS, "7");
	refuses("-C 0-1 -C 1-2", "--cpumasks: \"0-1;1-2\" has CPU 1 in two sets"
				 " (allowed: disjoint sets of CPUs like 0-3,8;0xf0)");
}

static void test_unambiguous_beginnings(void **state)
{
	parses("--slice-us-u=5000");
	has_value(TUNABLE_SLICE_UNDERUTIL, "5000");
}

static void test_actions(void **state)
{
	parses("--check");
	assert_int_equal(options.action, ACTION_CHECK);
	parses("--probe");
	assert_int_equal(options.action, ACTION_PROBE);
	parses("--bus-introspect");
	assert_int_equal(options.action, ACTION_BUS_INTROSPECT);
	parses("--help");
	assert_int_equal(options.action, ACTION_HELP);
	parses("-h");
	assert_int_equal(options.action, ACTION_HELP);
	parses("-V");
	assert_int_equal(options.action, ACTION_VERSION);
	parses("--version --nonsense");
	assert_int_equal(options.action, ACTION_VERSION);
}

static void test_address(void **state)
{
	parses("");
	assert_null(options.address);
	parses("--address unix:path=/nowhere");
	assert_string_equal(options.address, "unix:path=/nowhere");
}

static void test_config_and_root(void **state)
{
	const char *const *files;
	char path[] = "/tmp/wd40d-test-options.XXXXXX", line[100];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	snprintf(line, sizeof(line), "--config=%s --root /nowhere", path);
	parses(line);
	assert_string_equal(options.root, "/nowhere");
	assert_int_equal(config_load(config, NULL, NULL), 0);
	files = config_files(config);
	assert_string_equal(files[0], path);
	assert_null(files[1]);
	unlink(path);
}

static void test_bad_values(void **state)
{
	refuses("--interval=61", "--interval: \"61\" is out of range (allowed: 0.1 to 60 s)");
	refuses("-i nan",
		"--interval: \"nan\" is neither a number nor a time like 4ms (allowed: 0.1 to 60 s)");
	refuses("-g -1", "--greedy-threshold: \"-1\" is out of range (allowed: 0 to 1024)");
	refuses("--partial=maybe",
		"--partial: \"maybe\" is neither yes nor no (allowed: yes or no)");
	refuses("--perf=", "--perf: \"\" is empty, not a number (allowed: 0 to 1024)");
}

static void test_bad_use(void **state)
{
	refuses("--interval", "--interval needs a value");
	refuses("-g", "-g needs a value");
	refuses("--config", "--config needs a value");
	refuses("--check=yes", "--check takes no value");
	refuses("--no-load-balance=yes", "--no-load-balance takes no value");
}

static void test_unknown_options(void **state)
{
	refuses("--intervall=3", "--intervall is no option; did you mean --interval?");
	refuses("--colour", "--colour is no option, or may be short for several");
	refuses("--slice", "--slice is no option, or may be short for several");
	refuses("-x", "-x is no option");
	refuses("-kx", "-x is no option");
	refuses("-k\xff", "-? is no option");
	refuses("--\033[2J", "--?[2J is no option, or may be short for several");
}

static void test_other_words(void **state)
{
	refuses("start", "\"start\" is no option, and nothing else is expected");
	refuses("-k yes -p", "\"yes\" is no option, and nothing else is expected");
	refuses("-- -k", "\"-k\" is no option, and nothing else is expected");
	refuses("\303x\r", "\"?x?\" is no option, and nothing else is expected");
	refuses("--intervall start", "--intervall is no option; did you mean --interval?");
	refuses("start --intervall", "--intervall is no option; did you mean --interval?");
}

/* No letter and no name has two meanings. */
static void test_names_are_unique(void **state)
{
	for (int i = 0; i < NR_FIXED_OPTIONS; i++) {
		const struct fixed_option_row *row = &fixed_options[i];

		assert_int_equal(tunable_by_key(row->name), -ENOENT);
		assert_int_equal(tunable_by_letter(row->letter), -ENOENT);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(row->name, fixed_options[j].name);
			if (row->letter)
				assert_int_not_equal(row->letter, fixed_options[j].letter);
		}
	}
}

static char *printed_help(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	options_print_help(f);
	fclose(f);
	return text;
}

static void test_help_names_everything(void **state)
{
	_cleanup_(freep) char *help = printed_help();

	for (int id = 0; id < NR_TUNABLES; id++) {
		_cleanup_(freep) char *range = tunable_range_text(id);
		char name[64];

		snprintf(name, sizeof(name), "--%s%c", tunables[id].key,
			 tunables[id].type == TUNABLE_BOOL ? '[' : '=');
		assert_non_null(strstr(help, name));
		assert_non_null(strstr(help, tunables[id].help));
		if (tunables[id].type != TUNABLE_BOOL)
			assert_non_null(strstr(help, range));
	}
	assert_non_null(strstr(help, "--no-load-balance "));
	assert_non_null(strstr(help, "  -u, --slice-us-underutil=US "));
	assert_non_null(strstr(help, "(default: 20000; 100 to 1000000 us)"));
	for (int i = 0; i < NR_FIXED_OPTIONS; i++)
		assert_non_null(strstr(help, fixed_options[i].name));
}

/* Help begins in one column, behind at least two spaces; no line is longer than 100. */
static void test_help_is_aligned(void **state)
{
	_cleanup_(freep) char *help = printed_help();
	char *rest = NULL;

	for (char *line = strtok_r(help, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		assert_in_range(strlen(line), 1, 100);
		if (line[0] != ' ')
			continue;
		assert_in_range(strlen(line), 40, 100);
		assert_memory_equal(line + 35, "  ", 2);
		assert_int_not_equal(line[37], ' ');
	}
}

/* What bash would offer for words, the last of which is being typed. */
static void completes(const char *words, const char *expected)
{
	static const char script[] =
		"wd40d() { printf '%s' \"$HELP\"; }; compopt() { :; }; "
		"source " SOURCE_DIR "/daemon/wd40d.bash-completion; "
		"COMP_WORDS=(wd40d \"$@\") COMP_CWORD=$#; _wd40d; echo \"${COMPREPLY[*]}\"";
	_cleanup_(freep) char *help = printed_help();
	char command[2000], got[2000] = "";
	FILE *f;

	setenv("HELP", help, 1);
	setenv("SCRIPT", script, 1);
	snprintf(command, sizeof(command), "bash -c \"$SCRIPT\" completion %s", words);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(got, sizeof(got), f));
	assert_int_equal(pclose(f), 0);
	assert_string_equal(got, expected);
}

static void test_completion(void **state)
{
	completes("--fi", "--fifo-sched\n");
	completes("--slice", "--slice-us-underutil= --slice-us-overutil=\n");
	completes("--check --bus", "--bus-introspect\n");
	completes("--no", "--no-load-balance\n");
	completes("--partial = ''", "yes no\n");
	completes("--partial = n", "no\n");
	completes("--partial =", "yes no\n");
	completes("--interval = ''", "\n");
	completes("--config = /proc/self/statu", "/proc/self/status\n");
	completes("--root /proc/self/attr/curren", "/proc/self/attr/current\n");
	completes("start", "\n");
}

static void prints(int (*print)(FILE *), int code, const char *expected)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(print(f), code);
	fclose(f);
	assert_string_equal(text, expected);
}

static int print_version(FILE *f)
{
	options_print_version(f);
	return 0;
}

static int print_refusal(FILE *f)
{
	return options_print_refusal("-x is no option", f);
}

static int print_check(FILE *f)
{
	return options_check(config, f);
}

static void test_version_and_refusal(void **state)
{
	prints(print_version, 0, "wd40d " WD40D_VERSION "\n");
	prints(print_refusal, EXIT_CODE_USAGE, "wd40d: -x is no option\nTry 'wd40d --help'.\n");
}

static void test_check_without_problems(void **state)
{
	prints(print_check, EXIT_CODE_OK,
	       "wd40d: configuration is good (files read: 0, problems: 0)\n");
}

static void test_check_with_problems(void **state)
{
	char path[] = "/tmp/wd40d-test-options.XXXXXX", line[100], expected[1000];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "[wd40d]\nperf = x\n"), 17);
	close(fd);
	snprintf(line, sizeof(line), "--config=%s -u 500", path);
	parses(line);
	snprintf(
		expected, sizeof(expected),
		"%s:2: perf: \"x\" is not a number (allowed: 0 to 1024)\n"
		"command line: slice-us-underutil: slice-us-underutil = 500 us must not be less than"
		" slice-us-overutil = 1000 us\n"
		"wd40d: configuration has problems (files read: 1, problems: 2)\n",
		path);
	prints(print_check, EXIT_CODE_CONFIG, expected);
	unlink(path);
}

static void test_check_of_a_missing_file(void **state)
{
	parses("--config=/nowhere/at/all.ini");
	prints(print_check, EXIT_CODE_CONFIG,
	       "/nowhere/at/all.ini: cannot be read: No such file or directory\n"
	       "wd40d: configuration has problems (files read: 0, problems: 1)\n");
}

#define options_test(name) cmocka_unit_test_setup_teardown(name, new_config, free_config)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		options_test(test_nothing),
		options_test(test_letters),
		options_test(test_each_tunable_is_a_long_option),
		options_test(test_booleans),
		options_test(test_last_value_counts),
		options_test(test_cpu_sets_add_up),
		options_test(test_unambiguous_beginnings),
		options_test(test_actions),
		options_test(test_address),
		options_test(test_config_and_root),
		options_test(test_bad_values),
		options_test(test_bad_use),
		options_test(test_unknown_options),
		options_test(test_other_words),
		options_test(test_names_are_unique),
		options_test(test_help_names_everything),
		options_test(test_help_is_aligned),
		options_test(test_completion),
		options_test(test_version_and_refusal),
		options_test(test_check_without_problems),
		options_test(test_check_with_problems),
		options_test(test_check_of_a_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
