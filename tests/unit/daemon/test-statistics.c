/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/statistics.h"

#include <errno.h>
#include <math.h>

#include "daemon/arena.h"
#include "daemon/policies.h"
#include "tests/unit/daemon/crowd.h"
#include "tests/unit/daemon/made-topology.h"

#define NODES   2u
#define DOMAINS 2u /* a node */
#define CPUS    2u /* a domain */

/* An attached scheduler: arena, tuner, balancer. */
struct scene {
	struct crowd c;
	struct topology *t;
	void *states[NR_POLICIES];
	struct tunable_set values;
	struct statistics_clients clients;
	struct statistics_source from;
	struct statistics *s;
};

static int begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->c = crowd_new(NODES, DOMAINS, CPUS);
	s->t = topology_make(NODES, DOMAINS, CPUS);
	for (size_t i = 0; i < NR_POLICIES; i++)
		assert_int_equal(policies[i]->new(s->t, &s->states[i]), 0);
	s->from = (struct statistics_source){
		.shared = s->c.shared,
		.topology = s->t,
		.tuner = tuner_decided(s->states[POLICY_TUNER]),
		.balancer = s->states[POLICY_BALANCER],
		.clients = &s->clients,
	};
	assert_int_equal(statistics_new(&s->s), 0);
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct scene *s = *state;

	statistics_free(s->s);
	for (size_t i = 0; i < NR_POLICIES; i++)
		policies[i]->free(s->states[i]);
	topology_free(s->t);
	crowd_free(&s->c);
	free(s);
	return 0;
}

static struct statistics *take(struct scene *s)
{
	assert_int_equal(statistics_take(s->s, &s->from), 0);
	return s->s;
}

static void balance(struct scene *s, bool moves)
{
	const struct policy_snapshot in = { s->t, &s->values, s->c.shared };

	s->values.values[TUNABLE_BALANCE_INTERVAL].usec = 2000000;
	s->values.values[TUNABLE_LOAD_BALANCE].b = moves;
	balancer_policy.run(s->states[POLICY_BALANCER], &in);
}

/* --- The table. ------------------------------------------------------------------------------------- */

static void each_row_says_what_it_is(void **state)
{
	for (size_t i = 0; i < nr_statistics; i++) {
		const struct statistic *row = &statistics_table[i];

		assert_non_null(row->unit);
		assert_true(strlen(row->help) > 5);
		assert_non_null(statistic_type_name(row->type));
		assert_non_null(statistic_scope_name(row->scope));
		for (const char *at = row->name; *at; at++)
			assert_true((*at >= 'a' && *at <= 'z') || *at == '_');
		if (row->scx_form == SCX_GROWTH || row->scx_form == SCX_PERCENT)
			assert_int_equal(row->type, STATISTIC_COUNTER);
		/* a time says so in its name */
		if (strcmp(row->unit, "us") == 0)
			assert_string_equal(row->name + strlen(row->name) - 3, "_us");
	}
}

static void names_are_unique_in_their_scope(void **state)
{
	for (size_t i = 0; i < nr_statistics; i++)
		assert_int_equal(
			statistic_find(statistics_table[i].scope, statistics_table[i].name), i);
	assert_int_equal(statistic_find(STATISTIC_MACHINE, "imbal"), -ENOENT);
}

