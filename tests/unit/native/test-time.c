/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual time: work, speed, thieves, appointments, programs, the watchdog; and that it repeats. */
#include "tests/unit/native/recorder.h"

/* arch_scale_cpu_capacity, arch_scale_freq_capacity: a slow CPU needs longer, its slices do not */
static void work_takes_longer_on_a_slow_cpu(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	native.cpus[0].capacity = 512;
	native_set_frequency(0, 256);
	p = rec_task(MSEC);
	native_wake(p, 0);
	native_run(8 * MSEC - 1);
	assert_ptr_equal(native.cpus[0].running, p);
	native_run(1);
	assert_null(native.cpus[0].running);
	assert_int_equal(p->native.ran, 8 * MSEC);
}

static void a_change_of_frequency_counts_from_now_on(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_task(4 * MSEC);
	native_wake(p, 0);
	native_run(2 * MSEC);
	native_set_frequency(0, 512);
	native_run(4 * MSEC - 1);
	assert_ptr_equal(native.cpus[0].running, p);
	native_run(1);
	assert_null(native.cpus[0].running);
}

/* put_prev_task_scx for a higher class: the rest of the slice waits at the head of the local queue */
static void a_higher_class_puts_the_task(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_hog(0);
	native_run(4 * MSEC);
	native_occupy(0, NATIVE_RT, 3 * MSEC);
	assert_log("stopping1 ");
	assert_ptr_equal(native.cpus[0].local.first, p);
	native_run(3 * MSEC - 1);
	assert_null(native.cpus[0].running);
	native_run(1);
	assert_log("running1 ");
	assert_int_equal(p->scx.slice, SLICE_NS - 4 * MSEC);
	assert_int_equal(p->native.longest_wait, 3 * MSEC);
	assert_int_equal(native_busy_ns(0), 7 * MSEC);
}

/* put_prev_task_idle, set_next_task_idle */
static void a_higher_class_ends_idling(void **state)
{
	rec_start(1, 1, 1);
	native_occupy(0, NATIVE_RT, MSEC);
	assert_log("busy-0 ");
	assert_false(native_is_idle(0));
	native_run(MSEC);
	assert_log("idle-0 ");
	assert_int_equal(native_busy_ns(0), MSEC);
}

/* update_rq_clock_task leaves out time in interrupts; nothing is scheduled in one */
static void an_interrupt_takes_time_from_nobodys_slice(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_task(4 * MSEC);
	native_wake(p, 0);
	native_run(MSEC);
	forget();
	native_occupy(0, NATIVE_IRQ, 2 * MSEC);
	native_wake(rec_task(0), 0);
	scx_bpf_kick_cpu(0, KICK_PREEMPT);
	forget();
	native_run(2 * MSEC - 1);
	assert_log("");
	assert_int_equal(p->native.ran, MSEC);
	native_run(1);
	assert_log("stopping1 enqueue1 running2 ");
	assert_int_equal(p->native.run_left, 3 * MSEC);
	assert_int_equal(native_busy_ns(0), 3 * MSEC);
}

static void two_interrupts_take_the_sum(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_task(MSEC);
	native_wake(p, 0);
	native_run(0);
	native_occupy(0, NATIVE_IRQ, MSEC);
	native_occupy(0, NATIVE_IRQ, MSEC);
	native_run(3 * MSEC - 1);
	assert_ptr_equal(native.cpus[0].running, p);
	native_run(1);
	assert_null(native.cpus[0].running);
}

static void note_time(void *userdata)
{
	note("%s@%llu ", (const char *)userdata, native.now_ns % SEC_NS / MSEC);
}

/* Due at one time: appointments in the order they were made, then CPUs, then sleepers. */
static void appointments_are_kept_in_order(void **state)
{
	u64 now;

	rec_start(1, 1, 1);
	now = native.now_ns;
	native_wake(rec_task(2 * MSEC), 0);
	native_run(0);
	forget();
	native_at(now + 2 * MSEC, note_time, (void *)"b");
	native_at(now + 2 * MSEC, note_time, (void *)"c");
	native_at(now + MSEC, note_time, (void *)"a");
	native_run(2 * MSEC);
	assert_log("a@1 b@2 c@2 stopped1 quiescent1 idle-0 ");
}

/* --- Programs. ---------------------------------------------------------------------------------- */

static const struct native_step *script;

static struct native_step play(struct task_struct *p)
{
	assert_ptr_equal(native.current, p);
	assert_int_equal(native.cpu, p->native.cpu);
	note("step%d@%llu ", p->pid, native.now_ns % SEC_NS / MSEC);
	return *script++;
}

static void steps_follow_each_other(void **state)
{
	struct native_step steps[6];
	struct task_struct *p;
	u64 now;

	rec_start(1, 1, 1);
	now = native.now_ns;
	steps[0] = (struct native_step){ NATIVE_RUN, MSEC };
	steps[1] = (struct native_step){ NATIVE_SLEEP, now }; /* that time has come */
	steps[2] = (struct native_step){ NATIVE_SLEEP, now + 5 * MSEC };
	steps[3] = (struct native_step){ NATIVE_RUN, MSEC };
	steps[4] = (struct native_step){ NATIVE_BLOCK, 0 };
	steps[5] = (struct native_step){ NATIVE_EXIT, 0 };
	script = steps;
	p = rec_task(0);
	p->native.program = play;
	native_wake(p, 0);
	forget();
	native_run(10 * MSEC);
	assert_log("busy-0 running1 step1@0 step1@1 step1@1 stopped1 quiescent1 idle-0 "
		   "runnable1 enqueue1 busy-0 running1 step1@5 step1@6 "
		   "stopped1 quiescent1 idle-0 ");
	native_wake(p, 0);
	forget();
	native_run(0);
	assert_log("busy-0 running1 step1@10 stopped1 quiescent1 idle-0 exit1 ");
	assert_int_equal(p->native.ran, 2 * MSEC);
}

