/* SPDX-License-Identifier: GPL-2.0-only */
/* What each event of a workload does, by when tasks come to their end. */
#include "tests/unit/sim/workloads.h"

#define TASKS(text) "{ \"tasks\": {" text "} }"
#define ONE         "cpus 0\n"
#define TWO         "cpus 0-1\n"

static struct run run;

static void go(const char *machine, const char *text, u64 duration_ns)
{
	begin_text(&run, machine, text);
	native_run(duration_ns);
}

static int teardown(void **state)
{
	end(&run);
	return 0;
}

/* --- Time. -------------------------------------------------------------------------------------- */

static void run_is_work(void **state)
{
	go(ONE, TASKS("'a': { 'loop': 1, 'phases': { 'p': { 'run': 5000 } } }"), 100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 5 * MSEC);
}

static void run_takes_longer_on_a_slow_cpu(void **state)
{
	go("cpus 0 capacity 512\n", TASKS("'a': { 'loop': 1, 'phases': { 'p': { 'run': 5000 } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 10 * MSEC);
}

/* a has the CPU from 0 to 20 ms, and comes back at 40 ms: its time is over, though it ran 20 ms. */
static void runtime_passes_without_a_cpu(void **state)
{
	go(ONE,
	   TASKS("'a': { 'loop': 1, 'phases': { 'p': { 'runtime': 30000 } } },"
		 "'b': { 'loop': 1, 'phases': { 'p': { 'runtime': 30000 } } }"),
	   100 * MSEC);
	assert_in_range(left_at(&run, "a-0"), 40 * MSEC, 40 * MSEC + 50 * USEC);
	assert_in_range(left_at(&run, "b-1"), 50 * MSEC, 50 * MSEC + 50 * USEC);
	assert_in_range(run.left[0].ran_ns, 20 * MSEC, 20 * MSEC + 50 * USEC);
}

static void sleep_lasts_from_its_begin(void **state)
{
	go(ONE,
	   TASKS("'a': { 'loop': 2, 'phases': { 'p': { 'run': 1000, 'sleep': 2000, 'run2': 500 } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 7 * MSEC);
}

static void delay_comes_first(void **state)
{
	go(ONE, TASKS("'a': { 'delay': 3000, 'loop': 1, 'phases': { 'p': { 'run': 1000 } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 4 * MSEC);
}

static void timer_lasts_from_the_last_one(void **state)
{
	go(ONE,
	   TASKS("'a': { 'delay': 1000, 'loop': 3, 'phases': { 'p': {"
		 "	'run': 5000, 'timer': { 'ref': 'unique', 'period': 20000 } } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 61 * MSEC);
}

#define MISSES(mode)                                                                            \
	TASKS("'a': { 'loop': 1, 'phases': {"                                                   \
	      "	'long': { 'run': 30000, 'timer': { 'ref': 'x', 'period': 20000, 'mode': '" mode \
	      "' } },"                                                                          \
	      "	'short': { 'loop': 2, 'run': 5000, 'timer': { 'ref': 'x', 'period': 20000 } } } }")

/* Missed at 20, and then as if it had gone off at 30. */
static void relative_timer_forgets_a_miss(void **state)
{
	go(ONE, MISSES("relative"), 200 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 70 * MSEC);
}

static void absolute_timer_catches_up(void **state)
{
	go(ONE, MISSES("absolute"), 200 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 60 * MSEC);
}

static void timer_is_shared_by_its_name(void **state)
{
	go(TWO,
	   TASKS("'a': { 'instance': 2, 'loop': 1, 'phases': { 'p': {"
		 "	'timer': { 'ref': 'x', 'period': 10000 } } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 10 * MSEC);
	assert_int_equal(left_at(&run, "a-1"), 20 * MSEC);
}

/* --- Waiting for each other. -------------------------------------------------------------------- */

#define SLEEPER(name, us, then) \
	"'" name "': { 'loop': 1, 'phases': { 'p': { 'sleep': " us ", " then " } } }"

static void resume_wakes_all(void **state)
{
	go(TWO,
	   TASKS("'a': { 'instance': 2, 'loop': 1, 'phases': { 'p': { 'suspend': 'x', 'run': 1000 } } }," SLEEPER(
		   "b", "5000", "'resume': 'x'")),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 6 * MSEC);
	assert_int_equal(left_at(&run, "a-1"), 6 * MSEC);
}

static void resume_before_suspend_is_lost(void **state)
{
	go(TWO,
	   TASKS(SLEEPER("a", "5000", "'suspend': 'x'") "," SLEEPER("b", "1000", "'resume': 'x'")),
	   100 * MSEC);
	assert_non_null(task("a-0"));
	assert_null(task("b-1"));
}

static void lock_excludes(void **state)
{
	go(TWO,
	   TASKS("'a': { 'instance': 2, 'loop': 1, 'phases': { 'p': {"
		 "	'lock': 'm', 'run': 5000, 'sleep': 1000, 'unlock': 'm', 'run2': 1000 } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 7 * MSEC);
	assert_int_equal(left_at(&run, "a-1"), 13 * MSEC);
}

/* a goes on after its unlock, and has locked again before b, which it woke, runs. */
static void unlock_does_not_hand_over(void **state)
{
	go(ONE,
	   TASKS("'a': { 'loop': 2, 'phases': { 'p': {"
		 "	'lock': 'm', 'run': 5000, 'sleep': 1000, 'unlock': 'm', 'run2': 100 } } },"
		 "'b': { 'loop': 1, 'phases': { 'p': { 'lock': 'm', 'unlock': 'm' } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 12 * MSEC + 200 * USEC);
	assert_int_equal(left_at(&run, "b-1"), 12 * MSEC + 200 * USEC);
}

#define WAITERS                                                            \
	"'a': { 'instance': 2, 'loop': 1, 'phases': { 'p': { 'lock': 'm'," \
	"	'wait': { 'ref': 'c', 'mutex': 'm' }, 'run': 1000, 'unlock': 'm' } } },"

static void signal_wakes_the_first(void **state)
{
	go(TWO, TASKS(WAITERS SLEEPER("b", "5000", "'signal': 'c'")), 100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 6 * MSEC);
	assert_non_null(task("a-1"));
}

/* Each needs the mutex again, so one after the other. */
static void broad_wakes_all(void **state)
{
	go(TWO, TASKS(WAITERS SLEEPER("b", "5000", "'broad': 'c'")), 100 * MSEC);
	assert_int_equal(left_at(&run, "a-0") + left_at(&run, "a-1"), 13 * MSEC);
}

static void sync_signals_and_waits(void **state)
{
	go(TWO,
	   TASKS("'a': { 'loop': 1, 'phases': { 'p': { 'lock': 'm',"
		 "	'wait': { 'ref': 'c', 'mutex': 'm' }, 'unlock': 'm', 'run': 1000,"
		 "	'signal': 'c' } } }," SLEEPER(
			 "b", "5000",
			 "'lock': 'm', 'sync': { 'ref': 'c', 'mutex': 'm' },"
			 "'unlock': 'm', 'run': 1000")),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 6 * MSEC);
	assert_int_equal(left_at(&run, "b-1"), 7 * MSEC);
}

static void barrier_waits_for_every_instance(void **state)
{
	go(TWO,
	   TASKS("'a': { 'instance': 2, 'loop': 1, 'phases': { 'p': { 'barrier': 'x', 'run': 1000 } } }," SLEEPER(
		   "b", "5000", "'barrier': 'x'")),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 6 * MSEC);
	assert_int_equal(left_at(&run, "a-1"), 6 * MSEC);
	assert_int_equal(left_at(&run, "b-2"), 5 * MSEC);
}

static void pipe_keeps_items(void **state)
{
	go(TWO,
	   TASKS("'a': { 'loop': 1, 'phases': { 'p': { 'sim_post': 'x', 'sim_post2': 'x' } } }," SLEEPER("b", "5000", "'sim_take': 'x', 'sim_take2': 'x', 'run': 1000") ", 'c': { 'loop': 1, 'delay': 1000, 'phases': { 'p': { 'sim_take': 'y' } } }," SLEEPER(
		   "d", "7000", "'sim_post': 'y'")),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "b-1"), 6 * MSEC);
	assert_int_equal(left_at(&run, "c-2"), 7 * MSEC);
}

/* --- Others. ------------------------------------------------------------------------------------ */

static void yield_lets_others_run(void **state)
{
	go(ONE,
	   TASKS("'a': { 'loop': 1, 'phases': { 'p': { 'run': 1000, 'yield': '', 'run2': 1000 } } },"
		 "'b': { 'loop': 1, 'phases': { 'p': { 'run': 3000 } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "b-1"), 4 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), 5 * MSEC);
}

static void fork_makes_a_task(void **state)
{
	go(ONE,
	   TASKS("'a': { 'loop': 3, 'phases': { 'p': { 'run': 1000, 'fork': 'b' } } },"
		 "'b': { 'instance': 0, 'loop': 1, 'phases': { 'p': { 'run': 1000 } } }"),
	   100 * MSEC);
	assert_int_equal(run.nr_joined, 4);
	assert_int_equal(run.nr_left, 4);
	assert_int_equal(left_at(&run, "a-0"), 3 * MSEC);
	assert_int_equal(left_at(&run, "b-3"), 6 * MSEC);
}

static void exec_goes_on(void **state)
{
	go(ONE, TASKS("'a': { 'loop': 1, 'phases': { 'p': { 'run': 1000, 'sim_exec': '' } } }"),
	   100 * MSEC);
	assert_int_equal(left_at(&run, "a-0"), MSEC);
}

static void set_changes_all_of_a_kind(void **state)
{
	go(TWO,
	   TASKS("'a': { 'instance': 2, 'run': 1000 }," SLEEPER(
		   "b", "5000", "'sim_set': { 'task': 'a', 'priority': 5, 'cpus': [1] }")),
	   50 * MSEC);
	for (u32 i = 0; i < 2; i++) {
		const struct task_struct *p = task(i ? "a-1" : "a-0");

		assert_int_equal(p->scx.weight, 33);
		assert_int_equal(p->cpus_ptr->bits[0], 2);
		assert_int_equal(p->native.cpu, 1);
	}
}

static void pin_keeps_the_cpu(void **state)
{
	go(TWO,
	   TASKS("'a': { 'loop': 1, 'cpus': [0], 'phases': { 'p': { 'sim_pin': '', 'run': 3000,"
		 "	'sleep': 2000, 'run2': 3000, 'sim_unpin': '', 'run3': 1000 } } }," SLEEPER(
			 "b", "2000", "'sim_set': { 'task': 'a', 'cpus': [1] }")),
	   7 * MSEC);
	assert_int_equal(task("a-0")->native.cpu, 0);
	native_run(2 * MSEC - 500 * USEC);
	assert_int_equal(task("a-0")->native.cpu, 1);
	native_run(MSEC);
	assert_int_equal(left_at(&run, "a-0"), 9 * MSEC);
}

/* In vain: it would stop the clock. */
static void endless_events_without_time_are_a_busy_loop(void **state)
{
	go(ONE, TASKS("'a': { 'resume': 'x' }"), 10 * MSEC);
	assert_int_equal(task("a-0")->native.ran, 10 * MSEC);
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(run_is_work),
		TEST(run_takes_longer_on_a_slow_cpu),
		TEST(runtime_passes_without_a_cpu),
		TEST(sleep_lasts_from_its_begin),
		TEST(delay_comes_first),
		TEST(timer_lasts_from_the_last_one),
		TEST(relative_timer_forgets_a_miss),
		TEST(absolute_timer_catches_up),
		TEST(timer_is_shared_by_its_name),
		TEST(resume_wakes_all),
		TEST(resume_before_suspend_is_lost),
		TEST(lock_excludes),
		TEST(unlock_does_not_hand_over),
		TEST(signal_wakes_the_first),
		TEST(broad_wakes_all),
		TEST(sync_signals_and_waits),
		TEST(barrier_waits_for_every_instance),
		TEST(pipe_keeps_items),
		TEST(yield_lets_others_run),
		TEST(fork_makes_a_task),
		TEST(exec_goes_on),
		TEST(set_changes_all_of_a_kind),
		TEST(pin_keeps_the_cpu),
		TEST(endless_events_without_time_are_a_busy_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
