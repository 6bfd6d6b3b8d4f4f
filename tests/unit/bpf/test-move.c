/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/unit/bpf/tasks.h"

#include "bpf/move.bpf.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)

static int boot(void **state)
{
	native_boot((struct native_shape){ 2, 2, 2 });
	all_online();
	*state = task_in(0, 100);
	return 0;
}

static int halt(void **state)
{
	native_halt();
	return 0;
}

/* As the daemon asks: fills a free entry, then gives the task the word. */
static struct wd40_move *ask(struct wd40_task *t, u32 generation, u32 slot, u32 target)
{
	struct wd40_move *m = &shared.moves[slot];

	assert_int_equal(m->answer, WD40_MOVE_FREE);
	*m = (struct wd40_move){ .id = slot + 1000,
				 .task = WD40_HANDLE(generation, t->index),
				 .target = target,
				 .answer = WD40_MOVE_PENDING };
	__atomic_store_n(&t->move, WD40_MOVE_WORD(generation, slot), __ATOMIC_RELEASE);
	return m;
}

static u32 serve(struct wd40_task *t)
{
	return move_serve(t, load_time(), SEC_NS);
}

/* Asks, and the answer comes once, in both ways. */
static void assert_answer(struct wd40_task *t, u32 target, u32 answer)
{
	struct wd40_move *m = ask(t, t->slot.generation, 17, target);
	u32 domain = t->domain;

	assert_int_equal(serve(t), answer);
	assert_int_equal(m->answer, answer);
	assert_int_equal(m->id, 1017);
	assert_int_equal(t->move, 0);
	assert_int_equal(t->domain, answer == WD40_MOVE_APPLIED ? target : domain);
	assert_int_equal(serve(t), WD40_MOVE_FREE);
	m->answer = WD40_MOVE_FREE;
}

static void nothing_asked_is_nothing_done(void **state)
{
	struct wd40_task *t = *state;

	assert_int_equal(serve(t), WD40_MOVE_FREE);
	assert_false(move_answer_stale(t));
	assert_int_equal(t->domain, 0);
}

/* Fault 1: to the domain that was asked for, with what belongs to the task. */
static void fault_1_the_task_goes_where_it_was_asked_to(void **state)
{
	struct wd40_task *t = *state;

	domain_set_runnable(t, true, load_time());
	for (u32 target = 3; target > 0; target--) {
		assert_answer(t, target, WD40_MOVE_APPLIED);
		for (u32 d = 0; d < 4; d++) {
			assert_int_equal(shared.domains[d].nr_tasks, d == target);
			assert_int_equal(shared.domains[d].load_rate, d == target ? 100 : 0);
		}
	}
}

static void refused_where_no_cpu_is_allowed(void **state)
{
	struct wd40_task *t = *state;

	task_forbid(t, 2);
	assert_answer(t, 2, WD40_MOVE_REFUSED_AFFINITY);
	assert_int_equal(shared.domains[0].nr_tasks, 1);
}

static void refused_where_there_is_no_domain(void **state)
{
	struct wd40_task *t = *state;

	assert_answer(t, 4, WD40_MOVE_REFUSED_DOMAIN);
	assert_answer(t, 1000000, WD40_MOVE_REFUSED_DOMAIN);
	assert_answer(t, WD40_NO_DOMAIN, WD40_MOVE_REFUSED_DOMAIN);
}

static void refused_where_no_cpu_is_online(void **state)
{
	struct wd40_task *t = *state;

	domain_cpu_online(2, false);
	assert_answer(t, 1, WD40_MOVE_APPLIED);
	assert_answer(t, 0, WD40_MOVE_APPLIED);
	domain_cpu_online(3, false);
	assert_answer(t, 1, WD40_MOVE_REFUSED_DOMAIN);
}

/* A CPU that is offline says nothing of the others of its domain, whatever the affinity. */
static void applied_where_another_cpu_is_offline(void **state)
{
	struct wd40_task *t = *state;

	task_forbid(t, 3);
	domain_cpu_online(2, false);
	assert_answer(t, 1, WD40_MOVE_APPLIED);
}

/* Its memory is on node 1 (D2, D3), and that counts: it would come back, too. */
static void refused_where_its_memory_is_far(void **state)
{
	struct wd40_task *t = *state;

	t->preferred_nodes = 1 << 1;
	assert_answer(t, 1, WD40_MOVE_REFUSED_AFFINITY);
	assert_answer(t, 3, WD40_MOVE_APPLIED);
	assert_answer(t, 2, WD40_MOVE_APPLIED);
}

static void refused_where_it_lives(void **state)
{
	struct wd40_task *t = *state;

	assert_answer(t, 0, WD40_MOVE_REFUSED_SAME);
	assert_int_equal(shared.domains[0].nr_tasks, 1);
}

/* Fault 23: what was meant for the last life of the context does not touch this one. */
static void fault_23_another_life_is_not_moved(void **state)
{
	struct wd40_task *t = *state;
	u32 old = t->slot.generation;
	struct wd40_move *m;

	slab_free(&shared.tasks, t->index);
	assert_int_equal(slab_alloc(&shared.tasks), t->index);
	m = ask(t, old, 5, 2);
	assert_int_equal(serve(t), WD40_MOVE_STALE);
	assert_int_equal(m->answer, WD40_MOVE_STALE);
	assert_int_equal(t->domain, 0);
}

