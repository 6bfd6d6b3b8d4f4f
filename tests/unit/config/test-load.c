/* SPDX-License-Identifier: GPL-2.0-only */
/* All files together: precedence, provenance, conflicts and reloads. */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/problems.h"
#include "tests/unit/config/tree.h"

static const struct config_author user = { .uid = 1000 };

static struct config *new_config(void)
{
	struct config *c = NULL;

	assert_int_equal(config_new(tree_root, &c), 0);
	return c;
}

static void loads(struct config *c, int nr_problems)
{
	struct problems problems = { 0 };
	int n = config_load(c, collect, &problems);

	for (int i = 0; n != nr_problems && i < problems.n; i++)
		print_message("%s\n", problems.first[i].message);
	assert_int_equal(n, nr_problems);
}

static struct config_problem load_with_problem(struct config *c)
{
	struct problems problems = { 0 };

	assert_int_equal(config_load(c, collect, &problems), 1);
	return problems.first[0];
}

static uint64_t usec(const struct config *c, enum tunable_id id)
{
	return config_values(c)->values[id].usec;
}

static void set_runtime_usec(struct config *c, enum tunable_id id, uint64_t value)
{
	const struct config_change change = { .id = id, .value.usec = value };
	struct config_problem p;

	assert_int_equal(config_set_runtime(c, &change, 1, &user, &p), 0);
}

static void is_from_file(const struct config *c, enum tunable_id id, const char *path,
			 unsigned int line)
{
	struct config_origin origin = config_origin(c, id);

	assert_int_equal(origin.layer, LAYER_FILE);
	assert_string_equal(origin.path, tree_path(path));
	assert_int_equal(origin.line, line);
}

static void test_no_file_is_no_problem(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	loads(c, 0);
	assert_null(config_files(c)[0]);
	assert_int_equal(usec(c, TUNABLE_BALANCE_INTERVAL), 2000000);
	assert_int_equal(config_origin(c, TUNABLE_BALANCE_INTERVAL).layer, LAYER_DEFAULT);
	assert_null(config_origin(c, TUNABLE_BALANCE_INTERVAL).path);
}

static void test_later_files_win(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	tree_write(VENDOR, "[wd40d]\ninterval = 3\nperf = 1\ncache-level = 1\npartial = yes\n");
	tree_write(ETC, "[wd40d]\n\ninterval = 4\nperf = 2\ncache-level = 2\n");
	tree_write(RUN_DIR "/10.ini", "[wd40d]\nperf = 3\ncache-level = 3\n");
	tree_write(ETC_DIR "/20.ini", "[wd40d]\ncache-level = 4\n");
	loads(c, 0);
	is_from_file(c, TUNABLE_PARTIAL, VENDOR, 5);
	is_from_file(c, TUNABLE_BALANCE_INTERVAL, ETC, 3);
	is_from_file(c, TUNABLE_PERF, RUN_DIR "/10.ini", 2);
	is_from_file(c, TUNABLE_CACHE_LEVEL, ETC_DIR "/20.ini", 2);
	assert_true(config_values(c)->values[TUNABLE_PARTIAL].b);
	assert_int_equal(usec(c, TUNABLE_BALANCE_INTERVAL), 4000000);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 3);
	assert_int_equal(config_values(c)->values[TUNABLE_CACHE_LEVEL].u, 4);
}

static void test_files_are_listed_in_order(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	const char *const *files;

	tree_write(VENDOR, "");
	tree_write(ETC_DIR "/10.ini", "");
	loads(c, 0);
	files = config_files(c);
	assert_string_equal(files[0], tree_path(VENDOR));
	assert_string_equal(files[1], tree_path(ETC_DIR "/10.ini"));
	assert_null(files[2]);
}

static void test_bad_value_keeps_the_file_below(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	tree_write(VENDOR, "[wd40d]\ninterval = 3\n");
	tree_write(ETC, "[wd40d]\ninterval = 61\n");
	p = load_with_problem(c);
	assert_int_equal(p.error, CONFIG_OUT_OF_RANGE);
	assert_string_equal(p.path, tree_path(ETC));
	is_from_file(c, TUNABLE_BALANCE_INTERVAL, VENDOR, 2);
	assert_int_equal(config_nr_problems(c), 1);
	tree_write(ETC, "");
	assert_int_equal(config_try_load(c, NULL, NULL), 0);
	assert_int_equal(config_nr_problems(c), 1);
	loads(c, 0);
	assert_int_equal(config_nr_problems(c), 0);
}

