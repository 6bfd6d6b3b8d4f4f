/* SPDX-License-Identifier: GPL-2.0-only */
#include <float.h>
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

static struct scene scene_new(uint32_t nodes, uint32_t domains, uint32_t cpus)
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

static void scene_done(struct scene *s)
{
	load_free(s->l);
	balance_free(s->b);
	rest_free(s->rest);
	crowd_free(&s->c);
}

static void plan(struct scene *s)
{
	assert_int_equal(load_read(s->l, s->c.shared), 0);
	assert_int_equal(balance_plan(s->b, &s->in), 0);
}

static bool is_allowed(const struct wd40_task *t, uint32_t domain)
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

static struct potential potential(const struct scene *s, const double *loads)
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
static void carry_out(struct scene *s, const struct balance_move *m, double *loads)
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
static uint32_t carry_out_round(struct scene *s)
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
static double worst(const struct scene *s)
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

/* --- Properties of random systems. -------------------------------------------------------------- */

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

static double fraction(void)
{
	return (double)random() / RAND_MAX;
}

static void add_random_task(struct scene *s)
{
	uint32_t n = s->c.shared->nr_domains, domain = below(below(n) + 1);
	uint32_t weight = below(2) ? 100 : (uint32_t)exp2(13.28 * fraction());
	struct wd40_task *t = crowd_add(&s->c, domain, weight, below(2) ? 1 : fraction());

	if (below(5) == 0) /* some domains, mostly its own among them */
		task_allow_only(&s->c, t, (1ull << domain) | ((u64)random() & ((1ull << n) - 1)));
	if (below(20) == 0)
		task_allow_only(&s->c, t, 1ull << below(n));
}

static struct scene random_scene(void)
{
	struct scene s = scene_new(1 + below(3), 1 + below(4), 1 + below(4));
	uint32_t n = 1 + below(1 + below(80));

	for (uint32_t i = 0; i < s.c.shared->nr_domains; i++) {
		if (below(4) == 0)
			s.c.shared->domains[i].capacity -= below(900);
		if (below(20) == 0)
			s.c.shared->domains[i].capacity = 0;
	}
	while (n--)
		add_random_task(&s);
	return s;
}

/*
 * Is there a task whose move from the highest domain to the lowest would still be as good as the header
 * says? By looking at all of them.
 */
static bool is_good_left(const struct scene *s, bool far, uint32_t from, uint32_t to)
{
	const struct balance_group *x = &s->b->domains[from], *y = &s->b->domains[to];
	const struct balance_group *nx = &s->b->nodes[s->l->domains[from].node],
				   *ny = &s->b->nodes[s->l->domains[to].node];
	double dx = x->load / x->capacity, dy = y->load / y->capacity;
	double even = (dx - dy) * x->capacity * y->capacity / (x->capacity + y->capacity);
	double differ = dx - dy, cost = BALANCE_COLD_DOMAIN_NS / INTERVAL_NS;

	if (far) {
		differ = nx->load / nx->capacity - ny->load / ny->capacity;
		even = fmin(even,
			    differ * nx->capacity * ny->capacity / (nx->capacity + ny->capacity));
		cost = BALANCE_COLD_NODE_NS / INTERVAL_NS;
	}
	if (differ / fmax(s->b->mean, 0.5) <=
	    (far ? BALANCE_TOLERANCE_NODE : BALANCE_TOLERANCE_DOMAIN))
		return false;
	for (uint32_t i = 0; i < s->l->nr_tasks; i++) {
		const struct load_task *t = &s->l->tasks[i];
		double gain = fmin(t->load, 2 * even - t->load);

		if (t->domain == from && t->movable && gain > cost * 1.001 &&
		    gain > t->load / (far ? 4 : 8) * 1.001 &&
		    is_allowed(crowd_task(&s->c, WD40_HANDLE_INDEX(t->handle)), to))
			return true;
	}
	return false;
}

/* Nothing good is left when no moves are made any more. */
static void assert_nothing_good_is_left(const struct scene *s)
{
	const struct load_domain *d = s->l->domains;

	for (uint32_t x = 0; x < s->l->nr_domains; x++)
		for (uint32_t y = 0; y < s->l->nr_domains; y++)
			if (x != y && d[x].capacity > 0 && d[y].capacity > 0 &&
			    is_good_left(s, d[x].node != d[y].node, x, y))
				fail_msg("from %u to %u there is a good move left", x, y);
}

/* Each move makes it better; they end soon, for good, and not before all is done that can be. */
static void random_systems_come_to_rest(void **state)
{
	uint32_t most_rounds = 0;

	for (unsigned int seed = 0; seed < 10000; seed++) {
		uint32_t last = 0;
		struct scene s;

		srandom(seed);
		s = random_scene();
		for (uint32_t i = 1; i <= last + 2 * REST_ROUNDS; i++) {
			if (carry_out_round(&s))
				last = i;
			assert_true(last < 60);
		}
		assert_nothing_good_is_left(&s);
		most_rounds = last > most_rounds ? last : most_rounds;
		scene_done(&s);
	}
	print_message("after %u rounds at most, no move was made\n", most_rounds);
}

/* I4: where the load is divisible all is even after two rounds. */
static void divisible_load_is_even_after_two_rounds(void **state)
{
	for (unsigned int seed = 0; seed < 1000; seed++) {
		struct scene s;

		srandom(seed);
		s = scene_new(1 + below(3), 1 + below(4), 1 + below(4));
		for (uint32_t i = 0; i < s.c.shared->nr_domains; i++)
			s.c.shared->domains[i].capacity -= below(513);
		for (uint32_t i = 0; i < 100 * s.c.shared->nr_cpu_ids; i++)
			crowd_add(&s.c, below(below(s.c.shared->nr_domains) + 1), 50 + below(100),
				  0.3 + 0.7 * fraction());
		carry_out_round(&s);
		carry_out_round(&s);
		if (worst(&s) >= 0.05)
			fail_msg("seed %u: %.3f from the mean", seed, worst(&s));
		assert_int_equal(carry_out_round(&s), 0);
		scene_done(&s);
	}
}

/*
 * Loads that are never the same twice, by a fifth up and down: the balance stays, and the moves are
 * few.
 */
static void noise_moves_few(void **state)
{
	struct scene s = scene_new(2, 2, 8);
	uint32_t before;

	srandom(1);
	crowd_add_many(&s.c, 800, 0, 100, 0.5);
	carry_out_round(&s);
	before = s.nr_moved;
	for (int i = 0; i < 100; i++) {
		for (uint32_t k = 0; k < s.c.nr_tasks; k++)
			crowd_task(&s.c, k)->duty.avg =
				(u64)((0.4 + 0.2 * fraction()) * WD40_DUTY_ONE *
				      (1 << WD40_RAVG_FRAC));
		carry_out_round(&s);
		assert_true(worst(&s) < 0.05);
	}
	print_message("%u moves of 800 tasks in 100 rounds\n", s.nr_moved - before);
	assert_true(s.nr_moved - before < 200);
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
		cmocka_unit_test(random_systems_come_to_rest),
		cmocka_unit_test(divisible_load_is_even_after_two_rounds),
		cmocka_unit_test(noise_moves_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
