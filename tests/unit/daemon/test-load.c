/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>

#include "tests/unit/daemon/crowd.h"

struct scene {
	struct crowd c;
	struct load *l;
};

/* Two nodes of two domains of two CPUs. */
static int begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->c = crowd_new(2, 2, 2);
	assert_int_equal(load_new(4, &s->l), 0);
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct scene *s = *state;

	load_free(s->l);
	crowd_free(&s->c);
	free(s);
	return 0;
}

static void read_load(struct scene *s)
{
	assert_int_equal(load_read(s->l, s->c.shared), 0);
}

/* cmocka's own comparison lets NaN and infinity pass. */
static void assert_near(double value, double expected, double by)
{
	if (!(fabs(value - expected) <= by))
		fail_msg("%g is not %g", value, expected);
}

static void nobody_is_no_load(void **state)
{
	struct scene *s = *state;

	read_load(s);
	assert_int_equal(s->l->nr_tasks, 0);
	assert_near(s->l->capacity, 8, 0);
	for (int i = 0; i < 4; i++) {
		assert_near(s->l->domains[i].load, 0, 0);
		assert_near(s->l->domains[i].capacity, 2, 0);
		assert_int_equal(s->l->domains[i].node, i / 2);
	}
}

static void weights_do_not_matter_without_contention(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 0, 10000, 0.5);
	crowd_add(&s->c, 0, 1, 0.5);
	crowd_add(&s->c, 3, 100, 1);
	read_load(s);
	assert_near(s->l->domains[0].load, 1, 1e-3);
	assert_near(s->l->domains[1].load, 0, 0);
	assert_near(s->l->domains[3].load, 1, 1e-3);
	assert_near(s->l->limit, 1, 0);
}

static void weights_share_a_machine_in_demand(void **state)
{
	struct scene *s = *state;

	crowd_add_many(&s->c, 8, 0, 100, 1);
	crowd_add_many(&s->c, 8, 1, 300, 1);
	read_load(s);
	assert_near(s->l->domains[0].load, 2, 1e-3);
	assert_near(s->l->domains[1].load, 6, 1e-2);
	assert_near(s->l->mean, 1, 1e-2);
}

/* One task of weight 10000 is worth one CPU, the rest goes to the others. */
static void infeasible_weights_count_as_one_cpu(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 0, 10000, 1);
	crowd_add(&s->c, 1, 9000, 1);
	crowd_add_many(&s->c, 12, 2, 100, 1);
	read_load(s);
	assert_near(s->l->domains[0].load, 1, 1e-3);
	assert_near(s->l->domains[1].load, 1, 1e-3);
	assert_near(s->l->domains[2].load, 6, 1e-2);
	assert_near(s->l->limit, 200, 0.5);
}

/* Whatever the tasks, the limit is the equation's solution: checked by its two sides. */
static void limit_solves_its_equation(void **state)
{
	srandom(3);
	for (int round = 0; round < 300; round++) {
		struct crowd c =
			crowd_new(1, 1 + (uint32_t)random() % 4, 1 + (uint32_t)random() % 4);
		uint32_t n = 1 + (uint32_t)random() % 100;
		double left = 0, wanted = 0;
		struct load *l;

		for (uint32_t i = 0; i < n; i++) {
			uint32_t weight = (uint32_t)exp2(13.2 * (double)random() / RAND_MAX);

			crowd_add(&c, 0, weight, (double)random() / RAND_MAX);
		}
		assert_int_equal(load_new(c.shared->nr_domains, &l), 0);
		assert_int_equal(load_read(l, c.shared), 0);
		for (uint32_t i = 0; i < n; i++) {
			const struct wd40_task *t = crowd_task(&c, i);
			double duty = ldexp((double)t->duty.avg, -WD40_RAVG_FRAC) / WD40_DUTY_ONE;

			left += duty * fmin(t->weight, l->limit);
			wanted += duty;
			assert_true(l->tasks[i].load <= 1);
		}
		if (wanted > l->capacity)
			assert_near(left / (l->limit * l->capacity), 1, 2e-3);
		else
			assert_near(l->limit, 1, 0);
		assert_near(l->domains[0].load, fmin(wanted, l->capacity), 2e-3 * wanted);
		load_free(l);
		crowd_free(&c);
	}
}

