/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks of a workload: their phases, their number, and smaller workloads. */
#include "tests/unit/sim/workloads.h"
#include "tests/sim/workload-run.h"

#define TASKS(text) "{ \"tasks\": {" text "} }"
#define FOUR        "cpus 0-3\n"

static struct run run;

static int teardown(void **state)
{
	end(&run);
	return 0;
}

/* --- Phases. ------------------------------------------------------------------------------------ */

static void phases_and_loops_count(void **state)
{
	begin_text(&run, FOUR,
		   TASKS("'a': { 'loop': 3, 'phases': { 'p': { 'loop': 2, 'run': 1000 },"
			 "	'q': { 'run': 500 } } }"));
	native_run(100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 3 * 2500 * USEC);
}

static void task_without_phases_is_endless(void **state)
{
	begin_text(&run, FOUR, TASKS("'a': { 'run': 1000 }"));
	native_run(100 * MSEC);
	assert_int_equal(task("a-0")->native.ran, 100 * MSEC);
}

/* A phase without CPUs has those of the task, one without a priority keeps the last one. */
static void phases_set_attributes(void **state)
{
	static const struct {
		unsigned long cpus;
		u32 weight;
	} expected[] = { { 0x1, 305 }, { 0x6, 335 }, { 0x1, 335 } };

	begin_text(&run, FOUR,
		   TASKS("'a': { 'cpus': [0], 'priority': -5, 'phases': { 'p': { 'run': 1000 },"
			 "	'q': { 'run': 1000, 'cpus': [1, 2], 'sim_weight': 335 },"
			 "	'r': { 'run': 1000 } } }"));
	native_run(500 * USEC);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct task_struct *p = task("a-0");

		assert_int_equal(p->cpus_ptr->bits[0], expected[i].cpus);
		assert_int_equal(p->scx.weight, expected[i].weight);
		native_run(MSEC);
	}
}

/* --- Numbers. ----------------------------------------------------------------------------------- */

static void tasks_have_rt_apps_names(void **state)
{
	struct task_struct *other;

	begin_text(&run, FOUR, TASKS("'a': { 'instance': 2, 'run': 1 }, 'b': { 'run': 1 }"));
	assert_non_null(task("a-0"));
	assert_non_null(task("a-1"));
	assert_non_null(task("b-2"));
	other = native_task_new();
	assert_string_equal(sim_task_name(other), "-");
	native_task_free(other);
}

static void many_tasks_start(void **state)
{
	begin_text(&run, FOUR,
		   TASKS("'a': { 'instance': 100000, 'loop': 1, 'phases': { 'p': {"
			 "	'run': 1, 'sleep': 10 } } }"));
	native_run(100 * MSEC);
	assert_int_equal(run.nr_joined, 100000);
	assert_int_equal(run.nr_left, 100000);
}

/* The memory of those that have exited is used again. */
static void fork_storm_needs_little_memory(void **state)
{
	begin_text(
		&run, FOUR,
		TASKS("'a': { 'instance': 3, 'phases': { 'p': { 'run': 10, 'fork': 'b' } } },"
		      "'b': { 'instance': 0, 'loop': 1, 'cpus': [3], 'phases': { 'p': { 'run': 1 } } }"));
	native_run(300 * MSEC);
	assert_in_range(run.nr_left, 80000, 90000);
	assert_int_equal(run.workload->run->nr_slabs, 1);
}

static void failed_fork_leaves_nothing(void **state)
{
	begin_text(&run, FOUR, TASKS("'a': { 'instance': 2, 'run': 1000 }"));
	native.ended = SCX_EXIT_ERROR;
	sim_task_fork(run.workload->run, run.workload->kinds[0], NULL);
	native.ended = SCX_EXIT_NONE;
	assert_int_equal(run.nr_joined, 2);
}

/* --- Smaller ones. ------------------------------------------------------------------------------ */

#define FAMILY                                                                                                         \
	TASKS("'a': { 'instance': 5, 'cpus': [1], 'run': 1, 'fork': 'b', 'timer': { 'ref': 'unique', 'period': 9 } }," \
	      "'f': { 'fork': 'b' },"                                                                                  \
	      "'b': { 'instance': 0, 'run': 1, 'sim_set': { 'task': 'b', 'cpus': [2] },"                               \
	      "	'wait': { 'ref': 'c', 'mutex': 'm' } }")

static struct sim_workload *family(void)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = machine_of(FOUR);
	struct sim_workload *w = NULL;
	char why[256] = "";

	if (load_workload(FAMILY, m, why, &w))
		fail_msg("%s", why);
	return w;
}

/* f has nothing left to do and goes too. */
static void kind_goes_with_what_others_do_with_it(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = family(), *less = NULL;
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(sim_workload_without(w, 2, false, &less), 0);
	assert_int_equal(sim_workload_nr_kinds(less), 1);
	text = text_of(less);
	assert_null(strstr(text, "fork"));
	assert_non_null(strstr(text, "\"a\": { \"instance\": 5, \"cpus\": [1]"));
	assert_non_null(strstr(text, "\"ref\": \"unique\""));
}

static void kinds_move_up(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = family(), *less = NULL;
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(sim_workload_without(w, 0, false, &less), 0);
	assert_int_equal(sim_workload_nr_kinds(less), 2);
	text = text_of(less);
	assert_non_null(strstr(text, "\"fork0\": \"b\""));
	assert_non_null(strstr(text, "{ \"task\": \"b\", \"cpus\": [2] }"));
	assert_non_null(strstr(text, "{ \"ref\": \"c\", \"mutex\": \"m\" }"));
}

static void half_of_the_instances_stays(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = family(), *less = NULL;

	assert_int_equal(sim_workload_without(w, 0, true, &less), 0);
	assert_int_equal(sim_workload_nr_kinds(less), 3);
	assert_int_equal(less->kinds[0]->instances, 2);
	assert_int_equal(w->kinds[0]->instances, 5);
}

static void nothing_left_is_an_error(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = family(), *less = NULL, *none = NULL;

	assert_int_equal(sim_workload_without(w, 1, true, &none), -EINVAL);
	assert_int_equal(sim_workload_without(w, 2, false, &less), 0);
	assert_int_equal(sim_workload_without(less, 0, false, &none), -EINVAL);
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(phases_and_loops_count),
		TEST(task_without_phases_is_endless),
		TEST(phases_set_attributes),
		TEST(tasks_have_rt_apps_names),
		TEST(many_tasks_start),
		TEST(fork_storm_needs_little_memory),
		TEST(failed_fork_leaves_nothing),
		cmocka_unit_test(kind_goes_with_what_others_do_with_it),
		cmocka_unit_test(kinds_move_up),
		cmocka_unit_test(half_of_the_instances_stays),
		cmocka_unit_test(nothing_left_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
