/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking values out of the daemon's drop-in again. */
#include "config/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/saved.h"

static void test_forget(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	struct config_problem p;
	tunable_mask forgotten;

	set(c, TUNABLE_PERF, "5");
	set(c, TUNABLE_FIFO_SCHED, "yes");
	save(c, config_runtime(c));
	assert_int_equal(config_forget(c, TUNABLE_BIT(TUNABLE_PERF), &forgotten, &p), 0);
	assert_true(forgotten == TUNABLE_BIT(TUNABLE_PERF));
	assert_file(SAVED, HEADER "fifo-sched = yes\n");
	assert_int_equal(config_load(c, NULL, NULL), 0);
	assert_value(c, TUNABLE_PERF, "0");
	assert_int_equal(config_forget(c, TUNABLE_BIT(TUNABLE_FIFO_SCHED), &forgotten, &p), 0);
	assert_file(SAVED, HEADER);
}

static void test_forget_without_a_file(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	struct config_problem p;
	tunable_mask forgotten;

	assert_int_equal(config_forget(c, TUNABLES_ALL, &forgotten, &p), 0);
	assert_int_equal(access(tree_path(SAVED), F_OK), -1);
}

static void collect_one(const struct config_problem *problem, void *userdata)
{
	*(struct config_problem *)userdata = *problem;
}

/* What the drop-in had comes from the files below by now; the rest of them waits for a reload. */
static void test_reset_takes_no_more_from_the_files(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	struct config_problem p = { 0 }, told = { 0 };
	tunable_mask forgotten;

	set(c, TUNABLE_PERF, "5");
	set(c, TUNABLE_SLICE_UNDERUTIL, "30000");
	save(c, config_runtime(c));
	set(c, TUNABLE_PERF, "6");
	tree_write(ETC, "[wd40d]\nperf = 4\nslice-us-overutil = 3000\nbogus = 1\n");
	assert_int_equal(config_reset_saved(c, TUNABLE_BIT(TUNABLE_PERF), collect_one, &told, &p),
			 0);
	assert_string_equal(told.key, "bogus");
	assert_file(SAVED, HEADER "slice-us-underutil = 30000\nperf = 5\n");
	assert_int_equal(config_can_forget(c, TUNABLE_BIT(TUNABLE_PERF), &p), 0);
	assert_int_equal(config_forget(c, TUNABLE_BIT(TUNABLE_PERF), &forgotten, &p), 0);
	assert_file(SAVED, HEADER "slice-us-underutil = 30000\n");
	assert_value(c, TUNABLE_PERF, "4");
	assert_string_equal(config_origin(c, TUNABLE_PERF).path, tree_path(ETC));
	assert_value(c, TUNABLE_SLICE_OVERUTIL, "1000");
	assert_int_equal(config_origin(c, TUNABLE_SLICE_UNDERUTIL).line, 3);
}

/* One that is not in the drop-in only loses its runtime value. */
static void test_reset_of_what_is_not_saved_reads_nothing(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	struct config_problem p;

	set(c, TUNABLE_PERF, "5");
	tree_write(ETC, "[wd40d]\nperf = 4\n");
	assert_int_equal(config_reset_saved(c, TUNABLES_ALL, NULL, NULL, &p), 0);
	assert_value(c, TUNABLE_PERF, "0");
}

static void test_reset_that_would_conflict_is_refused(void **state)
{
	_cleanup_(config_memory_freep) struct config_memory *memory = NULL;
	_cleanup_(config_freep) struct config *c = started();
	struct config_problem p;

	set(c, TUNABLE_SLICE_UNDERUTIL, "50000");
	save(c, config_runtime(c));
	set(c, TUNABLE_SLICE_OVERUTIL, "40000");
	assert_int_equal(config_reset_saved(c, TUNABLE_BIT(TUNABLE_SLICE_UNDERUTIL), NULL, NULL,
					    &p),
			 -EINVAL);
	assert_int_equal(p.error, CONFIG_CONFLICT);
	assert_value(c, TUNABLE_SLICE_UNDERUTIL, "50000");
	assert_int_equal(config_remember(c, &memory), 0);
	assert_int_equal(config_reset_saved(c, TUNABLES_ALL, NULL, NULL, &p), 0);
	assert_value(c, TUNABLE_SLICE_UNDERUTIL, "20000");
	config_swap(c, memory);
	assert_value(c, TUNABLE_SLICE_UNDERUTIL, "50000");
	assert_int_equal(config_origin(c, TUNABLE_SLICE_UNDERUTIL).line, 3);
}

static void test_forget_without_drop_ins_refuses(void **state)
{
	_cleanup_(config_freep) struct config *c = started();
	struct config_problem p;
	tunable_mask forgotten;

	tree_write(SAVED, "[wd40d]\nperf = 5\n");
	assert_int_equal(config_set_file(c, "/dev/null"), 0);
	assert_int_equal(config_can_forget(c, TUNABLE_BIT(TUNABLE_PERF), &p), -EINVAL);
	assert_int_equal(p.error, CONFIG_NOT_SAVED);
	assert_int_equal(config_forget(c, TUNABLE_BIT(TUNABLE_PERF), &forgotten, &p), -EINVAL);
	assert_int_equal(config_can_forget(c, TUNABLE_BIT(TUNABLE_FIFO_SCHED), &p), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(test_forget),
		tree_test(test_forget_without_a_file),
		tree_test(test_reset_takes_no_more_from_the_files),
		tree_test(test_reset_of_what_is_not_saved_reads_nothing),
		tree_test(test_reset_that_would_conflict_is_refused),
		tree_test(test_forget_without_drop_ins_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
