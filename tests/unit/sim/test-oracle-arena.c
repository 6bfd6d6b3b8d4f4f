/* SPDX-License-Identifier: GPL-2.0-only */
/* I5 and what must agree in the arena: each disagreement is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, unwatch)

static int begin(void **state)
{
	watch((struct native_shape){ 1, 2, 2 });
	hogs(6, 100);
	native_run(SEC_NS);
	sim_oracles_check_all(oracles);
	assert_silent();
	return 0;
}

static void assert_found(const char *oracle)
{
	sim_oracles_check_all(oracles);
	assert_fires(oracle);
}

static void what_agrees_is_fine(void **state)
{
	native_run(SEC_NS);
	sim_oracles_check_all(oracles);
	leave_all();
	assert_silent();
}

static void another_tasks_context_is_found(void **state)
{
	context(actors[0])->pid++;
	native_run(SEC_NS);
	assert_fires("context");
}

static void a_context_that_was_given_back_is_found(void **state)
{
	context(actors[0])->slot.generation++;
	assert_found("context");
	context(actors[0])->slot.generation--;
}

static void a_reused_context_is_found(void **state)
{
	context(actors[0])->slot.generation += 2;
	assert_found("context");
}

static void wrong_allowed_domains_are_found(void **state)
{
	context(actors[0])->allowed_domains[0] = 1;
	native_set_weight(actors[0], 100);
	assert_fires("context");
}

static void keep_context(struct task_struct *p, struct scx_exit_task_args *args)
{
}

static void a_leak_is_found(void **state)
{
	broken = wd40_ops;
	broken.exit_task = keep_context;
	native.ops = &broken;
	native_leave(actors[0]);
	assert_fires("slab");
	native.ops = &wd40_ops;
}

static void an_object_that_is_lost_is_found(void **state)
{
	native_run(SEC_NS);
	leave_all();
	assert_silent();
	shared.tasks.free_head = 0;
	sim_oracles_finish(oracles);
	assert_fires("slab");
}

static void a_time_that_goes_back_is_found(void **state)
{
	shared.domains[context(actors[0])->domain].min_vtime -= 10 * SEC_NS;
	native_run(SEC_NS);
	assert_fires("min-vtime");
}

static void a_wrong_number_of_tasks_is_found(void **state)
{
	shared.domains[0].nr_tasks++;
	assert_found("domain-tasks");
	shared.domains[0].nr_tasks--;
}

static void a_wrong_rate_is_found(void **state)
{
	shared.domains[0].load_rate++;
	assert_found("domain-rate");
}

static void a_task_that_does_not_count_is_found(void **state)
{
	context(actors[0])->flags &= ~WD40_TASK_RUNNABLE;
	assert_found("domain-rate");
}

static void a_load_that_is_not_the_tasks_is_found(void **state)
{
	struct wd40_ravg *load = &shared.domains[0].load;

	load->avg += 20ull << WD40_RAVG_FRAC;
	assert_found("domain-load");
}

static void a_wrong_number_of_cpus_is_found(void **state)
{
	shared.domains[1].nr_online--;
	assert_found("hotplug");
	shared.domains[1].nr_online++;
}

static void miss_it(s32 cpu)
{
}

static void a_missed_hotplug_is_found(void **state)
{
	broken = wd40_ops;
	broken.cpu_offline = miss_it;
	native.ops = &broken;
	native_set_online(1, false);
	native_run(MSEC);
	assert_fires("hotplug");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_agrees_is_fine),
		TEST(another_tasks_context_is_found),
		TEST(a_context_that_was_given_back_is_found),
		TEST(a_reused_context_is_found),
		TEST(wrong_allowed_domains_are_found),
		TEST(a_leak_is_found),
		TEST(an_object_that_is_lost_is_found),
		TEST(a_time_that_goes_back_is_found),
		TEST(a_wrong_number_of_tasks_is_found),
		TEST(a_wrong_rate_is_found),
		TEST(a_task_that_does_not_count_is_found),
		TEST(a_load_that_is_not_the_tasks_is_found),
		TEST(a_wrong_number_of_cpus_is_found),
		TEST(a_missed_hotplug_is_found),
	};

	return cmocka_run_group_tests_name("sim/oracle-arena", tests, NULL, NULL);
}
