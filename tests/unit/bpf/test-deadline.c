/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/unit/bpf/tasks.h"

#include "bpf/deadline.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)
#define SLICE   (20 * MSEC)
#define BASE    (1000 * SEC_NS) /* of the domain's time */

static struct wd40_domain *dom;

static int boot(void **state)
{
	native_boot((struct native_shape){ 1, 2, 4 });
	all_online();
	dom = &shared.domains[0];
	dom->min_vtime = BASE;
	return 0;
}

static int halt(void **state)
{
	native_halt();
	return 0;
}

/* A runnable task at the domain's time. */
static struct wd40_task *runnable(u32 weight)
{
	struct wd40_task *t = task_in(0, weight);

	domain_set_runnable(t, true, load_time());
	t->vtime = dom->min_vtime;
	return t;
}

static void set(struct wd40_task *t)
{
	deadline_set(t, dom, SLICE);
}

/* It runs for that long, all at once. */
static void run(struct wd40_task *t, u64 ns)
{
	native.now_ns += ns;
	deadline_charge(t, dom, t->charged_ns + ns);
}

/* --- What a run costs. -------------------------------------------------------------------------- */

static void vtime_is_the_run_by_the_weight(void **state)
{
	static const u32 weights[] = { 1, 50, 100, 300, WD40_MAX_WEIGHT };

	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		struct wd40_task *t = runnable(weights[i]);

		run(t, 3 * MSEC);
		assert_int_equal(t->vtime, BASE + 3 * MSEC * 100 / weights[i]);
		assert_int_equal(t->run_since_wake_ns, 3 * MSEC);
	}
}

/* Fault 3: where a stint begins is known, so neither uptime nor what it ran elsewhere is charged. */
static void fault_3_only_the_run_is_charged(void **state)
{
	struct wd40_task *t = runnable(100);

	deadline_begin(t, 7 * SEC_NS);
	deadline_charge(t, dom, 7 * SEC_NS);
	deadline_charge(t, dom, 7 * SEC_NS - 1000);
	assert_int_equal(t->vtime, BASE);
	deadline_charge(t, dom, 7 * SEC_NS + 1000);
	deadline_charge(t, dom, 7 * SEC_NS + 3000);
	deadline_charge(t, dom, 7 * SEC_NS + 3000);
	assert_int_equal(t->vtime, BASE + 3000);
	assert_int_equal(t->run_since_wake_ns, 3000);
}

static void the_mean_run_counts_a_new_one_by_a_quarter(void **state)
{
	struct wd40_task *t = runnable(100);

	t->avg_run_ns = 4000;
	run(t, 8000);
	deadline_sleep(t);
	assert_int_equal(t->avg_run_ns, 5000);
	assert_int_equal(t->run_since_wake_ns, 0);
	for (int i = 0; i < 100; i++) {
		run(t, 2 * MSEC);
		deadline_sleep(t);
	}
	assert_in_range(t->avg_run_ns, 2 * MSEC - 10, 2 * MSEC);
}

/* --- The time of the domain. -------------------------------------------------------------------- */

static void a_domains_time_never_goes_back(void **state)
{
	deadline_advance_domain(dom, BASE + 5);
	assert_int_equal(dom->min_vtime, BASE + 5);
	deadline_advance_domain(dom, BASE + 3);
	deadline_advance_domain(dom, BASE - SEC_NS);
	assert_int_equal(dom->min_vtime, BASE + 5);
}

static u64 meanwhile;

static void another_cpu_advances(void)
{
	native_on_read = NULL;
	dom->min_vtime = meanwhile;
}

static void two_cpus_that_advance_end_at_the_later(void **state)
{
	for (u64 other = 1; other < 20; other += 9) {
		dom->min_vtime = BASE;
		meanwhile = BASE + other;
		native_on_read = another_cpu_advances;
		deadline_advance_domain(dom, BASE + 10);
		assert_int_equal(dom->min_vtime, BASE + (other < 10 ? 10 : other));
	}
}

/* It passes by what each runnable task gets in the mean, and only where others wait. */
static void a_domains_time_passes_while_tasks_wait(void **state)
{
	struct wd40_task *a = runnable(100), *b = runnable(300);

	run(a, SEC_NS);
	assert_int_equal(dom->min_vtime, BASE);
	b->flags |= WD40_TASK_OPPOSED;
	run(b, SEC_NS);
	assert_int_equal(dom->min_vtime, BASE + SEC_NS / 4);
	a->flags |= WD40_TASK_OPPOSED;
	run(a, SEC_NS);
	assert_int_equal(dom->min_vtime, BASE + SEC_NS / 2);
}

static void a_run_outside_any_domain_is_charged(void **state)
{
	struct wd40_task *t = runnable(100);

	t->flags |= WD40_TASK_OPPOSED;
	deadline_charge(t, NULL, t->charged_ns + 1000);
	assert_int_equal(t->vtime, BASE + 1000);
	assert_int_equal(dom->min_vtime, BASE);
}

/* --- Deadlines. --------------------------------------------------------------------------------- */

