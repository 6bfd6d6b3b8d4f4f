/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/daemon/scene.h"

static void hogs_of_one_domain_are_spread_in_one_round(void **state)
{
	struct scene s = scene_new(2, 2, 2);

	crowd_add_many(&s.c, 16, 0, 100, 1);
	assert_int_equal(carry_out_round(&s), 12);
	assert_true(worst(&s) < 1e-3);
	for (int i = 0; i < 10; i++)
		assert_int_equal(carry_out_round(&s), 0);
	scene_done(&s);
}

static void what_is_even_stays(void **state)
{
	struct scene s = scene_new(2, 2, 2);

	for (uint32_t d = 0; d < 4; d++)
		crowd_add_many(&s.c, 5, d, 100, 0.9);
	for (int i = 0; i < 10; i++)
		assert_int_equal(carry_out_round(&s), 0);
	scene_done(&s);
}

/* A skew below a tenth must last for two rounds, a larger one is seen to at once. */
static void a_small_skew_may_be_noise(void **state)
{
	struct scene s = scene_new(1, 2, 2);

	crowd_add_many(&s.c, 100, 0, 100, 0.02);
	crowd_add_many(&s.c, 94, 1, 100, 0.02);
	assert_int_equal(carry_out_round(&s), 0);
	assert_true(carry_out_round(&s) > 0);
	crowd_add_many(&s.c, 20, 1, 100, 0.02);
	assert_true(carry_out_round(&s) > 0);
	scene_done(&s);
}

/* Between 2 % and 3 %: fine for nodes, not for the domains of one. */
static void nodes_bear_more_than_domains(void **state)
{
	for (uint32_t nodes = 1; nodes <= 2; nodes++) {
		struct scene s = scene_new(nodes, 2 / nodes, 8);

		crowd_add_many(&s.c, 1025, 0, 100, 0.004);
		crowd_add_many(&s.c, 1000, 1, 100, 0.004);
		crowd_add_many(&s.c, 16, 0, 100, 1);
		crowd_add_many(&s.c, 16, 1, 100, 1);
		carry_out_round(&s);
		assert_true((carry_out_round(&s) > 0) == false);
		scene_done(&s);
		s = scene_new(nodes, 2 / nodes, 8);
		crowd_add_many(&s.c, 1025, 0, 100, 0.01);
		crowd_add_many(&s.c, 1000, 1, 100, 0.01);
		carry_out_round(&s);
		assert_true((carry_out_round(&s) > 0) == (nodes == 1));
		scene_done(&s);
	}
}

/* Capacity counts: a domain of half the speed gets half the load. */
static void slow_domains_get_less(void **state)
{
	struct scene s = scene_new(1, 2, 4);

	s.c.shared->domains[1].capacity /= 2;
	crowd_add_many(&s.c, 60, 1, 100, 1);
	carry_out_round(&s);
	assert_true(worst(&s) < 0.05);
	assert_true(fabs(s.l->domains[0].load - 4) < 0.1);
	scene_done(&s);
}

/* One task of weight 10000 deserves a CPU, not the machine. */
static void an_infeasible_weight_does_not_empty_its_domain(void **state)
{
	struct scene s = scene_new(1, 2, 2);

	crowd_add(&s.c, 0, 10000, 1);
	crowd_add_many(&s.c, 6, 0, 100, 1);
	crowd_add_many(&s.c, 6, 1, 100, 1);
	carry_out_round(&s);
	carry_out_round(&s);
	assert_true(worst(&s) < 0.05);
	assert_int_equal(crowd_task(&s.c, 0)->domain, 0);
	scene_done(&s);
}

static void kworkers_stay_when_they_shall(void **state)
{
	struct scene s = scene_new(1, 2, 2);

	for (int i = 0; i < 8; i++)
		crowd_add(&s.c, 0, 100, 1)->flags |= WD40_TASK_KWORKER;
	s.in.kworkers = false;
	assert_int_equal(carry_out_round(&s), 0);
	s.in.kworkers = true;
	assert_int_equal(carry_out_round(&s), 4);
	scene_done(&s);
}

/* Tasks first .. end - 1 rest until that round. */
static void let_rest(struct scene *s, uint32_t first, uint32_t end, uint32_t until)
{
	for (uint32_t i = first; i < end; i++)
		rest_until(s->rest, crowd_handle(crowd_task(&s->c, i)), until);
}

/* Not even where the difference is large, but for the last rounds of the rest. */
static void who_rests_is_not_moved(void **state)
{
	struct scene s = scene_new(1, 2, 2);

	crowd_add_many(&s.c, 4, 0, 100, 1);
	let_rest(&s, 0, 2, 5 + BALANCE_REST_WAIVED);
	let_rest(&s, 2, 4, 3 + BALANCE_REST_WAIVED);
	assert_int_equal(carry_out_round(&s), 0);
	assert_int_equal(carry_out_round(&s), 0);
	assert_int_equal(carry_out_round(&s), 2);
	assert_int_equal(crowd_task(&s.c, 0)->domain, 0);
	scene_done(&s);
}

/*
 * All tasks of D0 were just moved there, and want to run more than was thought, D1's less. What is too
 * far apart is mended, but no further.
 */
static void what_was_moved_wrongly_is_moved_again(void **state)
{
	struct scene s = scene_new(1, 2, 2);

	crowd_add_many(&s.c, 120, 0, 100, 0.02);
	crowd_add_many(&s.c, 100, 1, 100, 0.02);
	s.in.round = 1;
	let_rest(&s, 0, 220, 1 + BALANCE_REST_WAIVED + 1);
	assert_in_range(carry_out_round(&s), 7, 10);
	assert_true(worst(&s) < BALANCE_APART / 2 + 0.005);
	assert_int_equal(carry_out_round(&s), 0);
	scene_done(&s);
}

