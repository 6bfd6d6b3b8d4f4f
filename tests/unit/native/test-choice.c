/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU's choice: slices, dispatch, preemption, kicks, idling. */
#include "tests/unit/native/recorder.h"

/* dispatch_one: prev with slice left goes on, whatever waits */
static void a_running_task_with_slice_left_stays(void **state)
{
	struct task_struct *hog;

	rec_start(1, 1, 1);
	hog = rec_hog(0);
	native_wake(rec_task(0), 0);
	forget();
	scx_bpf_kick_cpu(0, 0);
	native_run(0);
	assert_log("");
	assert_ptr_equal(native.cpus[0].running, hog);
}

/* put_prev_task_scx, then set_next_task_scx; the slice of prev is used up */
static void tasks_of_a_queue_take_turns(void **state)
{
	struct task_struct *a, *b;

	rec_start(1, 1, 1);
	a = rec_hog(0);
	b = rec_task(0);
	native_wake(b, 0);
	forget();
	native_run(SLICE_NS);
	assert_log("stopping1 enqueue1 running2 ");
	assert_int_equal(a->native.ran, SLICE_NS);
	assert_int_equal(b->native.longest_wait, SLICE_NS);
	native_run(SLICE_NS);
	assert_log("stopping2 enqueue2 running1 ");
}

/* do_pick_task_scx: SCX_DSP_PREV, refill_task_slice_dfl; no callback */
static void a_lonely_task_goes_on_with_the_default_slice(void **state)
{
	struct task_struct *hog;

	rec_start(1, 1, 1);
	hog = rec_hog(0);
	native_run(SLICE_NS);
	assert_log("");
	assert_int_equal(hog->scx.slice, 20 * MSEC);
	native_run(20 * MSEC);
	assert_int_equal(hog->scx.slice, 20 * MSEC);
}

static struct task_struct *kept;

static void keep(s32 cpu, struct task_struct *prev)
{
	kept = prev;
	kernel_set_slice(prev, 3 * MSEC);
}

/* scx_dispatch_sched: prev is given a slice in ops.dispatch */
static void dispatch_may_let_the_running_task_go_on(void **state)
{
	struct task_struct *hog;

	rec_start(1, 1, 1);
	rec.on_dispatch = keep;
	hog = rec_hog(0);
	native_wake(rec_task(0), 0);
	forget();
	native_run(SLICE_NS);
	assert_log("");
	assert_ptr_equal(kept, hog);
	assert_int_equal(hog->scx.slice, 3 * MSEC);
}

/* put_prev_task_scx with %SCX_OPS_ENQ_LAST: the CPU goes idle, and wakes up when it gets the task */
static void with_enq_last_the_scheduler_decides(void **state)
{
	struct task_struct *hog;

	rec_ops.flags = OPS_ENQ_LAST;
	rec_start(1, 1, 1);
	hog = rec_hog(0);
	rec.target = DSQ_LOCAL;
	native_run(SLICE_NS);
	assert_log("stopping1 enqueue-last1 idle-0 busy-0 running1 ");
	rec.target = QUEUE;
	rec.on_dispatch = NULL;
	native_run(SLICE_NS);
	assert_ptr_equal(hog->native.dsq, native_dsq(QUEUE));
	assert_log("stopping1 enqueue-last1 idle-0 ");
}

/* task_tick_scx: CPUs tick at multiples of the tick, and only there a slice ends */
static void with_ticks_a_slice_ends_at_one(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	native.tick_ns = 4 * MSEC; /* the clock begins at a multiple of it */
	native_run(MSEC);
	p = rec_hog(1);
	native_wake(rec_bound(0, 1), 0);
	native_run(SLICE_NS); /* 11 ms */
	assert_ptr_equal(native.cpus[1].running, p);
	native_run(MSEC);
	assert_ptr_not_equal(native.cpus[1].running, p);
	assert_int_equal(p->native.ran, 11 * MSEC);
}

/* SCX_SLICE_INF */
static void an_infinite_slice_has_no_end(void **state)
{
	struct task_struct *hog;

	rec_start(1, 1, 1);
	hog = rec_hog(0);
	kernel_set_slice(hog, ~0ull);
	scx_bpf_kick_cpu(0, 0);
	native_run(0);
	native_wake(rec_task(0), 0);
	native_run(SEC_NS);
	assert_ptr_equal(native.cpus[0].running, hog);
	assert_int_equal(hog->scx.slice, ~0ull);
}

/* yield_task_scx without ops.yield */
static struct native_step yields(struct task_struct *p)
{
	bool first = !p->native.userdata;

	p->native.userdata = p;
	return (struct native_step){ first ? NATIVE_YIELD : NATIVE_RUN, MSEC };
}

/* yield_task_scx */
static void who_yields_gives_its_slice_up(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_task(0);
	p->native.program = yields;
	native_wake(p, 0);
	native_wake(rec_task(2 * MSEC), 0);
	forget();
	native_run(2 * MSEC);
	assert_log("busy-0 running1 stopping1 enqueue1 running2 stopped2 quiescent2 running1 ");
	native_run(MSEC);
	assert_int_equal(p->native.ran, MSEC);
}