/* Fault 36: the unit is the fastest kind of CPU. */
static void slow_and_offline_cpus_are_less(void **state)
{
	struct scene *s = *state;

	s->c.shared->domains[0].capacity = 1024;
	s->c.shared->domains[1].capacity = 512;
	read_load(s);
	assert_near(s->l->domains[0].capacity, 1, 0);
	assert_near(s->l->domains[1].capacity, 0.5, 0);
	assert_near(s->l->capacity, 5.5, 0);
}

static void nothing_online_is_no_trouble(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 4; i++)
		s->c.shared->domains[i].capacity = 0;
	crowd_add_many(&s->c, 3, 1, 100, 1);
	read_load(s);
	assert_near(s->l->capacity, 0, 0);
	assert_true(isfinite(s->l->domains[1].load));
	assert_true(isfinite(s->l->limit));
}

static void load_fades_by_half_in_a_half_life(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_add(&s->c, 0, 300, 1);

	t->flags = 0;
	for (int i = 0; i < 5; i++) {
		read_load(s);
		assert_near(s->l->domains[0].load, pow(0.5, i), 2e-3);
		crowd_set_time(&s->c, s->c.now_ns + SEC_NS);
	}
}

static void load_rises_by_half_in_a_half_life(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_add(&s->c, 0, 300, 0);

	assert_true(t->flags & WD40_TASK_RUNNABLE);
	for (int i = 0; i < 5; i++) {
		read_load(s);
		assert_near(s->l->domains[0].load, 1 - pow(0.5, i), 2e-3);
		crowd_set_time(&s->c, s->c.now_ns + SEC_NS);
	}
}

/* A half-life that was shorter from some moment on: the past before it has not faded by it. */
static void a_new_half_life_is_followed(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 0, 300, 1)->flags = 0;
	crowd_set_time(&s->c, s->c.now_ns + SEC_NS);
	s->c.shared->load_clocks[1] = (struct wd40_load_clock){
		.half_life_ns = SEC_NS / 2,
		.since_ns = s->c.now_ns,
		.since = crowd_load_time(&s->c),
		.pace = 2 * s->c.shared->load_clocks[0].pace,
	};
	s->c.shared->load_clock_current = 1;
	read_load(s);
	assert_near(s->l->domains[0].load, 0.5, 2e-3);
	crowd_set_time(&s->c, s->c.now_ns + SEC_NS);
	read_load(s);
	assert_near(s->l->domains[0].load, 0.125, 2e-3);
}

static void who_sleeps_for_long_is_left_out(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 0, 100, 1)->flags = 0;
	crowd_set_time(&s->c, s->c.now_ns + 15 * SEC_NS);
	read_load(s);
	assert_int_equal(s->l->nr_tasks, 1);
	crowd_set_time(&s->c, s->c.now_ns + 2 * SEC_NS);
	read_load(s);
	assert_int_equal(s->l->nr_tasks, 0);
	crowd_task(&s->c, 0)->flags = WD40_TASK_RUNNABLE;
	read_load(s);
	assert_int_equal(s->l->nr_tasks, 1);
}

static void free_and_broken_contexts_are_nobody(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 0, 100, 1)->slot.generation = 2;
	crowd_add(&s->c, WD40_NO_DOMAIN, 100, 1);
	crowd_add(&s->c, 4, 100, 1);
	crowd_add(&s->c, 0, 0, 1);
	crowd_add(&s->c, 0, WD40_MAX_WEIGHT + 1, 1);
	read_load(s);
	assert_int_equal(s->l->nr_tasks, 0);
}

/* The clock of a CPU may be ahead. */
static void duty_is_never_more_than_all(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 1, 100, 1)->duty.at += 1 << 30;
	read_load(s);
	assert_near(s->l->domains[1].load, 1, 1e-3);
	crowd_task(&s->c, 0)->duty.avg *= 3;
	read_load(s);
	assert_near(s->l->domains[1].load, 1, 0);
}

