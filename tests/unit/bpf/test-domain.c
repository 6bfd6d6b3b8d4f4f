/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
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

#define TEST(f)  cmocka_unit_test_setup_teardown(f, boot, halt)
#define DECAY    (native_config()->load_decay_q32)
#define LOAD(at) ((double)(at)->load.avg / (1 << WD40_RAVG_FRAC))

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
	for (u32 d = 0; d < 3; d++)
		assert_int_equal(shared.domains[d].nr_online, 1);
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

/* --- Load. -------------------------------------------------------------------------------------- */

static void joining_and_leaving_is_counted(void **state)
{
	struct wd40_task *a = task_in(2, 100), *b = task_in(2, 100);

	assert_int_equal(shared.domains[2].nr_tasks, 2);
	assert_int_equal(a->domain, 2);
	domain_leave(a, native.now_ns, DECAY);
	assert_int_equal(shared.domains[2].nr_tasks, 1);
	assert_int_equal(a->domain, WD40_NO_DOMAIN);
	domain_leave(b, native.now_ns, DECAY);
	assert_int_equal(shared.domains[2].nr_tasks, 0);
}

static void load_is_the_weight_while_runnable(void **state)
{
	struct wd40_task *t = task_in(0, 300);
	struct wd40_domain *d = &shared.domains[0];

	assert_int_equal(d->load_rate, 0);
	domain_set_runnable(t, true, native.now_ns, DECAY);
	assert_int_equal(d->load_rate, 300);
	assert_true(t->flags & WD40_TASK_RUNNABLE);
	domain_set_runnable(t, false, native.now_ns += SEC_NS, DECAY);
	assert_int_equal(d->load_rate, 0);
	assert_true(fabs(LOAD(d) - 150) < 1); /* half-life: 1 s */
	assert_true(fabs(LOAD(t) - 150) < 1);
	domain_set_runnable(t, true, native.now_ns += SEC_NS, DECAY);
	assert_true(fabs(LOAD(d) - 75) < 1);
}

static void a_change_of_weight_counts_from_then_on(void **state)
{
	struct wd40_task *t = task_in(0, 100);

	domain_set_runnable(t, true, native.now_ns, DECAY);
	domain_set_weight(t, 1000, native.now_ns += SEC_NS, DECAY);
	assert_int_equal(shared.domains[0].load_rate, 1000);
	assert_true(fabs(LOAD(t) - 50) < 1);
	domain_set_weight(t, 0, native.now_ns += SEC_NS, DECAY);
	assert_int_equal(t->weight, 1);
	assert_true(fabs(LOAD(t) - 525) < 2);
	domain_set_weight(t, 20000, native.now_ns, DECAY);
	assert_int_equal(t->weight, WD40_MAX_WEIGHT);
	assert_int_equal(shared.domains[0].load_rate, WD40_MAX_WEIGHT);
}

/* Faults 2 and 9: a task takes its share along, and only that. */
static void fault_9_a_transfer_takes_the_load_along(void **state)
{
	struct wd40_task *a = task_in(0, 400), *b = task_in(0, 100), *c = task_in(3, 50);
	struct wd40_domain *from = &shared.domains[0], *to = &shared.domains[3];

	domain_set_runnable(a, true, native.now_ns, DECAY);
	domain_set_runnable(b, true, native.now_ns, DECAY);
	domain_set_runnable(c, true, native.now_ns, DECAY);
	native.now_ns += 5 * SEC_NS + 12345;
	domain_transfer(a, 3, native.now_ns, DECAY, SEC_NS);
	assert_int_equal(a->domain, 3);
	assert_int_equal(from->nr_tasks, 1);
	assert_int_equal(to->nr_tasks, 2);
	assert_int_equal(from->load_rate, 100);
	assert_int_equal(to->load_rate, 450);
	domain_set_runnable(b, true, native.now_ns, DECAY);
	domain_set_runnable(c, true, native.now_ns, DECAY);
	assert_true(fabs(LOAD(from) - LOAD(b)) < 0.01);
	assert_true(fabs(LOAD(to) - LOAD(a) - LOAD(c)) < 0.01);
}

/* Its time among the tasks of one domain becomes the same among those of the other. */
static void fault_34_a_transfer_carries_the_lag(void **state)
{
	struct wd40_task *t = task_in(0, 100);

	shared.domains[0].min_vtime = 100 * SEC_NS;
	shared.domains[3].min_vtime = 7 * SEC_NS;
	t->vtime = 100 * SEC_NS + 3 * MSEC;
	domain_transfer(t, 3, native.now_ns, DECAY, 10 * MSEC);
	assert_int_equal(t->vtime, 7 * SEC_NS + 3 * MSEC);
	t->vtime = 7 * SEC_NS - 4 * MSEC;
	domain_transfer(t, 0, native.now_ns, DECAY, 10 * MSEC);
	assert_int_equal(t->vtime, 100 * SEC_NS - 4 * MSEC);
}

