/* SPDX-License-Identifier: GPL-2.0-only */
/* I6: the daemon's requests to move a task, by wd40's callbacks: each is answered, once, and soon. */
#include "tests/unit/bpf/one-domain.h"

#include "bpf/steal.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_with_two, end)

static u32 nr_asked;

/* Two domains of two CPUs. */
static int begin_with_two(void **state)
{
	start((struct native_shape){ 1, 2, 2 });
	nr_asked = 0;
	return 0;
}

static struct wd40_move *ask_by_name(struct wd40_task *t, u32 generation, u32 target)
{
	u32 slot = nr_asked++;
	struct wd40_move *m = &shared.moves[slot];

	*m = (struct wd40_move){ .id = nr_asked,
				 .task = WD40_HANDLE(generation, t->index),
				 .target = target,
				 .answer = WD40_MOVE_PENDING };
	__atomic_store_n(&t->move, WD40_MOVE_WORD(generation, slot), __ATOMIC_RELEASE);
	return m;
}

static struct wd40_move *ask(const struct task_struct *p, u32 target)
{
	return ask_by_name(context(p), context(p)->slot.generation, target);
}

static void assert_moved(const struct task_struct *p, const struct wd40_move *m)
{
	assert_int_equal(m->answer, WD40_MOVE_APPLIED);
	assert_int_equal(context(p)->domain, m->target);
	assert_int_equal(native_counter(WD40_CTR_MOVE_APPLIED), 1);
}

/* --- When. -------------------------------------------------------------------------------------- */

/* It has its CPU for itself, and is never queued. */
static void a_hog_alone_is_moved_within_a_slice(void **state)
{
	struct task_struct *p = hog(100);
	struct wd40_move *m;

	native_run(SEC_NS);
	m = ask(p, 1);
	native_run(slice_ns());
	assert_moved(p, m);
}

static void a_hog_among_many_is_moved_within_a_turn(void **state)
{
	struct wd40_move *m;

	hogs(20, 100);
	native_run(SEC_NS);
	m = ask(actors[7], !context(actors[7])->domain);
	native_run(20 * slice_ns());
	assert_moved(actors[7], m);
}

/* It passes neither enqueue nor, when its slice is used up, dispatch. */
static void who_always_finds_an_idle_cpu_is_moved(void **state)
{
	struct task_struct *p = sleeper(100, MSEC, 9 * MSEC);
	struct wd40_move *m;

	native_run(SEC_NS);
	m = ask(p, 1);
	native_run(20 * MSEC);
	assert_moved(p, m);
	native_run(100 * MSEC);
	assert_int_equal(shared.cpus[p->native.cpu].domain, 1);
}

static void a_sleeper_is_moved_when_it_wakes(void **state)
{
	struct task_struct *p = sleeper(100, MSEC, 0);
	struct wd40_move *m;

	native_run(10 * MSEC);
	m = ask(p, 1);
	native_run(10 * SEC_NS);
	assert_int_equal(m->answer, WD40_MOVE_PENDING);
	native_wake(p, 0);
	assert_moved(p, m);
}

/* Bound to a CPU it skips select_cpu, and cannot go anywhere. */
static void who_is_bound_to_a_cpu_is_refused(void **state)
{
	struct task_struct *p = pinned_hog(100, 1);
	struct wd40_move *m;

	native_run(MSEC);
	m = ask(p, 1);
	native_run(slice_ns());
	assert_int_equal(m->answer, WD40_MOVE_REFUSED_AFFINITY);
	assert_int_equal(native_counter(WD40_CTR_MOVE_REFUSED), 1);
}

/* A light one behind heavy ones, where it would wait for seconds; the other domain has room. */
static void who_waits_for_long_is_moved_from_the_queue(void **state)
{
	struct task_struct *light;
	struct wd40_move *m;

	for (s32 i = 0; i < 8; i++) {
		struct task_struct *p = actor(8668);

		native_allow_only(p, 0, 2);
		act(p);
	}
	light = hog(1);
	native_run(300 * MSEC);
	assert_int_equal(context(light)->domain, 0);
	assert_true(context(light)->queued_at);
	m = ask(light, 1);
	native_run(WD40_RESCUE_INTERVAL_NS + slice_ns());
	assert_moved(light, m);
	assert_int_equal(shared.cpus[light->native.cpu].domain, 1);
	forget();
	native_run(SEC_NS);
	assert_ran(light, 1e9, 0.01);
}

