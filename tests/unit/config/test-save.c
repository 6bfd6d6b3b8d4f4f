/* SPDX-License-Identifier: GPL-2.0-only */
/* Saving runtime values: what the file holds, that it counts after a restart, and what can go wrong. */
#include "config/config.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/unit/config/saved.h"

static void refused(struct config *c, tunable_mask ids, enum config_error error, const char *part)
{
	struct config_problem p;
	tunable_mask saved;

	assert_int_equal(config_save(c, ids, &saved, &p), -EINVAL);
	assert_true(saved == 0);
	assert_int_equal(p.error, error);
	if (!strstr(p.message, part))
		fail_msg("\"%s\" does not say \"%s\"", p.message, part);
}

static void test_saved_values_survive_a_restart(void **state)
{
	_cleanup_(config_freep) struct config *c = started(), *again = NULL;

	set(c, TUNABLE_SLICE_OVERUTIL, "2000");
	set(c, TUNABLE_CPUMASKS, "0;1-3");
	set(c, TUNABLE_DIRECT_GREEDY_UNDER, "12.5");
	save(c, config_runtime(c));
	assert_file(SAVED, HEADER "slice-us-overutil = 2000\ndirect-greedy-under = 12.5\n"
				  "cpumasks = \"0;1-3\"\n");
	again = started();
	assert_value(again, TUNABLE_SLICE_OVERUTIL, "2000");
	assert_value(again, TUNABLE_CPUMASKS, "0;1-3");
	assert_value(again, TUNABLE_DIRECT_GREEDY_UNDER, "12.5");
}

/* The origin that a save leaves is the one that a restart finds. */
static void test_saved_values_come_from_the_drop_in(void **state)
{
	_cleanup_(config_freep) struct config *c = started(), *again = NULL;

	set(c, TUNABLE_PERF, "5");
	save(c, config_runtime(c));
	set(c, TUNABLE_SLICE_OVERUTIL, "2000");
	save(c, config_runtime(c));
	again = started();
	for (int id = 0; id < NR_TUNABLES; id++) {
		struct config_origin now = config_origin(c, id), then = config_origin(again, id);

		assert_int_equal(now.layer, then.layer);
		assert_int_equal(now.line, then.line);
		assert_string_equal(now.path ?: "", then.path ?: "");
		assert_null(now.unit);
	}
	assert_int_equal(config_origin(c, TUNABLE_PERF).line, 4);
	assert_true(config_runtime(c) == 0);
}

static void test_only_what_was_asked_for_is_saved(void **state)
{
	_cleanup_(config_freep) struct config *c = started();

	set(c, TUNABLE_PERF, "5");
	set(c, TUNABLE_FIFO_SCHED, "yes");
	save(c, TUNABLE_BIT(TUNABLE_PERF));
	assert_file(SAVED, HEADER "perf = 5\n");
	assert_true(config_unsaved(c) == TUNABLE_BIT(TUNABLE_FIFO_SCHED));
	assert_value(c, TUNABLE_FIFO_SCHED, "yes");
}

static void test_what_was_saved_before_stays(void **state)
{
	_cleanup_(config_freep) struct config *c = started();

	set(c, TUNABLE_PERF, "5");
	set(c, TUNABLE_FIFO_SCHED, "yes");
	save(c, TUNABLE_BIT(TUNABLE_PERF));
	set(c, TUNABLE_PERF, "6");
	save(c, TUNABLE_BIT(TUNABLE_FIFO_SCHED));
	assert_file(SAVED, HEADER "fifo-sched = yes\nperf = 5\n");
	assert_value(c, TUNABLE_PERF, "6");
}

static void test_nothing_to_save_writes_nothing(void **state)
{
	_cleanup_(config_freep) struct config *c = started();

	save(c, TUNABLES_ALL);
	assert_int_equal(access(tree_path(SAVED), F_OK), -1);
}

static void test_the_administrators_files_are_not_written(void **state)
{
	const char *text = "[wd40d]\n# mine\nperf = 7\n";
	_cleanup_(config_freep) struct config *c = NULL;

	tree_write(ETC, text);
	tree_write(ETC_DIR "/50-mine.ini", text);
	c = started();
	set(c, TUNABLE_PERF, "5");
	save(c, config_runtime(c));
	assert_file(ETC, text);
	assert_file(ETC_DIR "/50-mine.ini", text);
	assert_value(c, TUNABLE_PERF, "5");
}

static void test_what_would_not_count_is_refused(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_problem p;

	tree_write(ETC_DIR "/95-mine.ini", "[wd40d]\nperf = 7\n");
	c = started();
	set(c, TUNABLE_PERF, "5");
	refused(c, config_runtime(c), CONFIG_NOT_SAVED, "95-mine.ini:2 sets it");
	assert_int_equal(config_reset_runtime(c, config_runtime(c), &p), 0);
	assert_int_equal(config_set_option(c, TUNABLE_FIFO_SCHED, "yes", &p), 0);
	set(c, TUNABLE_FIFO_SCHED, "no");
	refused(c, config_runtime(c), CONFIG_NOT_SAVED, "fifo-sched: the command line sets it");
	assert_true(config_runtime(c) == TUNABLE_BIT(TUNABLE_FIFO_SCHED));
	assert_int_equal(access(tree_path(SAVED), F_OK), -1);
}