/* A step that moves its own task away goes on where the task is then. */
static struct native_step move_self(struct task_struct *p)
{
	unsigned long mask = 2;
	bool first = !p->native.userdata;

	p->native.userdata = p;
	if (!first)
		return (struct native_step){ NATIVE_BLOCK, 0 };
	native_set_mask(p, &mask);
	return (struct native_step){ NATIVE_RUN, MSEC };
}

static void a_task_may_move_itself(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_task(0);
	p->native.program = move_self;
	native_wake(p, 0);
	native_run(MSEC / 2);
	assert_ptr_equal(native.cpus[1].running, p);
	native_run(MSEC);
	assert_int_equal(p->native.ran, MSEC);
	assert_null(native.cpus[1].running);
}

/* --- The watchdog: check_rq_for_timeouts every half of the timeout. ----------------------------- */

/* check_rq_for_timeouts */
static void a_task_that_waits_too_long_ends_the_scheduler(void **state)
{
	struct task_struct *p;

	rec_ops.timeout_ms = 4000;
	rec_start(1, 1, 1);
	rec.target = 0; /* the scheduler forgets it */
	p = rec_task(0);
	native_run(SEC_NS);
	native_wake(p, 0);
	native_run(4 * SEC_NS);
	assert_int_equal(native.ended, SCX_EXIT_NONE); /* looked after 3 s */
	native_run(SEC_NS);
	assert_int_equal(native.ended, SCX_EXIT_ERROR_STALL);
	assert_string_equal(native.exit_text, "task[1] failed to run for 5.000s");
	assert_ptr_equal(last_event(NATIVE_EVENT_STALL)->p, p);
	assert_int_equal(last_event(NATIVE_EVENT_STALL)->value, 5 * SEC_NS);
}

static void thirty_seconds_are_the_default(void **state)
{
	rec_start(1, 1, 1);
	rec.target = 0;
	native_wake(rec_task(0), 0);
	native_run(30 * SEC_NS);
	assert_int_equal(native.ended, SCX_EXIT_NONE);
	native_run(15 * SEC_NS);
	assert_int_equal(native.ended, SCX_EXIT_ERROR_STALL);
}

/* --- Determinism. ------------------------------------------------------------------------------- */

static struct native_step random_step(struct task_struct *p)
{
	u64 *seed = p->native.userdata;

	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	switch (*seed >> 60) {
	case 0: return (struct native_step){ NATIVE_YIELD, 0 };
	case 1: native_set_weight(p, 1 + (u32)(*seed >> 32) % 1000); break;
	case 2: native_occupy(p->native.cpu, NATIVE_IRQ, *seed >> 44); break;
	case 3: native_occupy(p->native.cpu, NATIVE_RT, *seed >> 44); break;
	case 4: native_wake(rec.tasks[*seed >> 40 & 15], 0); break;
	case 5: return (struct native_step){ NATIVE_SLEEP, native.now_ns + (*seed >> 42) };
	}
	return (struct native_step){ NATIVE_RUN, *seed >> 44 };
}

/* A sum over all events of a run. chunk_ns: how much of it at once. */
static u64 fingerprint(u64 chunk_ns)
{
	u64 seed = 1, sum = 0;

	for (int i = 0; i < 16; i++) {
		rec_task(0)->native.program = random_step;
		rec.tasks[i]->native.userdata = &seed;
		native_wake(rec.tasks[i], 0);
	}
	native_set_frequency(1, 777);
	for (u64 left = 200 * MSEC; left; left -= chunk_ns) {
		native_run(chunk_ns);
		for (u32 i = 0; i < rec.nr_events; i++)
			if (rec.events[i].kind != NATIVE_EVENT_SETTLED)
				sum = (sum ^ rec.events[i].kind ^ (u64)rec.events[i].cpu << 8 ^
				       rec.events[i].value << 16) *
				      0x9e3779b97f4a7c15ull;
		assert_true(rec.nr_events < EVENTS_MAX);
		forget();
	}
	return sum;
}

static void the_same_run_gives_the_same_events(void **state)
{
	static const u64 chunks[] = { MSEC, MSEC, 100 * 1000, 2 * MSEC };
	u64 sums[ARRAY_SIZE(chunks)];

	rec_start(1, 4, 2);
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		if (i) {
			rec_end();
			rec_setup(state);
			rec_start(1, 4, 2);
		}
		sums[i] = fingerprint(chunks[i]);
		assert_int_equal(sums[i], sums[0]); /* however it is cut */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(work_takes_longer_on_a_slow_cpu),
		TEST(a_change_of_frequency_counts_from_now_on),
		TEST(a_higher_class_puts_the_task),
		TEST(a_higher_class_ends_idling),
		TEST(an_interrupt_takes_time_from_nobodys_slice),
		TEST(two_interrupts_take_the_sum),
		TEST(appointments_are_kept_in_order),
		TEST(steps_follow_each_other),
		TEST(a_task_may_move_itself),
		TEST(a_task_that_waits_too_long_ends_the_scheduler),
		TEST(thirty_seconds_are_the_default),
		TEST(the_same_run_gives_the_same_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