/* rq_owned_post_enq with SCX_ENQ_PREEMPT, dsq_insert_head */
static void an_insertion_may_preempt(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	rec_hog(0);
	rec.target = DSQ_LOCAL;
	native_wake(rec_task(0), 0);
	rec.flags = ENQ_PREEMPT;
	p = rec_task(0);
	native_wake(p, 0);
	rec.target = QUEUE;
	rec.flags = 0;
	forget();
	native_run(0);
	assert_log("stopping1 enqueue1 running3 ");
	assert_ptr_equal(native.cpus[0].running, p);
}

/* kick_one_cpu with SCX_KICK_PREEMPT; kick_one_cpu_if_idle */
static void kicks_do_what_they_say(void **state)
{
	rec_start(1, 2, 1);
	rec_hog(0);
	native_wake(rec_bound(0, 0), 0);
	forget();
	scx_bpf_kick_cpu(0, KICK_IDLE);
	native_run(0);
	assert_log("");
	scx_bpf_kick_cpu(0, KICK_PREEMPT);
	native_run(0);
	assert_log("stopping1 enqueue1 running2 ");
	assert_int_equal(last_event(NATIVE_EVENT_KICK)->value, KICK_PREEMPT);
}

/* pick_task_idle, __scx_update_idle: the mask is set anew, ops.update_idle is not called */
static void an_idle_cpu_that_finds_nothing_is_idle_again(void **state)
{
	rec_start(1, 1, 1);
	assert_true(scx_bpf_test_and_clear_cpu_idle(0));
	assert_false(native_is_idle(0));
	scx_bpf_kick_cpu(0, KICK_IDLE);
	native_run(0);
	assert_log("");
	assert_true(native_is_idle(0));
}

/* update_builtin_idle */
static void a_core_is_idle_when_all_its_cpus_are(void **state)
{
	rec_start(1, 4, 2);
	rec_hog(3);
	assert_int_equal(native.idle[0], 0x7);
	assert_int_equal(native.idle_cores[0], 0x3);
	native_leave(native.cpus[3].running);
	native_run(0);
	assert_int_equal(native.idle_cores[0], 0xf);
}

static u32 nr_rounds;

static void dispatch_to_another(s32 cpu, struct task_struct *prev)
{
	nr_rounds++;
	if (cpu == 0 && rec.tasks[0]->native.custody)
		kernel_insert(rec.tasks[0], DSQ_LOCAL_ON | 1, SLICE_NS, 0);
}

/* scx_dispatch_sched: the loop goes on while ops.dispatch inserts, and what it inserts comes after it */
static void dispatch_is_asked_again_after_it_inserted(void **state)
{
	rec_start(1, 2, 1);
	rec.on_dispatch = dispatch_to_another;
	nr_rounds = 0;
	rec.target = 0; /* the scheduler keeps it */
	native_wake(rec_task(MSEC), 0);
	native_run(0);
	assert_int_equal(nr_rounds, 2);
	assert_ptr_equal(native.cpus[1].running, rec.tasks[0]);
}

/* finish_dispatch: the task is not the scheduler's any more */
static void dispatch_twice(s32 cpu, struct task_struct *prev)
{
	if (!rec.tasks[0]->native.custody)
		return;
	kernel_insert(rec.tasks[0], QUEUE, SLICE_NS, 0);
	kernel_insert(rec.tasks[0], DSQ_LOCAL, SLICE_NS, 0);
}

/* finish_dispatch: somebody has claimed the task */
static void a_second_insertion_in_dispatch_is_ignored(void **state)
{
	rec_start(1, 1, 1);
	rec.on_dispatch = dispatch_twice;
	rec.target = 0;
	native_wake(rec_task(MSEC), 0);
	native_run(0);
	assert_int_equal(native.ended, SCX_EXIT_NONE);
	assert_int_equal(scx_bpf_dsq_nr_queued(QUEUE), 1);
}

/* rq->scx.local_dsq comes before ops.dispatch; the task with no slice gets the default one */
static void the_local_queue_goes_first(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	rec_hog(0);
	rec.target = DSQ_LOCAL;
	p = rec_task(0);
	native_wake(p, 0);
	p->scx.slice = 0;
	rec.target = QUEUE;
	native_wake(rec_task(0), 0);
	native_run(SLICE_NS);
	assert_ptr_equal(native.cpus[0].running, p);
	assert_int_equal(p->scx.slice, 20 * MSEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_running_task_with_slice_left_stays),
		TEST(tasks_of_a_queue_take_turns),
		TEST(a_lonely_task_goes_on_with_the_default_slice),
		TEST(dispatch_may_let_the_running_task_go_on),
		TEST(with_enq_last_the_scheduler_decides),
		TEST(with_ticks_a_slice_ends_at_one),
		TEST(an_infinite_slice_has_no_end),
		TEST(who_yields_gives_its_slice_up),
		TEST(an_insertion_may_preempt),
		TEST(kicks_do_what_they_say),
		TEST(an_idle_cpu_that_finds_nothing_is_idle_again),
		TEST(a_core_is_idle_when_all_its_cpus_are),
		TEST(dispatch_is_asked_again_after_it_inserted),
		TEST(a_second_insertion_in_dispatch_is_ignored),
		TEST(the_local_queue_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
