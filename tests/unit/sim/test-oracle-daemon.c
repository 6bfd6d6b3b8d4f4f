/* SPDX-License-Identifier: GPL-2.0-only */
/* I6 and I7: requests without their answer, and half a re-tune, are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/tunables.h"
#include "daemon/arena.h"
#include "tests/unit/sim/oracles.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, unwatch)

#define SLOT 7u

static int begin(void **state)
{
	watch((struct native_shape){ 1, 2, 2 });
	hogs(9, 100);
	native_run(SEC_NS);
	assert_silent();
	return 0;
}

/* The daemon asks for a move of an actor; generation: that which its handle names. */
static struct wd40_move *request(struct task_struct *p, u32 generation)
{
	struct wd40_task *t = context(p);
	struct wd40_move *m = &shared.moves[SLOT];

	*m = (struct wd40_move){ .id = 99,
				 .task = WD40_HANDLE(generation, t->index),
				 .target = !t->domain,
				 .answer = WD40_MOVE_PENDING };
	t->move = WD40_MOVE_WORD(generation, SLOT);
	return m;
}

/* An event of the task, by which oracles see its request. */
static void show(struct task_struct *p)
{
	tell(NATIVE_EVENT_ATTR, p, p->native.cpu, 0);
}

static u32 generation_of(const struct task_struct *p)
{
	return context(p)->slot.generation;
}

/* --- I6. ---------------------------------------------------------------------------------------- */

static void moves_that_are_answered_are_fine(void **state)
{
	struct wd40_move *m = request(actors[0], generation_of(actors[0]));

	show(actors[0]);
	native_run(SEC_NS);
	assert_int_equal(m->answer, WD40_MOVE_APPLIED);
	m = request(actors[1], generation_of(actors[1]) - 2);
	show(actors[1]);
	native_run(SEC_NS);
	assert_int_equal(m->answer, WD40_MOVE_STALE);
	sim_oracles_check_all(oracles);
	assert_silent();
}

static void a_request_that_is_dropped_is_found(void **state)
{
	request(actors[0], generation_of(actors[0]));
	show(actors[0]);
	context(actors[0])->move = 0;
	show(actors[0]);
	assert_fires("move-unanswered");
}

/* Callbacks that do not see the request. */
static u64 hide(struct task_struct *p)
{
	u64 move = p ? context(p)->move : 0;

	if (p)
		context(p)->move = 0;
	return move;
}

static void show_again(struct task_struct *p, u64 move)
{
	if (p)
		context(p)->move = move;
}

static void enqueue_blindly(struct task_struct *p, u64 enq_flags)
{
	u64 move = hide(p);

	wd40_ops.enqueue(p, enq_flags);
	show_again(p, move);
}

static void dispatch_blindly(s32 cpu, struct task_struct *prev)
{
	u64 move = hide(prev);

	wd40_ops.dispatch(cpu, prev);
	show_again(prev, move);
}

static void run_blindly(struct task_struct *p)
{
	u64 move = hide(p);

	wd40_ops.running(p);
	show_again(p, move);
}

static void stop_blindly(struct task_struct *p, bool runnable)
{
	u64 move = hide(p);

	wd40_ops.stopping(p, runnable);
	show_again(p, move);
}

static void a_request_that_is_not_taken_is_found(void **state)
{
	broken = wd40_ops;
	broken.enqueue = enqueue_blindly;
	broken.dispatch = dispatch_blindly;
	broken.running = run_blindly;
	broken.stopping = stop_blindly;
	native.ops = &broken;
	request(actors[0], generation_of(actors[0]));
	native_run(SEC_NS);
	assert_fires("move-unanswered");
	context(actors[0])->move = 0;
}

static void a_stale_handle_that_is_applied_is_found(void **state)
{
	struct wd40_move *m = request(actors[0], generation_of(actors[0]) - 2);

	show(actors[0]);
	context(actors[0])->move = 0;
	m->answer = WD40_MOVE_APPLIED;
	show(actors[0]);
	assert_fires("move-stale");
}

