/* SPDX-License-Identifier: GPL-2.0-only */
/* Order of queues, and what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, unwatch)

/* Four hogs wait in queue 0. */
static int begin(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	hogs(6, 100);
	native_run(MSEC);
	assert_silent();
	return 0;
}

static struct task_struct *first(void)
{
	return native_dsq(0)->first;
}

static void a_queue_in_order_is_fine(void **state)
{
	native_run(SEC_NS);
	sim_oracles_check_all(oracles);
	assert_silent();
}

static void a_queue_out_of_order_is_found(void **state)
{
	first()->scx.dsq_vtime = first()->native.next->scx.dsq_vtime + 1;
	sim_oracles_check_all(oracles);
	assert_fires("queue-order");
}

static void who_is_taken_before_his_turn_is_found(void **state)
{
	first()->scx.dsq_vtime += 5 * MSEC;
	native_run(SEC_NS);
	assert_fires("queue-order");
}

static void a_wrong_count_is_found(void **state)
{
	native_dsq(0)->nr++;
	sim_oracles_check_all(oracles);
	assert_fires("queue-order");
	native_dsq(0)->nr--;
}

static void who_is_in_a_foreign_queue_is_found(void **state)
{
	struct task_struct *p = first();

	native_unqueue(p);
	native_queue_tail(&native.cpus[1].local, p);
	sim_oracles_check_all(oracles);
	assert_fires("two-places");
}

static void who_is_in_no_queue_is_missed(void **state)
{
	native_unqueue(first());
	sim_oracles_check_all(oracles);
	assert_fires("lost-task");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_queue_in_order_is_fine),
		TEST(a_queue_out_of_order_is_found),
		TEST(who_is_taken_before_his_turn_is_found),
		TEST(a_wrong_count_is_found),
		TEST(who_is_in_a_foreign_queue_is_found),
		TEST(who_is_in_no_queue_is_missed),
	};

	return cmocka_run_group_tests_name("sim/oracle-queue", tests, NULL, NULL);
}
