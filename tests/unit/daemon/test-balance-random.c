/* SPDX-License-Identifier: GPL-2.0-only */
/* What holds for the balancer in random systems. */
#include "tests/unit/daemon/scene.h"

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
		cmocka_unit_test(random_systems_come_to_rest),
		cmocka_unit_test(divisible_load_is_even_after_two_rounds),
		cmocka_unit_test(noise_moves_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
