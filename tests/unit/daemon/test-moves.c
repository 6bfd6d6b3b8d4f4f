/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/moves.h"
#include "tests/unit/daemon/crowd.h"
#include "util/macro.h"

#define CROWD 50

struct scene {
	struct crowd c;
	struct moves *m;
	uint32_t ended[WD40_NR_MOVE_ANSWERS];
	wd40_handle last;
};

static int begin(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->c = crowd_new(2, 2, 2);
	crowd_add_many(&s->c, CROWD, 0, 100, 1);
	assert_int_equal(moves_new(&s->m), 0);
	*state = s;
	return 0;
}

static int end(void **state)
{
	struct scene *s = *state;

	moves_free(s->m);
	crowd_free(&s->c);
	free(s);
	return 0;
}

static bool ask(struct scene *s, struct wd40_task *t, uint32_t target)
{
	return moves_request(s->m, s->c.shared, crowd_handle(t), target);
}

static void on_ended(wd40_handle task, enum wd40_move_answer answer, void *userdata)
{
	struct scene *s = userdata;

	s->ended[answer]++;
	s->last = task;
}

static void collect(struct scene *s)
{
	moves_collect(s->m, s->c.shared, on_ended, s);
}

/* What BPF does when it comes to the task (bpf/move.bpf.c). False: nothing was asked. */
static bool serve(struct scene *s, struct wd40_task *t, u32 answer)
{
	u64 word = t->move;
	struct wd40_move *move;

	t->move = 0;
	if (!word)
		return false;
	move = &s->c.shared->moves[WD40_MOVE_WORD_SLOT(word)];
	assert_int_equal(move->answer, WD40_MOVE_PENDING);
	if (WD40_MOVE_WORD_GENERATION(word) != t->slot.generation)
		answer = WD40_MOVE_STALE;
	else
		assert_int_equal(move->task, crowd_handle(t));
	move->answer = answer;
	return true;
}

/* requested = answers + withdrawn + pending, and each slot is free or pending. */
static void assert_accounts(const struct scene *s)
{
	const struct moves_counts *c = moves_counts(s->m);
	uint64_t sum = c->withdrawn + c->pending;
	uint32_t taken = 0;

	for (int i = WD40_MOVE_APPLIED; i < WD40_NR_MOVE_ANSWERS; i++) {
		assert_int_equal(c->answers[i], s->ended[i]);
		sum += c->answers[i];
	}
	assert_int_equal(c->withdrawn, s->ended[WD40_MOVE_FREE]);
	assert_int_equal(c->requested, sum);
	for (uint32_t i = 0; i < WD40_MOVE_SLOTS; i++)
		taken += s->c.shared->moves[i].answer != WD40_MOVE_FREE;
	assert_int_equal(taken, c->pending);
	assert_int_equal(moves_room(s->m), WD40_MOVE_SLOTS - c->pending);
}

static void a_request_is_as_the_contract_says(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_task(&s->c, 3);
	const struct wd40_move *move;

	assert_true(ask(s, t, 2));
	assert_int_equal(WD40_MOVE_WORD_GENERATION(t->move), 1);
	move = &s->c.shared->moves[WD40_MOVE_WORD_SLOT(t->move)];
	assert_int_equal(move->task, crowd_handle(t));
	assert_int_equal(move->target, 2);
	assert_int_equal(move->answer, WD40_MOVE_PENDING);
	assert_true(move->id > 0);
	assert_accounts(s);
}

static void each_answer_is_counted(void **state)
{
	struct scene *s = *state;

	for (u32 answer = WD40_MOVE_APPLIED; answer < WD40_NR_MOVE_ANSWERS; answer++) {
		struct wd40_task *t = crowd_task(&s->c, answer);

		assert_true(ask(s, t, 2));
		collect(s);
		assert_int_equal(moves_counts(s->m)->pending, 1);
		serve(s, t, answer);
		collect(s);
		assert_int_equal(s->ended[answer], 1);
		assert_int_equal(s->last, crowd_handle(t));
		assert_accounts(s);
	}
}

/* BPF wrote over it: the request has ended, and that is all that is known. */
static void what_is_no_answer_is_stale(void **state)
{
	static const u32 answers[] = { WD40_NR_MOVE_ANSWERS, 0x7fffffff, ~0u };
	struct scene *s = *state;

	for (u32 i = 0; i < ARRAY_SIZE(answers); i++) {
		struct wd40_task *t = crowd_task(&s->c, i);

		assert_true(ask(s, t, 2));
		serve(s, t, answers[i]);
		collect(s);
		assert_int_equal(s->ended[WD40_MOVE_STALE], i + 1);
		assert_accounts(s);
	}
}

