/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/unit/bpf/tasks.h"
#include "tests/unit/daemon/made-topology.h"

#include "bpf/domain.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)

/* Two nodes of three domains of two CPUs: D0..D2 on node 0, D3..D5 on node 1. */
static int boot(void **state)
{
	native_boot((struct native_shape){ 2, 3, 2 });
	all_online();
	*state = native_task_new();
	return 0;
}

static int halt(void **state)
{
	native_task_free(*state);
	native_halt();
	return 0;
}

static void set_offline(u32 domain)
{
	for (u32 cpu = 0; cpu < shared.nr_cpu_ids; cpu++)
		if (shared.cpus[cpu].domain == domain)
			domain_cpu_online((s32)cpu, false);
}

/* --- Affinity. ---------------------------------------------------------------------------------- */

static void domains_with_an_allowed_cpu_are_allowed(void **state)
{
	struct wd40_task *t = task_make(100);
	struct task_struct *p = *state;

	native_allow_only(p, 3, 4); /* CPUs 3..6: half of D1, D2, half of D3 */
	assert_int_equal(domain_set_allowed(t, p), 3);
	assert_int_equal(t->nr_allowed_domains, 3);
	assert_int_equal(t->allowed_domains[0], 0xe);
	for (u32 d = 0; d < 6; d++)
		assert_int_equal(domain_allowed(t, d), d >= 1 && d <= 3);
}

/* Fault 17: a forked task that nobody gave an affinity may run everywhere, and that is known. */
static void fault_17_all_cpus_is_found_from_the_mask(void **state)
{
	struct wd40_task *t = task_make(100);
	struct task_struct *p = *state;

	assert_int_equal(domain_set_allowed(t, p), 6);
	assert_true(t->flags & WD40_TASK_ALL_CPUS);
	native_allow_only(p, 0, 11);
	assert_int_equal(domain_set_allowed(t, p), 6);
	assert_false(t->flags & WD40_TASK_ALL_CPUS);
	t->flags |= WD40_TASK_KWORKER;
	native_allow(p, 11, 1);
	domain_set_allowed(t, p);
	assert_int_equal(t->flags, WD40_TASK_ALL_CPUS | WD40_TASK_KWORKER);
}

static void no_allowed_cpu_is_no_domain(void **state)
{
	struct wd40_task *t = task_make(100);
	struct task_struct *p = *state;

	native_allow_only(p, 0, 0);
	assert_int_equal(domain_set_allowed(t, p), 0);
	assert_int_equal(t->allowed_domains[0], 0);
	assert_false(t->flags & WD40_TASK_ALL_CPUS);
}

/* Domains whose CPUs of the affinity are all offline serve the task no more, whoever is online. */
static void domains_without_a_cpu_online_are_not_allowed(void **state)
{
	struct wd40_task *t = task_make(100);
	struct task_struct *p = *state;

	native_allow_only(p, 3, 4); /* CPUs 3..6: half of D1, D2, half of D3 */
	domain_set_allowed(t, p);
	domain_cpu_online(3, false);
	domain_cpu_online(4, false);
	assert_true(domain_allowed_is_old(t));
	assert_int_equal(domain_set_allowed(t, p), 2);
	assert_false(domain_allowed_is_old(t));
	assert_int_equal(t->allowed_domains[0], 1 << 2 | 1 << 3);
	for (u32 d = 0; d < 6; d++)
		assert_int_equal(domain_serves(d, p), domain_allowed(t, d));
	native_allow_only(p, 0, 12);
	domain_cpu_online(5, false);
	assert_int_equal(domain_set_allowed(t, p), 5);
	assert_false(domain_allowed(t, 2));
	assert_true(t->flags & WD40_TASK_ALL_CPUS);
	domain_cpu_online(5, true);
	assert_int_equal(domain_set_allowed(t, p), 6);
}

/* Fault 28: more than 64 domains, more than 64 CPUs. */
static void fault_28_no_limit_of_64(void **state)
{
	struct wd40_task *t;

	halt(state);
	native_boot((struct native_shape){ 2, 100, 3 });
	all_online();
	*state = native_task_new();
	t = task_make(100);
	assert_int_equal(domain_set_allowed(t, *state), 200);
	assert_true(t->flags & WD40_TASK_ALL_CPUS);
	native_allow_only(*state, 3 * 150 + 1, 3);
	assert_int_equal(domain_set_allowed(t, *state), 2);
	for (u32 d = 0; d < 200; d++)
		assert_int_equal(domain_allowed(t, d), d == 150 || d == 151);
	assert_int_equal(domain_nearest_allowed(t, 0, 0), 150);
}

/* Faults 5 and 6: ids without a CPU. Here only 1, 70 and 130 exist, each a domain of its own. */
static void boot_sparse(void **state)
{
	static const uint32_t cpus[] = { 1, 70, 130 };
	struct topology *t = topology_make(1, 3, 50);

	halt(state);
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++) {
		t->cpus[i].online = false;
		t->cpus[i].domain = WD40_NO_DOMAIN;
		t->cpus[i].node = WD40_NO_NODE;
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(cpus); i++)
		t->cpus[cpus[i]] = (struct topology_cpu){ cpus[i], true, 0, i };
	native_boot_topology(t, 1, 100);
	*state = native_task_new();
}

