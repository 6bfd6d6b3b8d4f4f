/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <string.h>

#include "bpf/idle.h"
#include "daemon/busy.h"
#include "tests/unit/daemon/room.h"

#define MSEC     1000000ull
#define BEGIN_NS (1000 * 1000 * MSEC)
#define CPUS     8

struct meter {
	struct laid_out a;
	struct wd40_shared *shared;
	struct busy_meter *b;
	u64 now_ns;
};

static void pass(struct meter *m, u64 ns)
{
	m->now_ns += ns;
	m->shared->cpus[CPUS - 1].clock_ns = m->now_ns; /* the others' may be old */
}

static void change_over(struct meter *m, u32 cpu)
{
	m->shared->cpus[cpu].idle = idle_flip(m->shared->cpus[cpu].idle, m->now_ns);
}

static int begin(void **state)
{
	struct meter *m = calloc(1, sizeof(*m));

	m->a = lay_out(2, 2, 2);
	m->shared = m->a.shared;
	assert_int_equal(busy_meter_new(CPUS, &m->b), 0);
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		m->shared->cpus[cpu].online = true;
	pass(m, BEGIN_NS);
	*state = m;
	return 0;
}

static int end(void **state)
{
	struct meter *m = *state;

	busy_meter_free(m->b);
	laid_out_done(&m->a);
	free(m);
	return 0;
}

static void assert_busy(struct meter *m, u32 cpu, double pct)
{
	double is = busy_meter_pct(m->b)[cpu];

	if (!(fabs(is - pct) < 1e-6))
		fail_msg("CPU %u: %f, not %f", cpu, is, pct);
}

static void update(struct meter *m)
{
	busy_meter_update(m->b, m->shared);
}

static void one_reading_tells_nothing(void **state)
{
	struct meter *m = *state;

	assert_busy(m, 0, -1);
	update(m);
	assert_busy(m, 0, -1);
	assert_busy(m, CPUS - 1, -1);
}

/* Before it is attached nothing has a clock. */
static void a_scheduler_without_a_clock_is_no_reading(void **state)
{
	struct meter *m = *state;

	m->shared->cpus[CPUS - 1].clock_ns = 0;
	update(m);
	m->now_ns = BEGIN_NS;
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 0, -1);
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 0, 100);
}

/* Fault 35: shorter than any tick, and as exact. */
static void busy_is_what_was_not_idle(void **state)
{
	struct meter *m = *state;

	change_over(m, 1); /* idle all the time */
	change_over(m, 2);
	update(m);
	pass(m, MSEC / 8);
	change_over(m, 2); /* busy */
	change_over(m, 3); /* idle */
	pass(m, MSEC * 5 / 2);
	change_over(m, 2);
	pass(m, 10 * MSEC - MSEC / 8 - MSEC * 5 / 2);
	update(m);
	assert_busy(m, 0, 100);
	assert_busy(m, 1, 0);
	assert_busy(m, 2, 25);
	assert_busy(m, 3, 1.25);
}

static void each_reading_is_of_the_time_since_the_last(void **state)
{
	struct meter *m = *state;

	update(m);
	pass(m, 60 * MSEC);
	change_over(m, 0);
	pass(m, 40 * MSEC);
	update(m);
	assert_busy(m, 0, 60);
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 0, 0);
	change_over(m, 0);
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 0, 100);
}

/* Two policies that are due together, a re-tune right after a round: no share of microseconds. */
static void readings_close_together_are_one(void **state)
{
	struct meter *m = *state;

	update(m);
	pass(m, 100 * MSEC);
	change_over(m, 0);
	update(m);
	pass(m, BUSY_READING_MIN_NS - 1);
	update(m);
	assert_busy(m, 0, 100);
	pass(m, 100 * MSEC - BUSY_READING_MIN_NS + 1);
	update(m);
	assert_busy(m, 0, 0);
}