static void tasks_are_described(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 2, 70, 0.5)->flags |= WD40_TASK_KWORKER;
	task_allow_only(&s->c, crowd_add(&s->c, 3, 100, 1), 8);
	crowd_task(&s->c, 1)->slot.generation = 7;
	read_load(s);
	assert_int_equal(s->l->tasks[0].domain, 2);
	assert_int_equal(s->l->tasks[0].weight, 70);
	assert_true(s->l->tasks[0].movable);
	assert_true(s->l->tasks[0].kworker);
	assert_int_equal(s->l->tasks[1].handle, WD40_HANDLE(7, 1));
	assert_false(s->l->tasks[1].movable);
	assert_true(s->l->tasks[1].captive);
	assert_false(s->l->tasks[1].kworker);
}

/* Whatever it says itself, which may be anything: a handle leads nowhere else. */
static void a_task_is_named_by_its_place(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 2, 70, 0.5);
	crowd_add(&s->c, 2, 70, 0.5)->index = 0xfffffff0;
	read_load(s);
	assert_int_equal(s->l->tasks[1].handle, WD40_HANDLE(1, 1));
}

/* For as long as it lasts, and not a captive for that. */
static void who_has_migration_off_is_not_movable(void **state)
{
	struct scene *s = *state;

	crowd_add(&s->c, 2, 70, 0.5)->flags |= WD40_TASK_NO_MIGRATION;
	crowd_add(&s->c, 2, 70, 0.5)->flags |= WD40_TASK_ONE_CPU;
	read_load(s);
	assert_false(s->l->tasks[0].movable || s->l->tasks[0].captive);
	assert_false(s->l->tasks[1].movable);
	assert_true(s->l->tasks[1].captive);
	assert_near(s->l->domains[2].captive, 0.5, 1e-3);
}

/* What BPF has been asked for counts as coming, and is not asked again. */
static void requests_under_way_are_seen(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_add(&s->c, 0, 100, 1);

	s->c.shared->moves[9].target = 2;
	t->move = WD40_MOVE_WORD(1, 9);
	read_load(s);
	assert_near(s->l->domains[0].load, 1, 2e-3);
	assert_near(s->l->domains[0].coming, -1, 2e-3);
	assert_near(s->l->domains[2].coming, 1, 2e-3);
	assert_false(s->l->tasks[0].movable);
	s->c.shared->moves[9].target = 4; /* no such domain */
	read_load(s);
	assert_near(s->l->domains[0].coming, 0, 1e-6);
}

/* No page of a chunk in the making may be touched. */
static void a_chunk_in_the_making_is_left_alone(void **state)
{
	struct scene *s = *state;
	struct wd40_slab *slab = &s->c.shared->tasks;

	crowd_add(&s->c, 0, 100, 1);
	read_load(s);
	crowd_add_many(&s->c, slab->chunk_objects, 0, 100, 1);
	assert_int_equal(slab->nr_chunks, 2);
	slab->nr_growing = 1;
	read_load(s);
	assert_int_equal(s->l->nr_tasks, slab->chunk_objects);
	slab->nr_growing = 0;
	read_load(s);
	assert_int_equal(s->l->nr_tasks, slab->chunk_objects + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_no_load),
		TEST(weights_do_not_matter_without_contention),
		TEST(weights_share_a_machine_in_demand),
		TEST(infeasible_weights_count_as_one_cpu),
		TEST(limit_solves_its_equation),
		TEST(slow_and_offline_cpus_are_less),
		TEST(nothing_online_is_no_trouble),
		TEST(load_fades_by_half_in_a_half_life),
		TEST(load_rises_by_half_in_a_half_life),
		TEST(a_new_half_life_is_followed),
		TEST(who_sleeps_for_long_is_left_out),
		TEST(free_and_broken_contexts_are_nobody),
		TEST(duty_is_never_more_than_all),
		TEST(tasks_are_described),
		TEST(a_task_is_named_by_its_place),
		TEST(who_has_migration_off_is_not_movable),
		TEST(requests_under_way_are_seen),
		TEST(a_chunk_in_the_making_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