static void fault_6_ids_without_a_cpu_are_passed_over(void **state)
{
	struct wd40_task *t;

	boot_sparse(state);
	t = task_make(100);
	all_online();
	assert_int_equal(shared.nr_orphaned, 0);
	for (u32 d = 0; d < 3; d++) {
		assert_int_equal(shared.domains[d].nr_online, 1);
		assert_int_equal(shared.domains[d].capacity, 1024);
	}
	assert_int_equal(domain_set_allowed(t, *state), 3);
	assert_true(t->flags & WD40_TASK_ALL_CPUS);
	native_allow_only(*state, 2, 100);
	assert_int_equal(domain_set_allowed(t, *state), 1);
	assert_true(domain_allowed(t, 1));
	assert_false(domain_cpu_online(0, true));
	assert_false(domain_cpu_online(2, false));
}

/* Faults 4, 5 and 7: any number may be asked for. */
static void fault_5_any_cpu_number_may_be_asked_for(void **state)
{
	static const s32 wrong[] = { -1, -2147483647, 12, 64, 2147483647 };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(domain_of_cpu(wrong[i]), WD40_NO_DOMAIN);
		assert_false(domain_cpu_online(wrong[i], true));
	}
	assert_null(domain_at(WD40_NO_DOMAIN));
	assert_null(domain_at(6));
	assert_int_equal(domain_of_cpu(11), 5);
	assert_ptr_equal(domain_at(5), &shared.domains[5]);
}

/* --- The nearest. ------------------------------------------------------------------------------- */

/* Fault 30: the domain stays as long as it is allowed. */
static void fault_30_the_allowed_domain_stays(void **state)
{
	struct wd40_task *t = task_make(100);

	for (u32 d = 0; d < 6; d++)
		assert_int_equal(domain_nearest_allowed(t, d, 0), d);
}

static void the_nearest_is_the_first_victim_that_is_allowed(void **state)
{
	struct wd40_task *t = task_make(100);

	task_forbid(t, 1);
	assert_int_equal(domain_nearest_allowed(t, 1, 0), 2);
	task_forbid(t, 2);
	assert_int_equal(domain_nearest_allowed(t, 1, 0), 0);
	task_forbid(t, 0);
	/* the other node, from D1's own place there on */
	assert_int_equal(domain_nearest_allowed(t, 1, 0), shared.domains[1].victims[2]);
	assert_int_equal(shared.domains[shared.domains[1].victims[2]].node, 1);
}

static void domains_without_a_cpu_online_are_not_near(void **state)
{
	struct wd40_task *t = task_make(100);

	set_offline(0);
	assert_int_equal(domain_nearest_allowed(t, 0, 0), 1);
	set_offline(1);
	assert_int_equal(domain_nearest_allowed(t, 0, 0), 2);
	domain_cpu_online(0, true);
	assert_int_equal(domain_nearest_allowed(t, 0, 0), 0);
}

static void nothing_allowed_leaves_it_where_it_is(void **state)
{
	struct wd40_task *t = task_make(100);

	for (u32 d = 0; d < 6; d++)
		task_forbid(t, d);
	assert_int_equal(domain_nearest_allowed(t, 4, 0), 4);
	assert_int_equal(domain_nearest_allowed(t, WD40_NO_DOMAIN, 0), WD40_NO_DOMAIN);
}

static void nodes_of_the_mask_come_first(void **state)
{
	struct wd40_task *t = task_make(100);

	assert_int_equal(domain_nearest_allowed(t, 1, 1 << 0), 1);
	assert_int_equal(shared.domains[domain_nearest_allowed(t, 1, 1 << 1)].node_id, 1);
	assert_int_equal(domain_nearest_allowed(t, 1, 3), 1);
	/* a node that is not there, or without an allowed domain, is no reason to move */
	assert_int_equal(domain_nearest_allowed(t, 1, 1 << 2), 1);
	for (u32 d = 3; d < 6; d++)
		task_forbid(t, d);
	assert_int_equal(domain_nearest_allowed(t, 1, 1 << 1), 1);
	task_forbid(t, 1);
	assert_int_equal(domain_nearest_allowed(t, 1, 1 << 1), 2);
}

/* Fault 29: node ids are bits of 64; larger ones are in no mask. */
static void large_node_ids_are_in_no_mask(void **state)
{
	struct wd40_task *t = task_make(100);

	for (u32 d = 0; d < 6; d++)
		shared.domains[d].node_id = d < 3 ? 63 : 64;
	assert_int_equal(domain_nearest_allowed(t, 0, 1ull << 63), 0);
	assert_int_equal(domain_nearest_allowed(t, 3, 1), 3);
	assert_in_range(domain_nearest_allowed(t, 3, 1ull << 63), 0, 2);
}

/* --- Fork. -------------------------------------------------------------------------------------- */