static void one_request_a_task(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_task(&s->c, 3);

	assert_true(ask(s, t, 2));
	assert_false(ask(s, t, 1));
	assert_int_equal(moves_counts(s->m)->requested, 1);
	serve(s, t, WD40_MOVE_APPLIED);
	assert_true(ask(s, t, 1)); /* the answer to the first is still to be read */
	collect(s);
	assert_int_equal(moves_counts(s->m)->pending, 1);
	assert_accounts(s);
}

static void the_dead_are_not_asked(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_task(&s->c, 3);
	wd40_handle old = crowd_handle(t);

	t->slot.generation++;
	assert_false(moves_request(s->m, s->c.shared, old, 2));
	t->slot.generation++;
	assert_false(moves_request(s->m, s->c.shared, old, 2));
	assert_int_equal(t->move, 0);
	assert_accounts(s);
}

/* Dead before the word was there: BPF does not come by again. */
static void who_died_unanswered_is_stale(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_task(&s->c, 3);

	assert_true(ask(s, t, 2));
	t->slot.generation++;
	collect(s);
	assert_int_equal(s->ended[WD40_MOVE_STALE], 1);
	assert_int_equal(t->move, 0);
	assert_accounts(s);
}

/* The slot lives again, as another task: its own requests and the old one do not mix. */
static void another_life_is_another_task(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_task(&s->c, 3);

	assert_true(ask(s, t, 2));
	t->slot.generation += 2;
	assert_false(ask(s, t, 1));
	serve(s, t, WD40_MOVE_APPLIED);
	assert_true(ask(s, t, 1));
	serve(s, t, WD40_MOVE_APPLIED);
	collect(s);
	assert_int_equal(s->ended[WD40_MOVE_STALE], 1);
	assert_int_equal(s->ended[WD40_MOVE_APPLIED], 1);
	assert_accounts(s);
}

static void sleepers_are_asked_no_more(void **state)
{
	struct scene *s = *state;
	struct wd40_task *t = crowd_task(&s->c, 3);

	assert_true(ask(s, t, 2));
	collect(s);
	assert_int_equal(moves_counts(s->m)->pending, 1);
	t->flags &= ~WD40_TASK_RUNNABLE;
	collect(s);
	assert_int_equal(s->ended[WD40_MOVE_FREE], 1);
	assert_int_equal(t->move, 0);
	assert_accounts(s);
}

static void as_many_requests_as_slots(void **state)
{
	struct scene *s = *state;

	crowd_add_many(&s->c, WD40_MOVE_SLOTS + 1 - CROWD, 0, 100, 1);
	for (uint32_t i = 0; i < WD40_MOVE_SLOTS; i++)
		assert_true(ask(s, crowd_task(&s->c, i), 2));
	assert_int_equal(moves_room(s->m), 0);
	assert_false(ask(s, crowd_task(&s->c, WD40_MOVE_SLOTS), 2));
	assert_accounts(s);
	for (uint32_t i = 0; i < WD40_MOVE_SLOTS; i++)
		serve(s, crowd_task(&s->c, i), WD40_MOVE_APPLIED);
	collect(s);
	assert_accounts(s);
	assert_true(ask(s, crowd_task(&s->c, WD40_MOVE_SLOTS), 2));
}

/* One step of anybody's doing. */
static void step(struct scene *s)
{
	struct wd40_task *t = crowd_task(&s->c, (uint32_t)random() % CROWD);

	switch (random() % 6) {
	case 0: /* dies as BPF sees it, or a moment before the request */
		if (random() % 2)
			serve(s, t, WD40_MOVE_STALE);
		t->slot.generation++;
		break;
	case 1: t->flags ^= WD40_TASK_RUNNABLE; break;
	case 2: collect(s); break;
	case 3: serve(s, t, WD40_MOVE_APPLIED + (u32)random() % 5); break;
	default: ask(s, t, (uint32_t)random() % 4);
	}
}

/* I6: whatever the order of deaths, sleeps and answers, each request ends once. */
static void every_request_ends_once(void **state)
{
	struct scene *s = *state;

	srandom(7);
	for (int i = 0; i < 100000; i++) {
		step(s);
		if (i % 1000 == 0)
			assert_accounts(s);
	}
	for (uint32_t i = 0; i < CROWD; i++)
		serve(s, crowd_task(&s->c, i), WD40_MOVE_APPLIED);
	collect(s);
	assert_accounts(s);
	assert_int_equal(moves_counts(s->m)->pending, 0);
	for (int i = 0; i < WD40_NR_MOVE_ANSWERS; i++)
		assert_true(s->ended[i] > 0 || i == WD40_MOVE_PENDING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_as_the_contract_says),
		TEST(each_answer_is_counted),
		TEST(what_is_no_answer_is_stale),
		TEST(one_request_a_task),
		TEST(the_dead_are_not_asked),
		TEST(who_died_unanswered_is_stale),
		TEST(another_life_is_another_task),
		TEST(sleepers_are_asked_no_more),
		TEST(as_many_requests_as_slots),
		TEST(every_request_ends_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
