/* SPDX-License-Identifier: GPL-2.0-only */
/* I1: who waits for longer than the bound is found, who waits for less is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf/steal.bpf.h"
#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_teardown(f, unwatch)

/* So early that nobody is queued behind the domain's time: that oracle ("lead") is not asked here. */
#define EARLY (1ull << 41)

/* A dispatch that knows no rescue, and an enqueue that puts light tasks behind all others. */
static void take_first(s32 cpu, struct task_struct *prev)
{
	shared.domains[0].attended_at = native.now_ns;
	queue_consume(domain_of_cpu(cpu), native_config());
}

static void light_ones_last(struct task_struct *p, u64 enq_flags)
{
	u64 vtime = p->scx.weight < WD40_BASE_WEIGHT ? native.now_ns * 2 : native.now_ns;

	kernel_insert_vtime(p, QUEUE_DEADLINE(context(p)->domain),
			    native_config()->slice_underutil_ns, vtime - EARLY, enq_flags);
}

static void a_starved_task_is_found(void **state)
{
	broken = wd40_ops;
	broken.dispatch = take_first;
	broken.enqueue = light_ones_last;
	watch_ops((struct native_shape){ 1, 1, 1 }, &broken);
	hogs(3, 100);
	hog(99);
	native_run(10 * SEC_NS);
	assert_fires("starvation");
}

/* Whoever starts later goes before, all of one weight. */
static void early_hogs_last(struct task_struct *p, u64 enq_flags)
{
	u64 vtime = 0 - EARLY - (u64)p->pid * SEC_NS;

	kernel_insert_vtime(p, QUEUE_DEADLINE(context(p)->domain),
			    native_config()->slice_underutil_ns, vtime, enq_flags);
}

static void late_hogs_that_starve_early_ones_are_found(void **state)
{
	broken = wd40_ops;
	broken.dispatch = take_first;
	broken.enqueue = early_hogs_last;
	watch_ops((struct native_shape){ 1, 1, 1 }, &broken);
	hogs(4, 100);
	native_run(3 * SEC_NS);
	assert_fires("starvation");
	assert_in_range(native.now_ns, SEC_NS, 10 * SEC_NS); /* long before who is rescued is */
}

/* The lightest beside the heaviest is rescued. */
static void the_rescued_are_fine(void **state)
{
	watch((struct native_shape){ 1, 1, 2 });
	hogs(8, WD40_MAX_WEIGHT);
	hog(1);
	native_run(60 * SEC_NS);
	assert_silent();
	assert_in_range(native_counter(WD40_CTR_RESCUED), 1, 100);
}

static void fifo_is_fine(void **state)
{
	struct wd40_config config;

	watch((struct native_shape){ 1, 1, 2 });
	config = *native_config();
	config.fifo_sched = config.order_changed = true;
	native_publish(config);
	hogs(8, WD40_MAX_WEIGHT);
	hogs(8, 1);
	native_run(10 * SEC_NS);
	assert_silent();
}

/* What a real-time task takes is not held against the scheduler. */
static void thieves_are_no_starvation(void **state)
{
	watch((struct native_shape){ 1, 1, 1 });
	hogs(2, 100);
	for (int i = 0; i < 3; i++) {
		native_run(SEC_NS);
		native_occupy(0, NATIVE_RT, 9 * SEC_NS);
		native_run(9 * SEC_NS);
	}
	assert_silent();
}

/* Nor what one takes that was there before the task came. */
static void thieves_from_before_are_no_starvation(void **state)
{
	watch((struct native_shape){ 1, 1, 1 });
	hog(100);
	native_occupy(0, NATIVE_IRQ, 5 * SEC_NS);
	native_run(SEC_NS);
	hog(100);
	native_run(9 * SEC_NS);
	assert_silent();
}

/* They are queued with long slices, and keep them, when short ones come in force at the same time. */
static void slices_of_the_queued_are_known(void **state)
{
	struct wd40_config config;

	watch((struct native_shape){ 1, 1, 1 });
	native_config()->fifo_sched = true;
	hogs(5, 100);
	config = *native_config();
	config.slice_underutil_ns = config.slice_overutil_ns;
	native_publish(config);
	native_run(SEC_NS);
	assert_silent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_starved_task_is_found),
		TEST(late_hogs_that_starve_early_ones_are_found),
		TEST(the_rescued_are_fine),
		TEST(fifo_is_fine),
		TEST(thieves_are_no_starvation),
		TEST(thieves_from_before_are_no_starvation),
		TEST(slices_of_the_queued_are_known),
	};

	return cmocka_run_group_tests_name("sim/oracle-wait", tests, NULL, NULL);
}