static void test_override_replaces_etc_and_drop_ins(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	tree_write(VENDOR, "[wd40d]\nperf = 1\n");
	tree_write(ETC, "[wd40d]\ninterval = 3\n");
	tree_write(ETC_DIR "/10.ini", "[wd40d]\ninterval = 4\n");
	tree_write("/own.ini", "[wd40d]\ninterval = 5\n");
	assert_int_equal(config_set_file(c, tree_path("/own.ini")), 0);
	loads(c, 0);
	is_from_file(c, TUNABLE_BALANCE_INTERVAL, "/own.ini", 2);
	is_from_file(c, TUNABLE_PERF, VENDOR, 2);
}

static void test_override_has_to_exist(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	assert_int_equal(config_set_file(c, tree_path("/missing.ini")), 0);
	p = load_with_problem(c);
	assert_int_equal(p.error, CONFIG_UNREADABLE);
	assert_string_equal(p.path, tree_path("/missing.ini"));
	assert_string_equal(p.message, "cannot be read: No such file or directory");
}

static void test_dangling_drop_in_is_reported(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	tree_link(ETC_DIR "/10.ini", "/nowhere/at/all");
	assert_int_equal(load_with_problem(c).error, CONFIG_UNREADABLE);
}

static void test_unlistable_directory_is_reported(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	tree_write(ETC_DIR, "");
	p = load_with_problem(c);
	assert_string_equal(p.path, tree_path(ETC_DIR));
	assert_string_equal(p.message, "cannot be read: Not a directory");
}

static void test_conflict_in_one_file_drops_both(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	tree_write(ETC, "[wd40d]\nslice-us-overutil = 3000\nslice-us-underutil = 2000\nperf=7\n");
	p = load_with_problem(c);
	assert_int_equal(p.error, CONFIG_CONFLICT);
	assert_string_equal(p.path, tree_path(ETC));
	assert_int_equal(p.line, 3);
	assert_string_equal(p.key, "slice-us-underutil");
	assert_string_equal(p.value, "2000 us");
	assert_string_equal(p.message,
			    "slice-us-underutil: slice-us-underutil = 2000 us must not be"
			    " less than slice-us-overutil = 3000 us; ignored");
	assert_int_equal(usec(c, TUNABLE_SLICE_UNDERUTIL), 20000);
	assert_int_equal(usec(c, TUNABLE_SLICE_OVERUTIL), 1000);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
}

static void test_conflict_across_files_drops_the_higher(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	tree_write(VENDOR, "[wd40d]\ninterval = 1\n");
	tree_write(ETC, "[wd40d]\ntune-interval = 2\nperf = 7\n");
	p = load_with_problem(c);
	assert_string_equal(p.path, tree_path(ETC));
	assert_string_equal(p.key, "tune-interval");
	assert_string_equal(p.message, "tune-interval: tune-interval = 2 s must not be longer than"
				       " interval = 1 s; ignored");
	is_from_file(c, TUNABLE_BALANCE_INTERVAL, VENDOR, 2);
	assert_int_equal(usec(c, TUNABLE_TUNE_INTERVAL), 100000);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
}

static void test_conflict_with_a_default(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	tree_write(ETC, "[wd40d]\ngreedy-threshold = 0\ngreedy-threshold-x-numa = 4\n");
	p = load_with_problem(c);
	assert_string_equal(p.message, "greedy-threshold-x-numa: greedy-threshold-x-numa = 4 must"
				       " be 0 with greedy-threshold = 0; ignored");
	assert_int_equal(config_values(c)->values[TUNABLE_GREEDY_THRESHOLD].u, 1);
	tree_write(ETC, "[wd40d]\nslice-us-underutil = 999\n");
	p = load_with_problem(c);
	assert_string_equal(p.value, "999 us");
	assert_int_equal(usec(c, TUNABLE_SLICE_UNDERUTIL), 20000);
}