static void test_of_all_those_that_count_are_saved(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	struct config_problem p;
	tunable_mask saved;

	assert_int_equal(config_set_option(c, TUNABLE_PERF, "5", &p), 0);
	set(c, TUNABLE_PERF, "6");
	assert_int_equal(config_can_save(c, TUNABLES_ALL, &p), -EINVAL);
	refused(c, TUNABLES_ALL, CONFIG_NOT_SAVED, "perf: the command line");
	set(c, TUNABLE_FIFO_SCHED, "yes");
	assert_int_equal(config_can_save(c, TUNABLES_ALL, &p), 0);
	assert_int_equal(access(tree_path(SAVED), F_OK), -1);
	assert_int_equal(config_save(c, TUNABLES_ALL, &saved, &p), 0);
	assert_true(saved == TUNABLE_BIT(TUNABLE_FIFO_SCHED));
	assert_file(SAVED, HEADER "fifo-sched = yes\n");
	assert_true(config_unsaved(c) == TUNABLE_BIT(TUNABLE_PERF));
	assert_int_equal(config_can_save(c, TUNABLE_BIT(TUNABLE_PERF), &p), -EINVAL);
}

static void test_what_would_conflict_is_refused(void **state)
{
	_cleanup_(config_freep) struct config *c = started();

	set(c, TUNABLE_SLICE_UNDERUTIL, "60000");
	set(c, TUNABLE_SLICE_OVERUTIL, "50000");
	refused(c, TUNABLE_BIT(TUNABLE_SLICE_OVERUTIL), CONFIG_CONFLICT, "slice-us-underutil");
	save(c, config_runtime(c));
}

static void test_daemon_without_drop_ins_refuses(void **state)
{
	_cleanup_(config_freep) struct config *c = started();

	assert_int_equal(config_set_file(c, "/some/file"), 0);
	set(c, TUNABLE_PERF, "5");
	refused(c, config_runtime(c), CONFIG_NOT_SAVED, "/some/file");
}

static void test_symbolic_link_is_not_followed(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;

	tree_write("/precious", "[wd40d]\nperf = 9\n");
	tree_link(SAVED, tree_path("/precious"));
	c = started();
	set(c, TUNABLE_PERF, "5");
	refused(c, config_runtime(c), CONFIG_NOT_SAVED, "symbolic link");
	assert_file("/precious", "[wd40d]\nperf = 9\n");
	assert_value(c, TUNABLE_PERF, "5");
	assert_true(config_unsaved(c) == TUNABLE_BIT(TUNABLE_PERF));
}

static void test_directory_in_its_place(void **state)
{
	_cleanup_(config_freep) struct config *c = started();

	tree_write(SAVED "/file", "");
	set(c, TUNABLE_PERF, "5");
	refused(c, config_runtime(c), CONFIG_NOT_SAVED, "it is not a file");
}

/* A file that must not grow is what a full disk looks like: it fails in the middle. */
static void test_full_disk_loses_nothing(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	struct rlimit old, none = { 8, RLIM_INFINITY };

	set(c, TUNABLE_PERF, "5");
	save(c, config_runtime(c));
	set(c, TUNABLE_PERF, "6");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	refused(c, config_runtime(c), CONFIG_NOT_SAVED, "cannot be written");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_file(SAVED, HEADER "perf = 5\n");
	assert_value(c, TUNABLE_PERF, "6");
	assert_int_equal(rmdir(tree_path(ETC_DIR)), -1);
	assert_int_equal(unlink(tree_path(SAVED)), 0);
	assert_int_equal(rmdir(tree_path(ETC_DIR)), 0); /* no temporary file is left */
}

static void assert_files_as_after_a_restart(const struct config *c)
{
	_cleanup_(config_freep) struct config *again = started();
	const char *const *now = config_files(c), *const *then = config_files(again);

	for (; *now && *then; now++, then++)
		assert_string_equal(*now, *then);
	assert_ptr_equal(*now, *then); /* both have ended */
}

/* Among others, again, and in the stead of one of the same name that is read no more. */
static void test_written_file_is_listed(void **state)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_problem p;
	tunable_mask forgotten;

	tree_write(ETC, "");
	tree_write(ETC_DIR "/10-a.ini", "");
	tree_write(ETC_DIR "/95-z.ini", "");
	tree_write(RUN_DIR "/90-runtime.ini", "");
	c = started();
	for (int i = 0; i < 2; i++) {
		set(c, TUNABLE_PERF, i ? "6" : "5");
		save(c, config_runtime(c));
		assert_string_equal(config_files(c)[2], tree_path(SAVED));
		assert_files_as_after_a_restart(c);
	}
	assert_int_equal(config_forget(c, TUNABLES_ALL, &forgotten, &p), 0);
	assert_files_as_after_a_restart(c);
}

static void test_first_written_file_is_listed(void **state)
{
	_cleanup_(config_freep) struct config *c = started();

	set(c, TUNABLE_PERF, "5");
	save(c, config_runtime(c));
	assert_files_as_after_a_restart(c);
}

static void test_everybody_may_read_it(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	mode_t mask = umask(0077);
	struct stat st;

	set(c, TUNABLE_PERF, "5");
	save(c, config_runtime(c));
	umask(mask);
	assert_int_equal(stat(tree_path(SAVED), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat(tree_path(ETC_DIR), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(test_saved_values_survive_a_restart),
		tree_test(test_saved_values_come_from_the_drop_in),
		tree_test(test_only_what_was_asked_for_is_saved),
		tree_test(test_what_was_saved_before_stays),
		tree_test(test_nothing_to_save_writes_nothing),
		tree_test(test_the_administrators_files_are_not_written),
		tree_test(test_what_would_not_count_is_refused),
		tree_test(test_of_all_those_that_count_are_saved),
		tree_test(test_what_would_conflict_is_refused),
		tree_test(test_daemon_without_drop_ins_refuses),
		tree_test(test_symbolic_link_is_not_followed),
		tree_test(test_directory_in_its_place),
		tree_test(test_full_disk_loses_nothing),
		tree_test(test_written_file_is_listed),
		tree_test(test_first_written_file_is_listed),
		tree_test(test_everybody_may_read_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