/* One who was not moved lately is preferred to those who were. */
static void who_rests_is_the_second_choice(void **state)
{
	struct scene s = scene_new(1, 2, 2);

	crowd_add_many(&s.c, 4, 0, 100, 1);
	let_rest(&s, 0, 2, 1 + BALANCE_REST_WAIVED);
	assert_int_equal(carry_out_round(&s), 2);
	assert_int_equal(crowd_task(&s.c, 0)->domain, 0);
	assert_int_equal(crowd_task(&s.c, 1)->domain, 0);
	scene_done(&s);
}

/* Memory policies: a task goes to its nodes only. */
static void preferred_nodes_are_kept_to(void **state)
{
	struct scene s = scene_new(2, 2, 2);

	for (int i = 0; i < 16; i++)
		crowd_add(&s.c, 0, 100, 1)->preferred_nodes = 1;
	carry_out_round(&s);
	carry_out_round(&s);
	assert_true(s.l->domains[1].load == s.l->domains[0].load);
	assert_true(s.l->domains[2].load + s.l->domains[3].load == 0);
	scene_done(&s);
}

/* D3 is empty and takes nobody: the others are evened out all the same. */
static void who_takes_nobody_does_not_hinder_the_rest(void **state)
{
	struct scene s = scene_new(1, 4, 2);

	for (int i = 0; i < 60; i++)
		task_allow_only(&s.c, crowd_add(&s.c, i < 30 ? 0 : i < 50 ? 1 : 2, 100, 1), 7);
	carry_out_round(&s);
	carry_out_round(&s);
	for (int d = 0; d < 3; d++)
		assert_true(fabs(s.l->domains[d].load / s.l->domains[0].load - 1) < 0.06);
	scene_done(&s);
}

/* D0 is full of tasks that cannot leave; the others still share among themselves. */
static void who_cannot_be_relieved_does_not_hinder_the_rest(void **state)
{
	struct scene s = scene_new(2, 2, 2);

	for (int i = 0; i < 40; i++)
		task_allow_only(&s.c, crowd_add(&s.c, 0, 100, 1), 1);
	crowd_add_many(&s.c, 30, 3, 100, 1);
	for (int i = 0; i < 3; i++)
		carry_out_round(&s);
	assert_true(s.l->domains[1].load > 1);
	assert_true(fabs(s.l->domains[2].load / s.l->domains[3].load - 1) < 0.06);
	scene_done(&s);
}

/* Orphans of a domain without CPUs are BPF's care; nobody is sent there. */
static void domains_without_cpus_take_no_part(void **state)
{
	struct scene s = scene_new(2, 2, 2);

	s.c.shared->domains[0].capacity = s.c.shared->domains[3].capacity = 0;
	crowd_add_many(&s.c, 2, 3, 100, 1);
	crowd_add_many(&s.c, 12, 1, 100, 1);
	assert_int_equal(carry_out_round(&s), 6);
	assert_true(s.l->domains[0].load == 0);
	scene_done(&s);
}

static void no_more_moves_than_there_is_room_for(void **state)
{
	struct scene s = scene_new(2, 2, 2);

	crowd_add_many(&s.c, 200, 0, 100, 1);
	s.in.moves_max = 20;
	assert_int_equal(carry_out_round(&s), 20);
	s.in.moves_max = 0;
	assert_int_equal(carry_out_round(&s), 0);
	scene_done(&s);
}

/* What is not worth the cold caches: load of less than they cost in an interval. */
static void a_move_must_be_worth_its_cost(void **state)
{
	double cost = BALANCE_COLD_DOMAIN_NS / INTERVAL_NS;
	struct scene s = scene_new(1, 2, 1);

	crowd_add_many(&s.c, 600, 0, 100, 0.9 * cost);
	assert_int_equal(carry_out_round(&s), 0);
	crowd_add_many(&s.c, 400, 0, 100, 1.1 * cost);
	assert_true(carry_out_round(&s) > 100);
	scene_done(&s);
}

/* A trial leaves no trace: the same plan again, and what lasts is counted in rounds. */
static void a_trial_leaves_no_trace(void **state)
{
	struct scene s = scene_new(1, 2, 2);

	crowd_add_many(&s.c, 100, 0, 100, 0.02);
	crowd_add_many(&s.c, 94, 1, 100, 0.02);
	for (int i = 0; i < 5; i++) {
		plan(&s);
		assert_int_equal(s.b->nr_moves, 0);
	}
	assert_int_equal(carry_out_round(&s), 0);
	plan(&s);
	assert_true(s.b->nr_moves > 0);
	scene_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hogs_of_one_domain_are_spread_in_one_round),
		cmocka_unit_test(what_is_even_stays),
		cmocka_unit_test(a_small_skew_may_be_noise),
		cmocka_unit_test(nodes_bear_more_than_domains),
		cmocka_unit_test(slow_domains_get_less),
		cmocka_unit_test(an_infeasible_weight_does_not_empty_its_domain),
		cmocka_unit_test(kworkers_stay_when_they_shall),
		cmocka_unit_test(who_rests_is_not_moved),
		cmocka_unit_test(what_was_moved_wrongly_is_moved_again),
		cmocka_unit_test(who_rests_is_the_second_choice),
		cmocka_unit_test(preferred_nodes_are_kept_to),
		cmocka_unit_test(who_takes_nobody_does_not_hinder_the_rest),
		cmocka_unit_test(who_cannot_be_relieved_does_not_hinder_the_rest),
		cmocka_unit_test(domains_without_cpus_take_no_part),
		cmocka_unit_test(no_more_moves_than_there_is_room_for),
		cmocka_unit_test(a_move_must_be_worth_its_cost),
		cmocka_unit_test(a_trial_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