/* What the highest file loses, the one below it may still say. */
static void test_conflicts_fall_from_file_to_file(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	tree_write(VENDOR, "[wd40d]\nslice-us-underutil = 5000\n");
	tree_write(ETC, "[wd40d]\nslice-us-overutil = 6000\n");
	tree_write(ETC_DIR "/1.ini", "[wd40d]\nslice-us-overutil = 7000\n");
	tree_write(ETC_DIR "/2.ini", "[wd40d]\nslice-us-overutil = 4000\n");
	tree_write(ETC_DIR "/3.ini", "[wd40d]\nslice-us-overutil = 8000\n");
	loads(c, 1);
	is_from_file(c, TUNABLE_SLICE_OVERUTIL, ETC_DIR "/2.ini", 2);
	is_from_file(c, TUNABLE_SLICE_UNDERUTIL, VENDOR, 2);
	assert_int_equal(unlink(tree_path(ETC_DIR "/2.ini")), 0);
	loads(c, 3);
	assert_int_equal(usec(c, TUNABLE_SLICE_OVERUTIL), 1000);
}

/* Only together do the files keep the rule: no conflict on the way counts. */
static void test_only_the_merged_files_count(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	tree_write(VENDOR, "[wd40d]\nslice-us-overutil = 50000\n");
	tree_write(ETC, "[wd40d]\nslice-us-underutil = 60000\n");
	loads(c, 0);
	assert_int_equal(usec(c, TUNABLE_SLICE_OVERUTIL), 50000);
}

static void test_two_conflicts_are_settled_apart(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	tree_write(ETC, "[wd40d]\ninterval = 1\ntune-interval = 2\nslice-us-underutil = 200\n"
			"slice-us-overutil = 300\n");
	loads(c, 2);
	assert_int_equal(config_origin(c, TUNABLE_BALANCE_INTERVAL).layer, LAYER_DEFAULT);
	assert_int_equal(config_origin(c, TUNABLE_SLICE_OVERUTIL).layer, LAYER_DEFAULT);
}

static void test_reload_takes_away_what_is_gone(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	tree_write(ETC, "[wd40d]\ninterval = 3\ncpumasks = 0-3\n");
	loads(c, 0);
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "0-3");
	tree_write(ETC, "[wd40d]\n");
	loads(c, 0);
	assert_int_equal(usec(c, TUNABLE_BALANCE_INTERVAL), 2000000);
	assert_string_equal(config_values(c)->values[TUNABLE_CPUMASKS].list, "");
}

static void test_runtime_and_command_line_survive_a_reload(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	assert_int_equal(config_set_option(c, TUNABLE_PERF, "5", &p), 0);
	set_runtime_usec(c, TUNABLE_BALANCE_INTERVAL, 7000000);
	tree_write(ETC, "[wd40d]\ninterval = 3\nperf = 6\n");
	loads(c, 0);
	assert_int_equal(usec(c, TUNABLE_BALANCE_INTERVAL), 7000000);
	assert_int_equal(config_origin(c, TUNABLE_BALANCE_INTERVAL).layer, LAYER_RUNTIME);
	assert_int_equal(config_origin(c, TUNABLE_BALANCE_INTERVAL).uid, 1000);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 5);
	assert_int_equal(config_origin(c, TUNABLE_PERF).layer, LAYER_COMMAND_LINE);
}

static void test_file_yields_to_the_command_line(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	assert_int_equal(config_set_option(c, TUNABLE_SLICE_UNDERUTIL, "4000", &p), 0);
	tree_write(ETC, "[wd40d]\nslice-us-overutil = 5000\nperf = 7\n");
	p = load_with_problem(c);
	assert_string_equal(p.path, tree_path(ETC));
	assert_int_equal(p.line, 2);
	assert_string_equal(p.key, "slice-us-overutil");
	assert_string_equal(p.message,
			    "slice-us-overutil: slice-us-underutil = 4000 us must not be"
			    " less than slice-us-overutil = 5000 us; the former value stays");
	assert_int_equal(usec(c, TUNABLE_SLICE_UNDERUTIL), 4000);
	assert_int_equal(usec(c, TUNABLE_SLICE_OVERUTIL), 1000);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
	assert_int_equal(config_check(c, &p), 0);
}

/* The runtime value leans on the file's: taking that away must not break the rule. */
static void test_former_value_stays_under_a_runtime_value(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	tree_write(ETC, "[wd40d]\nslice-us-underutil = 90000\n");
	loads(c, 0);
	set_runtime_usec(c, TUNABLE_SLICE_OVERUTIL, 50000);
	tree_write(ETC, "[wd40d]\nperf = 7\n");
	p = load_with_problem(c);
	assert_string_equal(p.key, "slice-us-underutil");
	assert_string_equal(p.path, "");
	assert_int_equal(usec(c, TUNABLE_SLICE_UNDERUTIL), 90000);
	assert_int_equal(usec(c, TUNABLE_SLICE_OVERUTIL), 50000);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
	is_from_file(c, TUNABLE_SLICE_UNDERUTIL, ETC, 2);
	tree_write(ETC, "[wd40d]\nslice-us-underutil = 60000\n");
	loads(c, 0);
	assert_int_equal(usec(c, TUNABLE_SLICE_UNDERUTIL), 60000);
}