/* Its next domain is busy by now, but a third one has room: an idle CPU of that comes for it. */
static void who_is_moved_from_the_queue_is_fetched(void **state)
{
	struct task_struct *light;
	struct wd40_move *m;

	stop();
	start((struct native_shape){ 1, 3, 1 });
	for (s32 cpu = 0; cpu < 2; cpu++)
		for (s32 i = 0; i < 4; i++)
			pinned_hog(8668, cpu);
	light = hog(1);
	native_run(300 * MSEC);
	assert_int_equal(context(light)->domain, 0);
	native_tune()->any_kick_greedy = true;
	native_tune()->kick_greedy[0] = 1 << 2;
	m = ask(light, 1);
	native_run(WD40_RESCUE_INTERVAL_NS + slice_ns());
	assert_moved(light, m);
	assert_int_equal(light->native.cpu, 2);
}

/* Both domains are full of heavy ones: it was put back at each search, and never rescued. */
static void who_waits_in_its_next_queue_is_rescued_there(void **state)
{
	struct task_struct *light;
	struct wd40_move *m;

	stop();
	start((struct native_shape){ 1, 2, 1 });
	for (s32 cpu = 0; cpu < 2; cpu++)
		for (s32 i = 0; i < 4; i++)
			pinned_hog(8668, cpu);
	light = hog(1);
	native_run(2 * SEC_NS); /* it has run */
	assert_int_equal(context(light)->domain, 0);
	m = ask(light, 1);
	native_run(WD40_RESCUE_INTERVAL_NS + slice_ns());
	assert_ptr_equal(light->native.dsq, native_dsq(QUEUE_DEADLINE(1)));
	assert_int_equal(m->answer, WD40_MOVE_PENDING);
	native_run(WD40_RESCUE_AFTER_NS + WD40_RESCUE_INTERVAL_NS + 5 * slice_ns());
	assert_moved(light, m);
}

/* --- Whom. -------------------------------------------------------------------------------------- */

static void who_ends_answers_what_was_asked(void **state)
{
	struct task_struct *asleep = sleeper(100, MSEC, 0), *running = hog(100);
	struct wd40_move *m, *n;

	native_run(10 * MSEC);
	m = ask(asleep, 1);
	n = ask(running, 1);
	native_leave(asleep);
	native_leave(running);
	assert_int_equal(m->answer, WD40_MOVE_STALE);
	assert_int_equal(n->answer, WD40_MOVE_STALE);
	assert_int_equal(native_counter(WD40_CTR_MOVE_STALE), 2);
}

/* The word was stored when the task had ended: whoever gets the slot next gives the answer, unmoved. */
static void a_word_for_the_dead_harms_no_heir(void **state)
{
	struct task_struct *p = hog(100), *heir;
	struct wd40_task *t = context(p);
	u32 generation = t->slot.generation;
	struct wd40_move *m;

	native_leave(p);
	m = ask_by_name(t, generation, 1);
	native_run(SEC_NS);
	assert_int_equal(m->answer, WD40_MOVE_PENDING);
	heir = hog(100);
	assert_ptr_equal(context(heir), t);
	assert_int_equal(m->answer, WD40_MOVE_STALE);
	assert_int_equal(t->move, 0);
	native_run(SEC_NS);
	assert_int_equal(t->domain, 0);

	/* or even when the heir was there */
	m = ask_by_name(t, generation, 1);
	native_run(SEC_NS);
	assert_int_equal(m->answer, WD40_MOVE_STALE);
	assert_int_equal(t->domain, 0);
}

/* Fault 34, from the balancer's request to the queue. */
static void the_lag_goes_along(void **state)
{
	struct wd40_task *t;

	hogs(9, 100);
	native_run(SEC_NS);
	shared.domains[1].min_vtime = 77 * SEC_NS;
	t = context(actors[3]);
	for (u32 i = 0; i < 10; i++) {
		u32 from = t->domain;
		s64 lag = 0, limit = (s64)(2 * slice_ns());
		struct wd40_move *m = ask(actors[3], !from);

		while (m->answer == WD40_MOVE_PENDING) {
			lag = (s64)(t->vtime - shared.domains[from].min_vtime);
			native_run(slice_ns() / 4);
		}
		assert_int_equal(m->answer, WD40_MOVE_APPLIED);
		assert_true(lag > -limit && lag < limit);
		lag = (s64)(t->vtime - shared.domains[!from].min_vtime);
		assert_true(lag > -2 * limit && lag < 2 * limit);
	}
}

/* --- At any moment. ----------------------------------------------------------------------------- */

static u32 answers_so_far(void)
{
	return (u32)(native_counter(WD40_CTR_MOVE_APPLIED) + native_counter(WD40_CTR_MOVE_STALE) +
		     native_counter(WD40_CTR_MOVE_REFUSED));
}