/* --- I7. ---------------------------------------------------------------------------------------- */

static void re_tunes_are_fine(void **state)
{
	struct wd40_config config = *native_config();

	for (u32 i = 0; i < 3 * WD40_CONFIG_SLOTS; i++) {
		config.slice_underutil_ns = (i % 7 + 1) * MSEC;
		config.slice_overutil_ns = config.slice_underutil_ns / 2;
		config.greedy_threshold = i % 3;
		native_publish(config);
		native_set_overutilized(i % 2);
		native_run(100 * MSEC);
	}
	assert_silent();
}

static struct wd40_config old;

/* As with the configuration that was there at the begin. */
static void go_by_the_old(struct task_struct *p, u64 enq_flags)
{
	struct wd40_config now = *native_config();

	*native_config() = old;
	wd40_ops.enqueue(p, enq_flags);
	*native_config() = now;
}

static void a_slice_of_another_generation_is_found(void **state)
{
	struct wd40_config config = old = *native_config();

	config.slice_underutil_ns = config.slice_overutil_ns = 3 * MSEC;
	broken = wd40_ops;
	broken.enqueue = go_by_the_old;
	native.ops = &broken;
	native_publish(config);
	native_run(SEC_NS);
	assert_fires("slice");
}

static const struct wd40_config *held;

static void hold_a_slot(struct task_struct *p, u64 enq_flags)
{
	u32 current = shared.config_current;

	shared.config_current = (u32)(held - shared.configs);
	wd40_ops.enqueue(p, enq_flags);
	shared.config_current = current;
}

static void a_slot_that_was_left_is_poison(void **state)
{
	struct wd40_config config = *native_config();

	held = native_config();
	broken = wd40_ops;
	broken.enqueue = hold_a_slot;
	native.ops = &broken;
	native_run(SEC_NS);
	assert_silent();
	native_publish(config); /* the same values: only the poison tells */
	native_run(SEC_NS);
	assert_fires("slice");
}

static void a_generation_that_goes_back_is_found(void **state)
{
	native_publish(*native_config());
	native_run(MSEC);
	native_config()->generation--;
	native_run(MSEC);
	assert_fires("config");
}

/* Oracles that know the values in force. */
static struct tunable_set values;

static void watch_values(void)
{
	struct sim_context of_values = { .values = &values, .is_wd40 = true };
	char why[TUNABLE_WHY_MAX];

	unwatch(NULL);
	for (int id = 0; id < NR_TUNABLES; id++)
		assert_int_equal(
			tunable_parse(id, tunables[id].default_text, &values.values[id], why), 0);
	nr_actors = 0;
	native_boot((struct native_shape){ 1, 1, 2 });
	assert_int_equal(sim_oracles_new(&of_values, &oracles), 0);
	assert_int_equal(native_attach(&wd40_ops), 0);
}

static void half_a_change_is_found(void **state)
{
	u32 retired = 0;

	watch_values();
	values.values[TUNABLE_SLICE_UNDERUTIL].usec = 5000;
	values.values[TUNABLE_SLICE_OVERUTIL].usec = 4000;
	arena_publish_config(&shared, &values, 2, &retired);
	native_run(MSEC);
	assert_silent();
	arena_publish_config(&shared, &values, 3, &retired);
	native_config()->slice_overutil_ns = MSEC;
	native_run(MSEC);
	assert_fires("config");
	tunable_set_done(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(moves_that_are_answered_are_fine),
		TEST(a_request_that_is_dropped_is_found),
		TEST(a_request_that_is_not_taken_is_found),
		TEST(a_stale_handle_that_is_applied_is_found),
		TEST(re_tunes_are_fine),
		TEST(a_slice_of_another_generation_is_found),
		TEST(a_slot_that_was_left_is_poison),
		TEST(a_generation_that_goes_back_is_found),
		TEST(half_a_change_is_found),
	};

	return cmocka_run_group_tests_name("sim/oracle-daemon", tests, NULL, NULL);
}
