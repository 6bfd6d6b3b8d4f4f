/* SPDX-License-Identifier: GPL-2.0-only */
/* The closed loop: the daemon's balancer and the scheduler on the native kernel. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf/ravg.h"
#include "daemon/arena.h"
#include "daemon/balancer.h"
#include "tests/unit/bpf/scheduler.h"
#include "tests/unit/daemon/made-topology.h"

#define INTERVAL_NS (2 * SEC_NS)

struct loop {
	struct topology *t;
	struct tunable_set values;
	struct balancer *b;
};

static struct loop begin(u32 nodes, u32 domains, u32 cpus)
{
	struct loop l = { .t = topology_make(nodes, domains, cpus) };
	void *state;

	start((struct native_shape){ nodes, domains, cpus });
	l.values.values[TUNABLE_BALANCE_INTERVAL].usec = INTERVAL_NS / 1000;
	l.values.values[TUNABLE_LOAD_BALANCE].b = true;
	assert_int_equal(balancer_policy.new(l.t, &state), 0);
	l.b = state;
	return l;
}

static void end(struct loop *l)
{
	balancer_policy.free(l->b);
	topology_free(l->t);
	stop();
}

/* As the manager does it every interval. */
static void balance(struct loop *l)
{
	const struct policy_snapshot in = { .topology = l->t,
					    .values = &l->values,
					    .shared = &shared };

	native_run(INTERVAL_NS);
	balancer_policy.collect(l->b, &shared);
	balancer_policy.run(l->b, &in);
	balancer_policy.publish(l->b, &shared);
}

/* BPF's own sum for a domain, at the same time as the daemon's. */
static double domain_load(u32 d)
{
	const struct wd40_domain *dom = &shared.domains[d];

	return ravg_value(ravg_copy(&dom->load), dom->load_rate,
			  wd40_load_time(&shared, wd40_clock_ns(&shared)));
}

/* The greatest distance of a domain from the mean, as a part of it, by BPF's own sums. */
static double worst(void)
{
	double sum = 0, worst = 0;

	for (u32 d = 0; d < shared.nr_domains; d++)
		sum += domain_load(d);
	for (u32 d = 0; d < shared.nr_domains; d++)
		worst = fmax(worst, fabs(domain_load(d) * shared.nr_domains / sum - 1));
	return worst;
}

static void assert_all_answered(const struct loop *l)
{
	const struct moves_counts *c = moves_counts(l->b->moves);

	assert_int_equal(c->pending, 0);
	assert_int_equal(c->answers[WD40_MOVE_APPLIED], native_counter(WD40_CTR_MOVE_APPLIED));
	assert_int_equal(c->answers[WD40_MOVE_APPLIED] + c->withdrawn, c->requested);
	for (int i = WD40_MOVE_STALE; i < WD40_NR_MOVE_ANSWERS; i++)
		assert_int_equal(c->answers[i], 0);
}

/* 16 hogs bound to one of four domains are set free: even within two intervals, and then nothing. */
static void freed_hogs_spread(void **state)
{
	struct loop l = begin(2, 2, 2);
	u64 before;

	for (int i = 0; i < 16; i++) {
		native_allow_only(actor(100), 0, 2);
		act(actors[i]);
	}
	for (int i = 0; i < 3; i++)
		balance(&l);
	assert_int_equal(moves_counts(l.b->moves)->requested, 0);
	for (int i = 0; i < 16; i++)
		native_set_affinity(actors[i], 0, 8);
	balance(&l);
	balance(&l);
	assert_true(worst() < 0.05);
	before = moves_counts(l.b->moves)->requested;
	assert_true(before >= 12 && before <= 14);
	for (int i = 0; i < 15; i++) {
		balance(&l);
		assert_true(worst() < 0.05);
	}
	assert_int_equal(moves_counts(l.b->moves)->requested, before);
	assert_all_answered(&l);
	end(&l);
}

/* The daemon's sum over the tasks is BPF's sum of the domain. */
static void loads_agree_with_bpf(void **state)
{
	struct loop l = begin(1, 4, 2);

	l.values.values[TUNABLE_LOAD_BALANCE].b = false;
	for (u64 i = 0; i < 40; i++)
		sleeper(100, (1 + i % 7) * MSEC, (1 + i % 11) * MSEC);
	for (int i = 0; i < 5; i++) {
		double sum = 0, weighted = 0;

		balance(&l);
		for (u32 d = 0; d < 4; d++)
			weighted += domain_load(d);
		for (u32 k = 0; k < l.b->load->nr_tasks; k++)
			sum += l.b->load->tasks[k].load * fmax(l.b->load->limit, 100);
		assert_true(fabs(sum / weighted - 1) < 0.01);
	}
	assert_int_equal(moves_counts(l.b->moves)->requested, 0);
	end(&l);
}

/* Off they stay where they are, on they spread. */
static void off_and_on(void **state)
{
	struct loop l = begin(1, 2, 2);

	l.values.values[TUNABLE_LOAD_BALANCE].b = false;
	for (int i = 0; i < 8; i++) {
		native_allow_only(actor(100), 0, 2);
		act(actors[i]);
		native_set_affinity(actors[i], 0, 4);
	}
	for (int i = 0; i < 5; i++)
		balance(&l);
	assert_true(l.b->load->domains[0].load > 3 * l.b->load->domains[1].load);
	l.values.values[TUNABLE_LOAD_BALANCE].b = true;
	balance(&l);
	balance(&l);
	assert_true(worst() < 0.05);
	end(&l);
}

/* Hogs of all weights that come and go: every request ends, and what is left is even. */
static void all_is_answered_in_a_crowd(void **state)
{
	struct loop l = begin(2, 2, 4);

	srandom(11);
	for (int round = 0; round < 30; round++) {
		for (int i = 0; i < 5 && nr_actors < 150; i++)
			hog(round % 3 ? 100 : 1 + (u32)random() % 1000);
		if (round > 5)
			native_leave(actors[nr_actors - 1]), native_task_free(actors[--nr_actors]);
		balance(&l);
	}
	for (int i = 0; i < 6; i++)
		balance(&l);
	assert_int_equal(moves_counts(l.b->moves)->pending, 0);
	for (u32 d = 1; d < 4; d++)
		assert_true(fabs(l.b->load->domains[d].load / l.b->load->domains[0].load - 1) <
			    0.1);
	end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freed_hogs_spread),
		cmocka_unit_test(loads_agree_with_bpf),
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(all_is_answered_in_a_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