/* Nothing of the scheduler happened: in partial mode the clock may stand. */
static void while_the_clock_stands_the_share_stays(void **state)
{
	struct meter *m = *state;

	update(m);
	pass(m, 70 * MSEC);
	change_over(m, 0);
	pass(m, 30 * MSEC);
	update(m);
	update(m);
	assert_busy(m, 0, 70);
}

/* Both CPUs that change, from the second reading on; a CPU that is away counts for nothing. */
static void time_is_that_of_all_cpus(void **state)
{
	struct meter *m = *state;

	for (u32 cpu = 2; cpu < CPUS; cpu++)
		m->shared->cpus[cpu].online = false;
	update(m);
	assert_int_equal(busy_meter_time(m->b).all_ns, 0);
	pass(m, 30 * MSEC);
	change_over(m, 0);
	pass(m, 70 * MSEC);
	update(m);
	assert_int_equal(busy_meter_time(m->b).busy_ns, 130 * MSEC);
	assert_int_equal(busy_meter_time(m->b).all_ns, 200 * MSEC);
	m->shared->cpus[1].online = false;
	pass(m, 100 * MSEC);
	update(m);
	assert_int_equal(busy_meter_time(m->b).busy_ns, 130 * MSEC);
	assert_int_equal(busy_meter_time(m->b).all_ns, 300 * MSEC);
}

static void offline_is_unknown(void **state)
{
	struct meter *m = *state;

	change_over(m, 2);
	update(m);
	m->shared->cpus[2].online = false;
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 2, -1);
	m->shared->cpus[2].online = true;
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 2, -1);
	change_over(m, 2);
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 2, 100);
}

/* Clocks of CPUs differ: idle time that lies ahead, or goes back, is no share beyond its range. */
static void differing_clocks_stay_in_range(void **state)
{
	struct meter *m = *state;

	update(m);
	pass(m, 100 * MSEC);
	m->shared->cpus[0].idle = 100 * MSEC + 5000;
	m->shared->cpus[1].idle = 0;
	change_over(m, 2);
	m->shared->cpus[2].idle += 5000;
	update(m);
	assert_busy(m, 0, 0);
	assert_busy(m, 1, 100);
	assert_busy(m, 2, 100);
	m->shared->cpus[0].idle = 100 * MSEC;
	pass(m, 100 * MSEC);
	update(m);
	assert_busy(m, 0, 100);
}

static void the_word_flips_back_and_forth(void **state)
{
	u64 word = 0;

	assert_false(idle_is(word));
	assert_int_equal(idle_read_ns(word, BEGIN_NS), 0);
	word = idle_flip(word, BEGIN_NS);
	assert_true(idle_is(word));
	assert_int_equal(idle_read_ns(word, BEGIN_NS + 7), 7);
	word = idle_flip(word, BEGIN_NS + 10);
	assert_false(idle_is(word));
	assert_int_equal(idle_read_ns(word, BEGIN_NS + 100), 10);
	word = idle_flip(word, BEGIN_NS + 200);
	assert_int_equal(idle_read_ns(word, BEGIN_NS + 203), 13);
	assert_int_equal(idle_read_ns(word, BEGIN_NS + 190 - 10), 0); /* a clock that is behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_reading_tells_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_scheduler_without_a_clock_is_no_reading, begin,
						end),
		cmocka_unit_test_setup_teardown(busy_is_what_was_not_idle, begin, end),
		cmocka_unit_test_setup_teardown(each_reading_is_of_the_time_since_the_last, begin,
						end),
		cmocka_unit_test_setup_teardown(readings_close_together_are_one, begin, end),
		cmocka_unit_test_setup_teardown(while_the_clock_stands_the_share_stays, begin, end),
		cmocka_unit_test_setup_teardown(time_is_that_of_all_cpus, begin, end),
		cmocka_unit_test_setup_teardown(offline_is_unknown, begin, end),
		cmocka_unit_test_setup_teardown(differing_clocks_stay_in_range, begin, end),
		cmocka_unit_test(the_word_flips_back_and_forth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