/* A look at what is wanted takes nothing away. */
static void what_is_wanted_can_be_seen(void **state)
{
	struct wd40_task *t = *state;

	assert_int_equal(move_wanted(t), WD40_NO_DOMAIN);
	ask(t, t->slot.generation, 5, 2);
	assert_int_equal(move_wanted(t), 2);
	assert_int_equal(move_wanted(t), 2);
	assert_int_equal(serve(t), WD40_MOVE_APPLIED);
	assert_int_equal(move_wanted(t), WD40_NO_DOMAIN);
	ask(t, t->slot.generation, 6, 2); /* where it lives */
	assert_int_equal(move_wanted(t), WD40_NO_DOMAIN);
	t->move = WD40_MOVE_WORD(t->slot.generation - 2, 6);
	assert_int_equal(move_wanted(t), WD40_NO_DOMAIN);
	t->move = WD40_MOVE_WORD(t->slot.generation, WD40_MOVE_SLOTS);
	assert_int_equal(move_wanted(t), WD40_NO_DOMAIN);
}

static void what_a_dead_task_was_asked_is_stale(void **state)
{
	struct wd40_task *t = *state;
	struct wd40_move *m = ask(t, t->slot.generation, 5, 2);

	assert_true(move_answer_stale(t));
	assert_int_equal(m->answer, WD40_MOVE_STALE);
	assert_false(move_answer_stale(t));
	assert_int_equal(serve(t), WD40_MOVE_FREE);
	assert_int_equal(t->domain, 0);
}

/* The last entry, and words that name none: no memory behind the table is touched. */
static void entries_end_where_the_table_ends(void **state)
{
	struct wd40_task *t = *state;
	struct wd40_move *m = ask(t, t->slot.generation, WD40_MOVE_SLOTS - 1, 1);

	assert_int_equal(serve(t), WD40_MOVE_APPLIED);
	assert_int_equal(m->answer, WD40_MOVE_APPLIED);
	t->move = WD40_MOVE_WORD(t->slot.generation, WD40_MOVE_SLOTS);
	assert_int_equal(serve(t), WD40_MOVE_FREE);
	t->move = (u64)t->slot.generation << 32; /* slot 0 - 1 */
	assert_int_equal(serve(t), WD40_MOVE_FREE);
	assert_int_equal(t->move, 0);
}

static struct wd40_task *asked;

/* The daemon asks again while the first request is being served. */
static void the_daemon_asks_again(void)
{
	if (asked->move)
		return;
	native_on_read = NULL;
	ask(asked, asked->slot.generation, 8, 3);
}

static void a_request_during_a_request_waits(void **state)
{
	struct wd40_task *t = asked = *state;

	ask(t, t->slot.generation, 7, 2);
	native_on_read = the_daemon_asks_again;
	assert_int_equal(serve(t), WD40_MOVE_APPLIED);
	assert_int_equal(shared.moves[7].answer, WD40_MOVE_APPLIED);
	assert_int_equal(shared.moves[8].answer, WD40_MOVE_PENDING);
	assert_int_equal(t->domain, 2);
	assert_int_equal(serve(t), WD40_MOVE_APPLIED);
	assert_int_equal(shared.moves[8].answer, WD40_MOVE_APPLIED);
	assert_int_equal(t->domain, 3);
}

/*
 * I6: whatever becomes of tasks, each request is answered once, and only by what it was meant for.
 */
static void every_request_is_answered_once(void **state)
{
	u32 answers[WD40_NR_MOVE_ANSWERS] = { 0 }, nr_asked = 0;
	struct wd40_task *tasks[20];

	srandom(5);
	for (int i = 0; i < 20; i++)
		tasks[i] = task_in((u32)i % 4, 100);
	for (int i = 0; i < 200000; i++) {
		struct wd40_task *t = tasks[random() % 20];
		u32 target = (u32)random() % 5, slot = t->index;

		switch (random() % 4) {
		case 0: /* it dies, and another task gets the context */
			move_answer_stale(t);
			slab_free(&shared.tasks, t->index);
			assert_int_equal(slab_alloc(&shared.tasks), t->index);
			break;
		case 1: serve(t); break;
		default:
			if (shared.moves[slot].answer == WD40_MOVE_FREE) {
				/* sometimes its name is that of the life before */
				ask(t, t->slot.generation - 2 * (random() % 4 == 0), slot, target);
				nr_asked++;
			}
		}
		if (shared.moves[slot].answer <= WD40_MOVE_PENDING)
			continue;
		answers[shared.moves[slot].answer]++;
		shared.moves[slot].answer = WD40_MOVE_FREE;
	}
	for (int i = 0; i < 20; i++)
		answers[serve(tasks[i])]++;
	answers[WD40_MOVE_FREE] = 0;
	for (u32 i = WD40_MOVE_APPLIED; i < WD40_NR_MOVE_ANSWERS; i++) {
		assert_true(answers[i] > 0 || i == WD40_MOVE_REFUSED_AFFINITY);
		nr_asked -= answers[i];
	}
	assert_int_equal(nr_asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_asked_is_nothing_done),
		TEST(fault_1_the_task_goes_where_it_was_asked_to),
		TEST(refused_where_no_cpu_is_allowed),
		TEST(refused_where_there_is_no_domain),
		TEST(refused_where_no_cpu_is_online),
		TEST(applied_where_another_cpu_is_offline),
		TEST(refused_where_its_memory_is_far),
		TEST(refused_where_it_lives),
		TEST(fault_23_another_life_is_not_moved),
		TEST(what_is_wanted_can_be_seen),
		TEST(what_a_dead_task_was_asked_is_stale),
		TEST(entries_end_where_the_table_ends),
		TEST(a_request_during_a_request_waits),
		TEST(every_request_is_answered_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