static void a_request_is_the_expected_run_by_the_weight(void **state)
{
	struct wd40_task *t = runnable(200);

	t->avg_run_ns = 3 * MSEC;
	set(t);
	assert_int_equal(t->deadline, BASE + 3 * MSEC / 2);
	t->run_since_wake_ns = 4 * MSEC; /* runs longer than usual */
	set(t);
	assert_int_equal(t->deadline, BASE + 2 * MSEC);
	t->avg_run_ns = t->run_since_wake_ns = 0;
	set(t);
	assert_int_equal(t->deadline, BASE + DEADLINE_MIN_RUN_NS / 2);
}

static void fault_22_a_request_is_a_slice_at_most(void **state)
{
	struct wd40_task *t = runnable(100);

	t->avg_run_ns = 60 * SEC_NS;
	set(t);
	assert_int_equal(t->deadline, BASE + SLICE);
	t->avg_run_ns = 0;
	t->run_since_wake_ns = 60 * SEC_NS;
	set(t);
	assert_int_equal(t->deadline, BASE + SLICE);
}

static void credit_is_a_slice_at_most(void **state)
{
	struct wd40_task *t = runnable(100);

	t->vtime = BASE - SLICE;
	assert_false(deadline_set(t, dom, SLICE));
	assert_int_equal(t->vtime, BASE - SLICE);
	t->vtime--;
	assert_true(deadline_set(t, dom, SLICE));
	assert_int_equal(t->vtime, BASE - SLICE);
	t->vtime = 0;
	assert_true(deadline_set(t, dom, MSEC));
	assert_int_equal(t->vtime, BASE - MSEC);
}

/* It slept, so what it ran before, when there were other tasks, counts for one slice of now. */
static void debt_is_a_slice_at_most_after_sleep(void **state)
{
	struct wd40_task *t = runnable(50);

	t->vtime = BASE + 20 * SLICE;
	set(t);
	assert_int_equal(t->vtime, BASE + 2 * SLICE);
	t->vtime = BASE + SLICE;
	set(t);
	assert_int_equal(t->vtime, BASE + SLICE);
	t->vtime = BASE + 20 * SLICE;
	t->run_since_wake_ns = 1; /* it did not sleep, and runs on */
	set(t);
	assert_int_equal(t->vtime, BASE + 20 * SLICE);
}

static void time_that_wraps_around_is_no_credit(void **state)
{
	struct wd40_task *t = runnable(100);

	dom->min_vtime = 5;
	t->vtime = -5ull;
	assert_false(deadline_set(t, dom, SLICE));
	assert_int_equal(t->vtime, -5ull);
	t->vtime = -2 * SLICE;
	assert_true(deadline_set(t, dom, SLICE));
	assert_int_equal(t->vtime, 5 - SLICE);
	assert_true(deadline_before(-5ull, 5));
	assert_false(deadline_before(5, -5ull));
	assert_false(deadline_before(7, 7));
}

/* Who runs although nobody waits takes nothing from anybody. */
static void an_unopposed_lead_is_a_slice_at_most(void **state)
{
	struct wd40_task *t = runnable(50);

	t->flags |= WD40_TASK_OPPOSED;
	t->vtime = BASE + 60 * SEC_NS;
	deadline_unopposed(t, dom, SLICE);
	assert_int_equal(t->vtime, BASE + 2 * SLICE);
	assert_false(t->flags & WD40_TASK_OPPOSED);
	t->vtime = BASE + SLICE;
	deadline_unopposed(t, dom, SLICE);
	assert_int_equal(t->vtime, BASE + SLICE);
	t->vtime = BASE - SEC_NS;
	deadline_unopposed(t, dom, SLICE);
	assert_int_equal(t->vtime, BASE - SEC_NS);
}

/* --- Moves. ------------------------------------------------------------------------------------- */

static void fault_34_the_lag_goes_along(void **state)
{
	const struct wd40_domain *from = dom, *to = &shared.domains[1];

	shared.domains[1].min_vtime = 7 * SEC_NS;
	assert_int_equal(deadline_carry(BASE, from, to, SLICE), 7 * SEC_NS);
	assert_int_equal(deadline_carry(BASE + MSEC, from, to, SLICE), 7 * SEC_NS + MSEC);
	assert_int_equal(deadline_carry(BASE - MSEC, from, to, SLICE), 7 * SEC_NS - MSEC);
	assert_int_equal(deadline_carry(BASE + SEC_NS, from, to, SLICE), 7 * SEC_NS + SLICE);
	assert_int_equal(deadline_carry(BASE - SEC_NS, from, to, SLICE), 7 * SEC_NS - SLICE);
	shared.domains[1].min_vtime = 0;
	assert_int_equal(deadline_carry(BASE - MSEC, from, to, SLICE), -MSEC);
}

/* --- Another weight. ---------------------------------------------------------------------------- */

/* A lead of so much time at one weight is as much at the other. */
static void a_new_weight_keeps_the_lag(void **state)
{
	struct wd40_task *t = runnable(1);

	t->vtime = BASE + 3 * SLICE * 100;
	domain_set_weight(t, WD40_MAX_WEIGHT, load_time());
	assert_int_equal(t->vtime, BASE + 3 * SLICE / 100);
	domain_set_weight(t, 300, load_time());
	assert_int_equal(t->vtime, BASE + SLICE);
	t->vtime = BASE - SLICE;
	domain_set_weight(t, 100, load_time());
	assert_int_equal(t->vtime, BASE - 3 * SLICE);
}

