/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/unit/bpf/tasks.h"

#include "bpf/steal.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)

#define QUEUED_MAX 64

static struct task_struct *tasks[QUEUED_MAX];
static u32 nr_tasks;

/* Two nodes of three domains of two CPUs; CPU 0, of D0, looks for work. */
static int boot(void **state)
{
	native_boot((struct native_shape){ 2, 3, 2 });
	all_online();
	*state = native_config();
	nr_tasks = 0;
	return queues_create();
}

static int halt(void **state)
{
	for (u32 i = 0; i < nr_tasks; i++)
		native_task_free(tasks[i]);
	native_halt();
	return 0;
}

static struct task_struct *queue(u32 domain, bool fifo)
{
	struct task_struct *p = tasks[nr_tasks++] = native_task_new();

	if (fifo)
		kernel_insert(p, QUEUE_FIFO(domain), MSEC, 0);
	else
		kernel_insert_vtime(p, QUEUE_DEADLINE(domain), MSEC, nr_tasks, 0);
	return p;
}

static void queue_n(u32 domain, u32 n)
{
	for (u32 i = 0; i < n; i++)
		queue(domain, false);
}

/* What CPU 0 has got, which is then gone; NULL: nothing. */
static struct task_struct *got(void)
{
	struct task_struct *p = native.cpus[native.cpu].local.first;

	if (p)
		native_unqueue(p);
	return p;
}

static void every_domain_has_two_queues(void **state)
{
	for (u32 d = 0; d < 6; d++) {
		assert_non_null(native_dsq(queue_of(d, true)));
		assert_non_null(native_dsq(queue_of(d, false)));
	}
	assert_null(native_dsq(queue_of(6, false)));
}

static void a_queue_that_is_refused_ends_the_start(void **state)
{
	for (u32 fail = 1; fail < 3; fail++) {
		native_drop_queues();
		native.fail_dsqs = fail;
		assert_int_equal(queues_create(), -ENOMEM);
	}
}

static void the_first_that_may_run_here_is_taken(void **state)
{
	struct task_struct *elsewhere = queue(2, false), *first = queue(2, false);

	queue(2, false);
	native_allow_only(elsewhere, 1, 11);
	elsewhere->native.cpu = 1;
	assert_true(queue_consume(2, *state));
	assert_ptr_equal(got(), first);
	assert_int_equal(queue_length(2, *state), 2);
	assert_false(queue_consume(1, *state));
}

static void fault_18_a_queue_shorter_than_the_threshold_is_left(void **state)
{
	struct wd40_config *config = *state;

	for (config->greedy_threshold = 1; config->greedy_threshold < 6;
	     config->greedy_threshold++) {
		queue_n(1, config->greedy_threshold - 1);
		assert_int_equal(steal(0, config), -ENOENT);
		queue_n(1, 1);
		assert_int_equal(steal(0, config), WD40_CTR_STEAL_NODE);
		assert_non_null(got());
		while (queue_consume(1, config))
			got();
	}
}

static void fault_19_the_threshold_across_nodes_means_the_same(void **state)
{
	struct wd40_config *config = *state;

	for (u32 n = 1; n < 6; n++) {
		config->greedy_threshold_x_numa = n;
		queue_n(4, n - 1);
		assert_int_equal(steal(0, config), -ENOENT);
		queue_n(4, 1);
		assert_int_equal(steal(0, config), WD40_CTR_STEAL_FAR);
		assert_non_null(got());
		while (queue_consume(4, config))
			got();
	}
}

static void across_nodes_only_when_asked_for(void **state)
{
	struct wd40_config *config = *state;

	queue_n(3, 10);
	config->greedy_threshold_x_numa = 0;
	assert_int_equal(steal(0, config), -ENOENT);
	assert_int_equal(steal(4, config), WD40_CTR_STEAL_NODE);
	got();
	config->greedy_threshold_x_numa = 1;
	config->greedy_threshold = 0;
	assert_int_equal(steal(0, config), -ENOENT);
}

/* Near CPUs are woken first, and would find too little. */
static void across_nodes_never_sooner_than_near(void **state)
{
	struct wd40_config *config = *state;

	config->greedy_threshold = 3;
	config->greedy_threshold_x_numa = 1;
	queue_n(4, 2);
	assert_int_equal(steal(0, config), -ENOENT);
	queue_n(4, 1);
	assert_int_equal(steal(0, config), WD40_CTR_STEAL_FAR);
}

static void no_stealing_when_off(void **state)
{
	struct wd40_config *config = *state;

	config->greedy_threshold = 0;
	queue_n(1, 50);
	assert_int_equal(steal(0, config), -ENOENT);
	assert_null(got());
}

/* Nobody takes from itself by stealing: that would count as stolen. */
static void ones_own_queue_is_no_victim(void **state)
{
	((struct wd40_config *)*state)->greedy_threshold_x_numa = 1;
	queue_n(0, 5);
	assert_int_equal(steal(0, *state), -ENOENT);
}