static void fault_31_a_child_stays_with_its_parent(void **state)
{
	struct wd40_task *t = task_make(100);

	assert_int_equal(domain_for_fork(t, 4), 4);
	shared.domains[4].load_rate = 2 * 100 - 1; /* two CPUs */
	assert_int_equal(domain_for_fork(t, 4), 4);
	shared.domains[4].load_rate = 2 * 100;
	assert_int_not_equal(domain_for_fork(t, 4), 4);
}

static void fault_31_a_child_leaves_a_busy_parent(void **state)
{
	struct wd40_task *t = task_make(100);

	for (u32 d = 0; d < 6; d++)
		shared.domains[d].load_rate = 1000;
	assert_int_equal(domain_for_fork(t, 1), 1);
	shared.domains[2].load_rate = 600;
	shared.domains[5].load_rate = 400;
	assert_int_equal(domain_for_fork(t, 1), 5);
	task_forbid(t, 5);
	assert_int_equal(domain_for_fork(t, 1), 2);
	domain_cpu_online(4, false); /* half of D2 */
	assert_int_equal(domain_for_fork(t, 1), 1);
}

static void of_equally_busy_ones_the_nearest_takes_the_child(void **state)
{
	struct wd40_task *t = task_make(100);

	shared.domains[1].load_rate = 1000;
	assert_int_equal(domain_for_fork(t, 1), shared.domains[1].victims[0]);
}

static void a_child_goes_where_it_is_allowed(void **state)
{
	struct wd40_task *t = task_make(100);

	task_forbid(t, 0);
	assert_int_equal(domain_for_fork(t, 0), 1);
	set_offline(1);
	assert_int_equal(domain_for_fork(t, 0), 2);
}

/* --- CPUs. -------------------------------------------------------------------------------------- */

static void fault_4_each_cpu_is_on_or_offline_by_itself(void **state)
{
	assert_true(domain_cpu_online(4, false));
	assert_int_equal(shared.cpus[4].online, 0);
	assert_int_equal(shared.cpus[5].online, 1);
	assert_int_equal(shared.domains[2].nr_online, 1);
	assert_int_equal(shared.nr_orphaned, 0);
	domain_cpu_online(4, false); /* told twice */
	assert_int_equal(shared.domains[2].nr_online, 1);
	domain_cpu_online(5, false);
	assert_int_equal(shared.domains[2].nr_online, 0);
	assert_int_equal(shared.nr_orphaned, 1);
	domain_cpu_online(5, true);
	domain_cpu_online(5, true);
	assert_int_equal(shared.domains[2].nr_online, 1);
	assert_int_equal(shared.nr_orphaned, 0);
}

/* Fault 36 */
static void fault_36_capacity_is_asked_when_a_cpu_comes(void **state)
{
	assert_int_equal(shared.cpus[3].capacity, CPUPERF_ONE);
	native.cpus[3].capacity = 446;
	domain_cpu_online(3, false);
	assert_int_equal(shared.cpus[3].capacity, CPUPERF_ONE);
	domain_cpu_online(3, true);
	assert_int_equal(shared.cpus[3].capacity, 446);
}

static void the_capacity_is_that_of_the_cpus_online(void **state)
{
	assert_int_equal(shared.domains[1].capacity, 2 * CPUPERF_ONE);
	domain_cpu_online(2, false);
	domain_cpu_online(2, false);
	assert_int_equal(shared.domains[1].capacity, CPUPERF_ONE);
	native.cpus[2].capacity = 300;
	domain_cpu_online(2, true);
	assert_int_equal(shared.domains[1].capacity, CPUPERF_ONE + 300);
	native.cpus[2].capacity = CPUPERF_ONE; /* what it has is what it had when it came */
	set_offline(1);
	assert_int_equal(shared.domains[1].capacity, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(domains_with_an_allowed_cpu_are_allowed),
		TEST(fault_17_all_cpus_is_found_from_the_mask),
		TEST(no_allowed_cpu_is_no_domain),
		TEST(domains_without_a_cpu_online_are_not_allowed),
		TEST(fault_28_no_limit_of_64),
		TEST(fault_6_ids_without_a_cpu_are_passed_over),
		TEST(fault_5_any_cpu_number_may_be_asked_for),
		TEST(fault_30_the_allowed_domain_stays),
		TEST(the_nearest_is_the_first_victim_that_is_allowed),
		TEST(domains_without_a_cpu_online_are_not_near),
		TEST(nothing_allowed_leaves_it_where_it_is),
		TEST(nodes_of_the_mask_come_first),
		TEST(large_node_ids_are_in_no_mask),
		TEST(fault_31_a_child_stays_with_its_parent),
		TEST(fault_31_a_child_leaves_a_busy_parent),
		TEST(of_equally_busy_ones_the_nearest_takes_the_child),
		TEST(a_child_goes_where_it_is_allowed),
		TEST(fault_4_each_cpu_is_on_or_offline_by_itself),
		TEST(fault_36_capacity_is_asked_when_a_cpu_comes),
		TEST(the_capacity_is_that_of_the_cpus_online),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