/* It slept for a year. */
static void a_lag_beyond_all_limits_stays_one(void **state)
{
	struct wd40_task *t = runnable(WD40_MAX_WEIGHT);

	dom->min_vtime = BASE + 365 * 86400 * SEC_NS;
	domain_set_weight(t, 1, load_time());
	assert_true(deadline_before(t->vtime, dom->min_vtime - SEC_NS));
	domain_set_weight(t, WD40_MAX_WEIGHT, load_time());
	assert_true(deadline_before(t->vtime, dom->min_vtime - SLICE));
}

/* --- One queue of one CPU, by the real functions. ----------------------------------------------- */

#define HOGS_MAX 40

struct hog {
	struct wd40_task *t;
	u64 ran, queued_at, longest_wait;
};

struct queue {
	struct hog hogs[HOGS_MAX];
	u32 nr;
};

static void queue_hog(struct queue *q, u32 weight)
{
	struct hog *h = &q->hogs[q->nr++];

	*h = (struct hog){ .t = runnable(weight), .queued_at = native.now_ns };
	h->t->flags |= WD40_TASK_OPPOSED;
	deadline_set(h->t, dom, SLICE);
}

static struct hog *first_of(struct queue *q)
{
	struct hog *first = &q->hogs[0];

	for (u32 i = 1; i < q->nr; i++)
		if (deadline_before(q->hogs[i].t->deadline, first->t->deadline))
			first = &q->hogs[i];
	return first;
}

static void end_wait(struct hog *h)
{
	if (native.now_ns - h->queued_at > h->longest_wait)
		h->longest_wait = native.now_ns - h->queued_at;
	h->queued_at = native.now_ns;
}

/* All hogs, slice after slice. */
static void run_queue(struct queue *q, u64 duration)
{
	for (u64 end = native.now_ns + duration; native.now_ns < end;) {
		struct hog *h = first_of(q);

		end_wait(h);
		deadline_advance_domain(dom, h->t->vtime);
		run(h->t, SLICE);
		h->ran += SLICE;
		h->queued_at = native.now_ns;
		deadline_set(h->t, dom, SLICE);
	}
}

static void equal_hogs_get_equal_time(void **state)
{
	struct queue q = { .nr = 0 };

	for (int i = 0; i < 5; i++)
		queue_hog(&q, 100);
	run_queue(&q, 10 * SEC_NS);
	for (int i = 0; i < 5; i++)
		assert_in_range(q.hogs[i].ran, 2 * SEC_NS * 98 / 100, 2 * SEC_NS * 102 / 100);
}

static void weights_are_honoured(void **state)
{
	static const u32 weights[] = { 50, 100, 150, 300, 1000 };
	struct queue q = { .nr = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(weights); i++)
		queue_hog(&q, weights[i]);
	run_queue(&q, 60 * SEC_NS);
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		u64 fair = 60 * SEC_NS * weights[i] / 1600;

		assert_in_range(q.hogs[i].ran, fair * 95 / 100, fair * 105 / 100);
	}
}

/* Fault 22: in scx_wd40 the second half gets all of the CPU until it has caught up: 60 s here. */
static void fault_22_late_hogs_do_not_starve_early_ones(void **state)
{
	struct queue q = { .nr = 0 };

	for (int i = 0; i < 20; i++)
		queue_hog(&q, 100);
	run_queue(&q, 60 * SEC_NS);
	for (int i = 0; i < 20; i++)
		queue_hog(&q, 100);
	run_queue(&q, 60 * SEC_NS);
	/* each other one goes first for its credit and two slices, at most */
	for (int i = 0; i < 40; i++) {
		end_wait(&q.hogs[i]);
		assert_in_range(q.hogs[i].longest_wait, 0, 39 * 3 * SLICE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vtime_is_the_run_by_the_weight),
		TEST(fault_3_only_the_run_is_charged),
		TEST(the_mean_run_counts_a_new_one_by_a_quarter),
		TEST(a_domains_time_never_goes_back),
		TEST(two_cpus_that_advance_end_at_the_later),
		TEST(a_domains_time_passes_while_tasks_wait),
		TEST(a_run_outside_any_domain_is_charged),
		TEST(a_request_is_the_expected_run_by_the_weight),
		TEST(fault_22_a_request_is_a_slice_at_most),
		TEST(credit_is_a_slice_at_most),
		TEST(debt_is_a_slice_at_most_after_sleep),
		TEST(time_that_wraps_around_is_no_credit),
		TEST(an_unopposed_lead_is_a_slice_at_most),
		TEST(fault_34_the_lag_goes_along),
		TEST(a_new_weight_keeps_the_lag),
		TEST(a_lag_beyond_all_limits_stays_one),
		TEST(equal_hogs_get_equal_time),
		TEST(weights_are_honoured),
		TEST(fault_22_late_hogs_do_not_starve_early_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
