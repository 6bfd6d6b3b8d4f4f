/* SPDX-License-Identifier: GPL-2.0-only */
/* A run that shows a fault becomes smaller, and still shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/shrink.h"

extern struct sched_ext_ops wd40_ops;

#define FAULTY_WEIGHT 13u /* nice 9 */

/* Loses tasks of one weight once a CPU is offline. */
static void lose_some(struct task_struct *p, u64 enq_flags)
{
	if (p->scx.weight != FAULTY_WEIGHT || !shared.nr_offline)
		wd40_ops.enqueue(p, enq_flags);
}

static struct sched_ext_ops faulty_ops;
static const struct sim_scheduler faulty = { .name = WD40_OPS_NAME, .ops = &faulty_ops };

struct case_of_test {
	struct sim_machine *machine;
	struct sim_workload *workload;
	struct sim_script script;
	struct sim_run run;
};

static int begin(void **state)
{
	static const char *const settings[] = { "slice-us-underutil=5000", "greedy-threshold=2",
						NULL };
	struct case_of_test *c = calloc(1, sizeof(*c));
	char why[SIM_WHY_SIZE];

	faulty_ops = wd40_ops;
	faulty_ops.enqueue = lose_some;
	assert_int_equal(sim_machine_load("smp4", why, &c->machine), 0);
	assert_int_equal(
		sim_workload_load("nice:tasks=24,levels=9", c->machine, 1, why, &c->workload), 0);
	assert_int_equal(sim_script_add(&c->script, "100ms", "set:fifo-sched=yes", why), 0);
	assert_int_equal(sim_script_add(&c->script, "200ms", "offline:3", why), 0);
	assert_int_equal(sim_script_add(&c->script, "300ms", "frequency:1:512", why), 0);
	assert_int_equal(sim_script_add(&c->script, "4s", "occupy:2:rt:5ms", why), 0);
	c->run = (struct sim_run){
		.machine = c->machine,
		.workload = c->workload,
		.settings = settings,
		.script = &c->script,
		.scheduler = &faulty,
		.seed = 1,
		.duration_ns = 5000000000,
		.tasks_max = 1000,
	};
	*state = c;
	return 0;
}

static int end(void **state)
{
	struct case_of_test *c = *state;

	sim_script_done(&c->script);
	sim_workload_free(c->workload);
	sim_machine_free(c->machine);
	free(c);
	return 0;
}

static char *printed(const struct sim_shrunk *s, const struct sim_run *run)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	sim_shrunk_print(s, run, to);
	fclose(to);
	return text;
}

static void what_has_no_part_in_it_is_left_out(void **state)
{
	struct case_of_test *c = *state;
	_cleanup_(sim_result_done) struct sim_result result = { 0 };
	_cleanup_(sim_shrunk_done) struct sim_shrunk shrunk = { 0 };
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(sim_run(&c->run, &result), 0);
	assert_non_null(result.violation);
	assert_int_equal(sim_shrink(&c->run, result.violation, 200, 0, &shrunk), 0);
	text = printed(&shrunk, &c->run);
	assert_non_null(strstr(text, "violation of lost-task: "));
	assert_null(shrunk.settings[0]);
	assert_non_null(strstr(text, " --at 200000000ns offline:3"));
	assert_null(strstr(text, "frequency"));
	assert_in_range(shrunk.duration_ns, 200000000, 1000000000);
	assert_true(strlen(shrunk.workload) < 400);
	assert_in_range(shrunk.nr_runs, 3, 199);
}

static void no_more_runs_than_allowed_are_made(void **state)
{
	struct case_of_test *c = *state;
	_cleanup_(sim_result_done) struct sim_result result = { 0 };
	_cleanup_(sim_shrunk_done) struct sim_shrunk shrunk = { 0 };

	assert_int_equal(sim_run(&c->run, &result), 0);
	assert_int_equal(sim_shrink(&c->run, result.violation, 3, 0, &shrunk), 0);
	assert_int_equal(shrunk.nr_runs, 3);
	assert_non_null(shrunk.violation);
	for (u32 i = 0; i < shrunk.script.nr; i++)
		assert_in_range(shrunk.script.actions[i].at_ns, 0, shrunk.duration_ns);
}

static void another_oracle_is_not_the_same_fault(void **state)
{
	struct case_of_test *c = *state;
	_cleanup_(sim_result_done) struct sim_result result = { 0 };
	struct sim_shrunk shrunk;

	assert_int_equal(sim_run(&c->run, &result), 0);
	assert_int_equal(sim_shrink(&c->run, "violation of slab: ", 5, 0, &shrunk), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_has_no_part_in_it_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(no_more_runs_than_allowed_are_made, begin, end),
		cmocka_unit_test_setup_teardown(another_oracle_is_not_the_same_fault, begin, end),
	};

	return cmocka_run_group_tests_name("sim/shrink", tests, NULL, NULL);
}