/* Of each byte of a record at most one row is told. */
static void no_two_rows_tell_the_same_value(void **state)
{
	for (size_t i = 0; i < nr_statistics; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(statistics_table[i].scope == statistics_table[k].scope &&
				     statistics_table[i].offset == statistics_table[k].offset);
}

static void what_is_added_up_on_the_scx_socket_is_of_one_form(void **state)
{
	for (size_t i = 0; i < nr_statistics; i++)
		for (size_t k = 0; k < i; k++) {
			const struct statistic *a = &statistics_table[i], *b = &statistics_table[k];

			if (a->scope != b->scope || a->scx_form == SCX_NEVER ||
			    b->scx_form == SCX_NEVER ||
			    strcmp(a->scx_name ?: a->name, b->scx_name ?: b->name) != 0)
				continue;
			assert_int_equal(a->scx_form, b->scx_form);
			assert_int_not_equal(a->scx_form, SCX_VALUE);
			assert_true(a->scx_scale == b->scx_scale && a->scx_whole == b->scx_whole);
		}
}

static void bounds_are_those_of_the_buckets(void **state)
{
	assert_int_equal(statistic_bound_ns(0), 1024);
	assert_int_equal(statistic_bound_ns(10), 1024 * 1024);
	assert_int_equal(statistic_bound_ns(WD40_WAIT_BUCKETS - 1), UINT64_MAX);
}

/* --- Snapshots. -------------------------------------------------------------------------------------- */

static void counters_are_summed_over_cpus(void **state)
{
	struct scene *s = *state;

	for (uint32_t i = 0; i < s->c.shared->nr_cpu_ids; i++) {
		s->c.shared->cpus[i].counters[WD40_CTR_PREV_IDLE] = 10 + i;
		s->c.shared->cpus[i].counters[WD40_CTR_STEAL_FAR] = 1;
		s->c.shared->cpus[i].counters[WD40_CTR_QUEUED] = 5;
		s->c.shared->cpus[i].counters[WD40_CTR_DEADLINE_CLAMPED] = 2;
	}
	take(s);
	assert_int_equal(s->s->machine.counters[WD40_CTR_PREV_IDLE], 8 * 10 + 28);
	assert_int_equal(s->s->machine.events, 8 * 10 + 28 + 8); /* queueing is no event */
	assert_int_equal(s->s->machine.deadline_preset, 8 * 3);
}

/* What is told in percent of the total and makes it up: together 100. */
static void all_events_are_in_the_total(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < nr_statistics; i++) {
		const struct statistic *row = &statistics_table[i];
		size_t counter = (row->offset - offsetof(struct statistics_machine, counters)) / 8;
		const char *scx = row->scx_name ?: row->name;
		bool aside = strcmp(scx, "repatriate") == 0 || strcmp(scx, "kick_greedy") == 0 ||
			     strcmp(scx, "dl_clamp") == 0;

		if (row->scx_form != SCX_PERCENT || counter >= WD40_NR_COUNTERS)
			continue;
		memset(s->c.shared->cpus[3].counters, 0, sizeof(s->c.shared->cpus[3].counters));
		s->c.shared->cpus[3].counters[counter] = 7;
		assert_int_equal(take(s)->machine.events, aside ? 0 : 7);
	}
}

static void a_domain_s_histogram_is_of_its_cpus(void **state)
{
	struct scene *s = *state;

	for (uint32_t i = 0; i < s->c.shared->nr_cpu_ids; i++) {
		s->c.shared->cpus[i].queue_wait.buckets[i] = 1 + i;
		s->c.shared->cpus[i].queue_wait.sum = 3;
		s->c.shared->cpus[i].run_delay.buckets[24] = 2;
	}
	take(s);
	assert_int_equal(s->s->nr_domains, 4);
	assert_int_equal(s->s->domains[1].queue_wait.buckets[2], 3);
	assert_int_equal(s->s->domains[1].queue_wait.buckets[3], 4);
	assert_int_equal(s->s->domains[1].queue_wait.buckets[1], 0);
	assert_int_equal(s->s->domains[1].queue_wait.sum_ns, 2 * 3 * 1024);
	assert_int_equal(s->s->machine.queue_wait.buckets[7], 8);
	assert_int_equal(s->s->machine.queue_wait.sum_ns, 8 * 3 * 1024);
	assert_int_equal(s->s->machine.run_delay.buckets[24], 16);
}

/* 8 hogs of weight 100 and one of 1000 in domain 0, on 8 CPUs. */
static void loads_have_scx_rusty_s_meaning(void **state)
{
	struct scene *s = *state;
	struct statistics *now;

	crowd_add_many(&s->c, 4, 0, 100, 1);
	balance(s, false);
	now = take(s);
	/* nobody competes: weights do not count */
	assert_true(fabs(now->domains[0].load - 4) < 0.01);
	assert_true(fabs(now->domains[0].imbal - 3) < 0.01);
	assert_true(fabs(now->domains[3].imbal + 1) < 0.01);
	assert_true(fabs(now->nodes[0].imbal - 2) < 0.01);
	assert_true(fabs(now->machine.load - 4) < 0.01);

	crowd_add_many(&s->c, 16, 0, 200, 1);
	balance(s, false);
	now = take(s);
	/* 4 * 1 + 16 * 2, deserving 8 CPUs */
	assert_true(fabs(now->machine.load - 36) < 0.1);
	assert_true(fabs(now->domains[0].load_cpus - 8) < 0.01);
	assert_true(fabs(now->domains[0].imbal - 27) < 0.1);
}