/* Averages are cut at the same times on both sides, or sums of them are none. */
static void clocks_of_task_and_domain_agree(void **state)
{
	struct wd40_domain *a = &shared.domains[0], *b = &shared.domains[1];
	struct wd40_task *t = task_in(0, 100);
	u64 now = native.now_ns;

	a->load.at = now + 5000;
	domain_set_runnable(t, true, now, DECAY);
	assert_int_equal(a->load.at, now + 5000);
	assert_int_equal(t->load.at, now + 5000);
	domain_transfer(t, 1, now, DECAY, SEC_NS);
	assert_int_equal(t->load.at, now + 5000);
	assert_int_equal(b->load.at, now + 5000);
}

static void transfers_to_nowhere_change_nothing(void **state)
{
	struct wd40_task *t = task_in(1, 100);

	t->vtime = 10 * SEC_NS;
	domain_transfer(t, 1, native.now_ns, DECAY, SEC_NS);
	domain_transfer(t, 6, native.now_ns, DECAY, SEC_NS);
	domain_transfer(t, WD40_NO_DOMAIN, native.now_ns, DECAY, SEC_NS);
	assert_int_equal(t->domain, 1);
	assert_int_equal(t->vtime, 10 * SEC_NS);
	assert_int_equal(shared.domains[1].nr_tasks, 1);
}

static void leaving_while_runnable_takes_the_weight_out(void **state)
{
	struct wd40_task *t = task_in(0, 100);

	domain_set_runnable(t, true, native.now_ns, DECAY);
	domain_leave(t, native.now_ns += SEC_NS, DECAY);
	assert_int_equal(shared.domains[0].load_rate, 0);
	assert_true(LOAD(&shared.domains[0]) < 0.01);
}

/* A life of moves, wakeups and weights, with clocks that differ a little from CPU to CPU. */
static void sums_hold_through_a_random_life(void **state)
{
	struct wd40_task *tasks[40];
	double sums[6] = { 0 };
	u64 rates[6] = { 0 };

	srandom(4);
	for (int i = 0; i < 40; i++)
		tasks[i] = task_in((u32)i % 6, 1 + (u32)random() % WD40_MAX_WEIGHT);
	for (int i = 0; i < 50000; i++) {
		struct wd40_task *t = tasks[random() % 40];
		u64 now = (native.now_ns += (u64)random() % MSEC) - (u64)random() % 2000;

		if (random() % 8 == 0)
			domain_transfer(t, (u32)random() % 6, now, DECAY, SEC_NS);
		else if (random() % 8 == 0)
			domain_set_weight(t, (u32)random() % WD40_MAX_WEIGHT, now, DECAY);
		else
			domain_set_runnable(t, random() % 2, now, DECAY);
	}
	native.now_ns += MSEC;
	for (int i = 0; i < 40; i++) {
		domain_set_weight(tasks[i], tasks[i]->weight, native.now_ns, DECAY);
		sums[tasks[i]->domain] += LOAD(tasks[i]);
		rates[tasks[i]->domain] +=
			tasks[i]->flags & WD40_TASK_RUNNABLE ? tasks[i]->weight : 0;
	}
	for (u32 d = 0; d < 6; d++) {
		assert_true(fabs(LOAD(&shared.domains[d]) - sums[d]) <= 0.01 * sums[d]);
		assert_int_equal(shared.domains[d].load_rate, rates[d]);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(domains_with_an_allowed_cpu_are_allowed),
		TEST(fault_17_all_cpus_is_found_from_the_mask),
		TEST(no_allowed_cpu_is_no_domain),
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
		TEST(joining_and_leaving_is_counted),
		TEST(load_is_the_weight_while_runnable),
		TEST(a_change_of_weight_counts_from_then_on),
		TEST(fault_9_a_transfer_takes_the_load_along),
		TEST(fault_34_a_transfer_carries_the_lag),
		TEST(clocks_of_task_and_domain_agree),
		TEST(transfers_to_nowhere_change_nothing),
		TEST(leaving_while_runnable_takes_the_weight_out),
		TEST(sums_hold_through_a_random_life),
		TEST(fault_4_each_cpu_is_on_or_offline_by_itself),
		TEST(fault_36_capacity_is_asked_when_a_cpu_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