/* Fault 20: whoever alone has work is found, by all others. */
static void fault_20_no_victim_is_left_out(void **state)
{
	((struct wd40_config *)*state)->greedy_threshold_x_numa = 1;
	for (u32 thief = 0; thief < 6; thief++)
		for (u32 victim = 0; victim < 6; victim++) {
			native.cpu = (s32)thief * 2;
			queue_n(victim, 1);
			assert_int_equal(steal(thief, *state), thief == victim ? -ENOENT
							       : thief / 3 == victim / 3
								       ? WD40_CTR_STEAL_NODE
								       : WD40_CTR_STEAL_FAR);
			if (thief == victim)
				queue_consume(victim, *state);
			assert_ptr_equal(got(), tasks[nr_tasks - 1]);
		}
}

/* Fault 20: nearest first. */
static void fault_20_victims_are_asked_in_order_of_distance(void **state)
{
	const struct wd40_domain *thief = &shared.domains[1];

	native.cpu = 2;
	((struct wd40_config *)*state)->greedy_threshold_x_numa = 1;
	for (u32 d = 0; d < 6; d++)
		queue_n(d, 1);
	for (u32 i = 0; i < thief->nr_victims; i++) {
		assert_int_equal(steal(1, *state),
				 thief->victims[i] < 3 ? WD40_CTR_STEAL_NODE : WD40_CTR_STEAL_FAR);
		assert_ptr_equal(got(), tasks[thief->victims[i]]);
	}
	assert_int_equal(steal(1, *state), -ENOENT);
}

static void a_victim_without_a_task_for_here_is_passed_over(void **state)
{
	struct task_struct *p = queue(1, false);

	native_allow_only(p, 2, 2);
	p->native.cpu = 2;
	queue(2, false);
	assert_int_equal(steal(0, *state), WD40_CTR_STEAL_NODE);
	assert_ptr_equal(got(), tasks[1]);
	assert_int_equal(steal(0, *state), -ENOENT);
	assert_int_equal(queue_length(1, *state), 1);
}

static void a_domain_without_cpus_is_served_by_all(void **state)
{
	struct wd40_config *config = *state;

	config->greedy_threshold = 0;
	queue_n(1, 10);
	queue_n(5, 3);
	domain_cpu_online(10, false);
	assert_false(steal_orphan(config));
	domain_cpu_online(11, false);
	assert_true(steal_orphan(config));
	assert_true(steal_orphan(config));
	assert_int_equal(queue_length(5, config), 1);
	domain_cpu_online(11, true);
	assert_false(steal_orphan(config));
	domain_cpu_online(11, false);
	assert_true(steal_orphan(config));
	assert_false(steal_orphan(config));
	assert_int_equal(queue_length(1, config), 10);
}

static void nowhere_is_no_thief(void **state)
{
	queue_n(1, 1);
	assert_int_equal(steal(WD40_NO_DOMAIN, *state), -ENOENT);
	assert_int_equal(steal(6, *state), -ENOENT);
}

/* The order was changed live: what stands in the old queues is not forgotten, and goes first. */
static void after_a_change_of_order_both_queues_count(void **state)
{
	struct wd40_config *config = *state;
	struct task_struct *old, *young;

	for (int fifo = 0; fifo < 2; fifo++) {
		config->order_changed = false;
		config->fifo_sched = !fifo;
		old = queue(1, fifo);
		assert_int_equal(queue_length(1, config), 0);
		config->order_changed = true;
		config->greedy_threshold = 2;
		assert_int_equal(queue_length(1, config), 1);
		assert_int_equal(steal(0, config), -ENOENT);
		young = queue(1, !fifo);
		assert_int_equal(queue_length(1, config), 2);
		assert_int_equal(steal(0, config), WD40_CTR_STEAL_NODE);
		assert_ptr_equal(got(), old);
		config->greedy_threshold = 1;
		assert_int_equal(steal(0, config), WD40_CTR_STEAL_NODE);
		assert_ptr_equal(got(), young);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_domain_has_two_queues),
		TEST(a_queue_that_is_refused_ends_the_start),
		TEST(the_first_that_may_run_here_is_taken),
		TEST(fault_18_a_queue_shorter_than_the_threshold_is_left),
		TEST(fault_19_the_threshold_across_nodes_means_the_same),
		TEST(across_nodes_only_when_asked_for),
		TEST(across_nodes_never_sooner_than_near),
		TEST(no_stealing_when_off),
		TEST(ones_own_queue_is_no_victim),
		TEST(fault_20_no_victim_is_left_out),
		TEST(fault_20_victims_are_asked_in_order_of_distance),
		TEST(a_victim_without_a_task_for_here_is_passed_over),
		TEST(a_domain_without_cpus_is_served_by_all),
		TEST(nowhere_is_no_thief),
		TEST(after_a_change_of_order_both_queues_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