static u32 calls_to_go;
static struct wd40_task *target;
static struct wd40_move *asked;

/* The daemon asks between two steps of BPF. */
static void ask_at_call(const char *kfunc)
{
	if (--calls_to_go)
		return;
	native.on_call = NULL;
	asked = ask_by_name(target, target->slot.generation, !target->domain);
}

/* A task works, waits, sleeps and ends; the request comes at a certain call that BPF makes. */
static void live_and_die(u32 call)
{
	struct task_struct *p;

	hogs(6, 100);
	p = sleeper(100, 15 * MSEC, 30 * MSEC);
	native_run(60 * MSEC);
	target = context(p);
	asked = NULL;
	calls_to_go = call;
	native.on_call = ask_at_call;
	native_run(200 * MSEC);
	native_leave(p);
	native.on_call = NULL;
}

/* What came in the middle of the task's end waits for an heir, and is seen to by its generation. */
static void a_request_at_any_moment_is_answered_once(void **state)
{
	u32 nr_calls = 0;

	do {
		stop();
		begin_with_two(state);
		live_and_die(++nr_calls);
		if (!asked)
			break;
		if (asked->answer == WD40_MOVE_PENDING) {
			assert_int_not_equal(target->slot.generation,
					     WD40_HANDLE_GENERATION(asked->task));
			hog(100);
			assert_int_equal(asked->answer, WD40_MOVE_STALE);
		}
		assert_in_range(asked->answer, WD40_MOVE_APPLIED, WD40_MOVE_REFUSED_SAME);
		assert_int_equal(answers_so_far(), 1);
		assert_int_equal(target->move, 0);
	} while (asked);
	assert_true(nr_calls > 100);
}

/* Lives and deaths with requests to all, some by the name of who had the slot before. */
static void all_of_many_requests_are_answered(void **state)
{
	srandom(6);
	for (u32 i = 0; i < 30; i++)
		sleeper(1 + (u32)random() % 1000, 1 + (u32)random() % (20 * MSEC),
			1 + (u32)random() % (20 * MSEC));
	for (u32 i = 0; i < 4000; i++) {
		u32 k = (u32)random() % nr_actors;
		struct wd40_task *t = context(actors[k]);

		if (!t->move)
			ask_by_name(t, t->slot.generation - 2 * (random() % 4 == 0),
				    (u32)random() % 3);
		if (random() % 8 == 0) {
			native_leave(actors[k]);
			native_task_free(actors[k]);
			actors[k] = native_task_new();
			actors[k]->native.run = MSEC;
			actors[k]->native.sleep = MSEC;
			act(actors[k]);
		}
		native_run((u64)random() % (5 * MSEC));
	}
	native_run(SEC_NS);
	assert_int_equal(answers_so_far(), nr_asked);
	for (u32 i = 0; i < nr_asked; i++)
		assert_in_range(shared.moves[i].answer, WD40_MOVE_APPLIED,
				WD40_NR_MOVE_ANSWERS - 1);
}

/* Of a domain that is neither where it lives nor where it shall live. */
static void a_cpu_offline_elsewhere_undoes_no_move(void **state)
{
	struct task_struct *sleeping, *running;

	stop();
	start((struct native_shape){ 1, 3, 2 });
	native_set_online(5, false);
	sleeping = sleeper(100, MSEC, 9 * MSEC);
	running = hog(100);
	native_set_affinity(sleeping, 0, 4);
	native_set_affinity(running, 0, 4);
	for (u32 to = 1; to <= 4; to++) {
		ask(sleeping, to % 2);
		ask(running, to % 2);
		native_run(SEC_NS);
		assert_int_equal(context(sleeping)->domain, to % 2);
		assert_int_equal(context(running)->domain, to % 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hog_alone_is_moved_within_a_slice),
		TEST(a_cpu_offline_elsewhere_undoes_no_move),
		TEST(a_hog_among_many_is_moved_within_a_turn),
		TEST(who_always_finds_an_idle_cpu_is_moved),
		TEST(a_sleeper_is_moved_when_it_wakes),
		TEST(who_is_bound_to_a_cpu_is_refused),
		TEST(who_waits_for_long_is_moved_from_the_queue),
		TEST(who_is_moved_from_the_queue_is_fetched),
		TEST(who_waits_in_its_next_queue_is_rescued_there),
		TEST(who_ends_answers_what_was_asked),
		TEST(a_word_for_the_dead_harms_no_heir),
		TEST(the_lag_goes_along),
		TEST(a_request_at_any_moment_is_answered_once),
		TEST(all_of_many_requests_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