static void what_is_asked_to_move_is_the_delta(void **state)
{
	struct scene *s = *state;
	struct statistics *now;
	double sum = 0;

	crowd_add_many(&s->c, 16, 0, 100, 1);
	balance(s, false);
	assert_true(take(s)->domains[0].delta == 0);
	balance(s, true);
	now = take(s);
	assert_true(now->domains[0].delta < -11.9);
	assert_true(now->nodes[1].delta > 7.9);
	for (uint32_t i = 0; i < now->nr_domains; i++)
		sum += now->domains[i].delta;
	assert_true(fabs(sum) < 1e-6);
}

static void numbers_of_the_parts(void **state)
{
	struct scene *s = *state;
	struct statistics_machine *m = &s->s->machine;

	s->from.tuning = (struct statistics_cost){ 7, 700, 90 };
	s->from.balancing = (struct statistics_cost){ 2, 50, 30 };
	s->from.generation = 5;
	s->clients.samples_dropped = 3;
	s->c.shared->tasks.nr_used = 12;
	s->c.shared->domains[2].nr_tasks = 11;
	s->c.shared->domains[2].max_wait_ns = 5000000;
	s->c.shared->domains[1].nr_online = 2;
	s->c.shared->configs[0].slice_underutil_ns = 20000000;
	take(s);
	assert_int_equal(m->tuner_time_us, 700);
	assert_int_equal(m->balance_rounds, 2);
	assert_int_equal(m->generation, 5);
	assert_int_equal(m->samples_dropped, 3);
	assert_int_equal(m->tasks, 12);
	assert_int_equal(m->max_wait_us, 5000);
	assert_int_equal(m->slice_us, 20000);
	assert_int_equal(s->s->domains[2].node, 1);
	assert_int_equal(s->s->nodes[1].tasks, 11);
	assert_int_equal(s->s->nodes[0].online, 2);
	assert_true(isnan(m->cpu_busy)); /* the tuner has not looked yet */
	assert_true(isnan(s->s->domains[0].busy));
}

static void without_a_scheduler_there_is_the_service(void **state)
{
	struct scene *s = *state;

	take(s);
	s->from.shared = NULL;
	s->from.restarts = 2;
	take(s);
	assert_int_equal(s->s->nr_domains, 0);
	assert_int_equal(s->s->machine.events, 0);
	assert_int_equal(s->s->machine.restarts, 2);
	assert_null(s->s->machine.kick_greedy_cpus);
}

static void a_baseline_is_taken_off_what_grows(void **state)
{
	_cleanup_(statistics_freep) struct statistics *base = NULL;
	struct scene *s = *state;
	struct wd40_cpu *c = &s->c.shared->cpus[2];

	c->counters[WD40_CTR_KEPT] = 10;
	c->queue_wait.buckets[4] = 5;
	c->queue_wait.sum = 6;
	s->c.shared->tasks.nr_used = 9;
	assert_int_equal(statistics_new(&base), 0);
	assert_int_equal(statistics_take(base, &s->from), 0);
	c->counters[WD40_CTR_KEPT] = 17;
	c->queue_wait.buckets[4] = 6;
	c->queue_wait.sum = 10;
	statistics_subtract(take(s), base);
	assert_int_equal(s->s->machine.counters[WD40_CTR_KEPT], 7);
	assert_int_equal(s->s->domains[1].queue_wait.buckets[4], 1);
	assert_int_equal(s->s->domains[1].queue_wait.sum_ns, 4 * 1024);
	assert_int_equal(s->s->machine.queue_wait.buckets[4], 1);
	assert_int_equal(s->s->machine.tasks, 9); /* a gauge */
	c->counters[WD40_CTR_KEPT] = 3;
	statistics_subtract(take(s), base);
	assert_int_equal(s->s->machine.counters[WD40_CTR_KEPT], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_says_what_it_is),
		cmocka_unit_test(names_are_unique_in_their_scope),
		cmocka_unit_test(no_two_rows_tell_the_same_value),
		cmocka_unit_test(what_is_added_up_on_the_scx_socket_is_of_one_form),
		cmocka_unit_test(bounds_are_those_of_the_buckets),
		TEST(counters_are_summed_over_cpus),
		TEST(all_events_are_in_the_total),
		TEST(a_domain_s_histogram_is_of_its_cpus),
		TEST(loads_have_scx_rusty_s_meaning),
		TEST(what_is_asked_to_move_is_the_delta),
		TEST(numbers_of_the_parts),
		TEST(without_a_scheduler_there_is_the_service),
		TEST(a_baseline_is_taken_off_what_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
