/* SPDX-License-Identifier: GPL-2.0-only */
/* Rounds of the balancer on a crowd, each move of which is checked. */
#pragma once

#include <math.h>

#include "daemon/balance.h"
#include "tests/unit/daemon/crowd.h"

#define INTERVAL_NS (2 * SEC_NS)
#define REST_ROUNDS 4

/* A crowd and a balancer whose moves are all carried out. */
struct scene {
	struct crowd c;
	struct load *l;
	struct balance *b;
	struct rest *rest;
	struct balance_input in;
	uint32_t nr_moved;
};

static inline struct scene scene_new(uint32_t nodes, uint32_t domains, uint32_t cpus)
{
	struct scene s = { .c = crowd_new(nodes, domains, cpus) };

	assert_int_equal(load_new(nodes * domains, &s.l), 0);
	assert_int_equal(balance_new(nodes * domains, nodes, &s.b), 0);
	assert_int_equal(rest_new(&s.rest), 0);
	s.in = (struct balance_input){ .load = s.l,
				       .shared = s.c.shared,
				       .rest = s.rest,
				       .interval_ns = INTERVAL_NS,
				       .kworkers = true,
				       .moves_max = WD40_MOVE_SLOTS };
	return s;
}

static inline void scene_done(struct scene *s)
{
	load_free(s->l);
	balance_free(s->b);
	rest_free(s->rest);
	crowd_free(&s->c);
}

static inline void plan(struct scene *s)
{
	assert_int_equal(load_read(s->l, s->c.shared), 0);
	assert_int_equal(balance_plan(s->b, &s->in), 0);
}

static inline bool is_allowed(const struct wd40_task *t, uint32_t domain)
{
	return t->allowed_domains[domain / 64] >> domain % 64 & 1;
}

/*
 * The sum of load^2 / capacity, of nodes and of domains: what moves make smaller. Captives of full
 * domains count in nodes as far as they have their part.
 */
struct potential {
	double nodes, domains;
};

static inline struct potential potential(const struct scene *s, const double *loads)
{
	double load[64] = { 0 }, capacity[64] = { 0 };
	struct potential p = { 0 };

	for (uint32_t d = 0; d < s->l->nr_domains; d++) {
		const struct load_domain *dom = &s->l->domains[d];

		if (!(dom->capacity > 0))
			continue;
		p.domains += loads[d] * loads[d] / dom->capacity;
		load[dom->node] += loads[d] - fmax(dom->captive - s->b->mean * dom->capacity, 0);
		capacity[dom->node] += dom->capacity;
	}
	for (int n = 0; n < 64; n++)
		if (capacity[n] > 0)
			p.nodes += load[n] * load[n] / capacity[n];
	return p;
}

/* Carries out one move, which must be allowed and make things better. */
static inline void carry_out(struct scene *s, const struct balance_move *m, double *loads)
{
	struct wd40_task *t = crowd_task(&s->c, WD40_HANDLE_INDEX(m->task));
	struct potential before = potential(s, loads), after;

	assert_int_equal(t->domain, m->from);
	assert_int_not_equal(m->from, m->to);
	assert_true(is_allowed(t, m->to));
	assert_true(s->l->domains[m->to].capacity > 0);
	assert_true(t->nr_allowed_domains > 1);
	assert_false(rest_in(s->rest, m->task, s->in.round + BALANCE_REST_WAIVED));
	assert_true(m->load > 0 && m->gain > 0);
	assert_int_equal(m->far, s->l->domains[m->from].node != s->l->domains[m->to].node);
	loads[m->from] -= m->load;
	loads[m->to] += m->load;
	after = potential(s, loads);
	if (m->far)
		assert_true(after.nodes < before.nodes);
	assert_true(after.domains < before.domains);
	t->domain = m->to;
	rest_until(s->rest, m->task, s->in.round + REST_ROUNDS);
}

/* A round; the number of its moves. */
static inline uint32_t carry_out_round(struct scene *s)
{
	double loads[64], sum = 0;

	s->in.round++;
	plan(s);
	balance_note(s->b);
	for (uint32_t d = 0; d < s->l->nr_domains; d++)
		sum += loads[d] = s->l->domains[d].load;
	for (uint32_t i = 0; i < s->b->nr_moves; i++)
		carry_out(s, &s->b->moves[i], loads);
	assert_int_equal(load_read(s->l, s->c.shared), 0);
	for (uint32_t d = 0; d < s->l->nr_domains; d++) {
		sum -= s->l->domains[d].load;
		assert_true(fabs(loads[d] - s->l->domains[d].load) < 1e-4);
	}
	assert_true(fabs(sum) < 1e-4);
	s->nr_moved += s->b->nr_moves;
	return s->b->nr_moves;
}

/* Greatest distance of a domain from the mean, as a part of that. */
static inline double worst(const struct scene *s)
{
	double worst = 0, mean = 0;

	for (uint32_t d = 0; d < s->l->nr_domains; d++)
		mean += s->l->domains[d].load / s->l->capacity;
	for (uint32_t d = 0; d < s->l->nr_domains; d++) {
		const struct load_domain *dom = &s->l->domains[d];

		worst = fmax(worst, fabs(dom->load / dom->capacity / mean - 1));
	}
	return worst;
}