static void test_file_value_hidden_by_runtime_is_no_conflict(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();

	set_runtime_usec(c, TUNABLE_SLICE_UNDERUTIL, 90000);
	tree_write(ETC, "[wd40d]\nslice-us-overutil = 80000\nslice-us-underutil = 85000\n");
	loads(c, 0);
	assert_int_equal(usec(c, TUNABLE_SLICE_UNDERUTIL), 90000);
	assert_int_equal(usec(c, TUNABLE_SLICE_OVERUTIL), 80000);
}

/* A machine that can have no perf above 5. */
static int judge_perf(const struct tunable_set *values, tunable_mask changed, void *userdata,
		      enum tunable_id *blamed, char why[CONFIG_WHY_MAX])
{
	*blamed = TUNABLE_PERF;
	strcpy(why, "too fast");
	return values->values[TUNABLE_PERF].u > 5 ? -EINVAL : 0;
}

static void test_what_the_machine_cannot_have_keeps_the_file_below(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct problems problems = { 0 };

	config_set_judge(c, judge_perf, NULL);
	tree_write(VENDOR, "[wd40d]\nperf = 3\n");
	tree_write(ETC, "[wd40d]\nperf = 7\n");
	tree_write(ETC_DIR "/1.ini", "[wd40d]\n\nperf = 9\nfifo-sched = yes\n");
	assert_int_equal(config_try_load(c, collect, &problems), 2);
	assert_int_equal(config_load(c, collect, &problems), 2);
	assert_string_equal(problems.first[0].message, "perf: too fast; ignored");
	assert_string_equal(problems.first[2].path, tree_path(ETC_DIR "/1.ini"));
	assert_int_equal(problems.first[2].line, 3);
	assert_string_equal(problems.first[2].value, "9");
	assert_string_equal(problems.first[3].path, tree_path(ETC));
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 3);
	assert_true(config_values(c)->values[TUNABLE_FIFO_SCHED].b);
}

static void test_command_line_that_the_machine_cannot_have(void **state)
{
	_cleanup_(config_freep) struct config *c = new_config();
	struct config_problem p;

	config_set_judge(c, judge_perf, NULL);
	assert_int_equal(config_check_machine(c, &p), 0);
	assert_int_equal(config_set_option(c, TUNABLE_PERF, "6", &p), 0);
	loads(c, 0);
	assert_int_equal(config_check_machine(c, &p), -EINVAL);
	assert_string_equal(p.message, "perf: too fast");
}

static void test_root_can_change(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;

	tree_write(ETC, "[wd40d]\nperf = 7\n");
	assert_int_equal(config_new("/nowhere/at/all", &c), 0);
	loads(c, 0);
	assert_int_equal(config_set_root(c, tree_root), 0);
	loads(c, 0);
	assert_int_equal(config_values(c)->values[TUNABLE_PERF].u, 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(test_no_file_is_no_problem),
		tree_test(test_later_files_win),
		tree_test(test_files_are_listed_in_order),
		tree_test(test_bad_value_keeps_the_file_below),
		tree_test(test_override_replaces_etc_and_drop_ins),
		tree_test(test_override_has_to_exist),
		tree_test(test_dangling_drop_in_is_reported),
		tree_test(test_unlistable_directory_is_reported),
		tree_test(test_conflict_in_one_file_drops_both),
		tree_test(test_conflict_across_files_drops_the_higher),
		tree_test(test_conflict_with_a_default),
		tree_test(test_conflicts_fall_from_file_to_file),
		tree_test(test_only_the_merged_files_count),
		tree_test(test_two_conflicts_are_settled_apart),
		tree_test(test_reload_takes_away_what_is_gone),
		tree_test(test_runtime_and_command_line_survive_a_reload),
		tree_test(test_file_yields_to_the_command_line),
		tree_test(test_former_value_stays_under_a_runtime_value),
		tree_test(test_file_value_hidden_by_runtime_is_no_conflict),
		tree_test(test_what_the_machine_cannot_have_keeps_the_file_below),
		tree_test(test_command_line_that_the_machine_cannot_have),
		tree_test(test_root_can_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
