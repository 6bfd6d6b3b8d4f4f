/* SPDX-License-Identifier: GPL-2.0-only */
/* Wakeups and direct dispatch: which callbacks, in which order, and where the task goes. */
#include "tests/unit/native/recorder.h"

/* try_to_wake_up, enqueue_task_scx, scx_do_enqueue_task, set_next_task_scx */
static void a_wakeup_asks_in_the_kernels_order(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_task(MSEC);
	native_wake(p, 0);
	assert_log("select1 runnable1 enqueue1 ");
	native_run(0);
	assert_log("busy-0 running1 ");
	native_run(MSEC);
	assert_log("stopped1 quiescent1 idle-0 ");
	assert_int_equal(p->native.ran, MSEC);
}

/* select_task_rq: nr_cpus_allowed == 1 */
static void a_task_bound_to_one_cpu_is_not_asked_about(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_bound(MSEC, 1);
	native_wake(p, 0);
	assert_log("runnable1 enqueue1 ");
	native_run(0);
	assert_ptr_equal(native.cpus[1].running, p);
}

/* scx_do_enqueue_task: ddsp_dsq_id is set, so ops.enqueue is not called */
static void what_select_cpu_inserts_skips_enqueue(void **state)
{
	struct task_struct *p;

	rec_start(1, 4, 1);
	p = rec_task(MSEC);
	rec.inserts = true;
	rec.target = DSQ_LOCAL;
	rec.choice = 3;
	native_wake(p, 0);
	assert_log("select1 runnable1 ");
	assert_ptr_equal(native.cpus[3].local.first, p);
	assert_int_equal(p->scx.slice, SLICE_NS);
	native_run(0);
	assert_log("busy-3 running1 ");
}

/* mark_direct_dispatch: the insertion takes place after the callback */
static u32 queued_in_enqueue;

static void look_into_queue(struct task_struct *p, u64 enq_flags)
{
	kernel_insert(p, QUEUE, SLICE_NS, 0);
	queued_in_enqueue += (u32)scx_bpf_dsq_nr_queued(QUEUE);
}

/* do_enqueue_task: direct_dispatch */
static void an_insertion_takes_place_after_the_callback(void **state)
{
	rec_ops.enqueue = look_into_queue;
	rec_start(1, 1, 1);
	queued_in_enqueue = 0;
	native_wake(rec_task(MSEC), 0);
	assert_int_equal(queued_in_enqueue, 0);
	assert_int_equal(scx_bpf_dsq_nr_queued(QUEUE), 1);
}

/* direct_dispatch, process_ddsp_deferred_locals, dispatch_to_local_dsq */
static void enqueue_may_send_to_another_cpu(void **state)
{
	struct task_struct *p;

	rec_start(1, 4, 1);
	p = rec_task(MSEC);
	rec.target = DSQ_LOCAL_ON | 2;
	native_wake(p, 0);
	assert_int_equal(p->native.cpu, 2);
	assert_log("select1 runnable1 enqueue1 ");
	native_run(0);
	assert_ptr_equal(native.cpus[2].running, p);
}

/* task_can_run_on_remote_rq(enforce) */
static void a_cpu_that_the_task_may_not_use_is_an_error(void **state)
{
	struct task_struct *p;

	rec_start(1, 4, 1);
	p = rec_bound(MSEC, 1);
	rec.target = DSQ_LOCAL_ON | 2;
	native_wake(p, 0);
	assert_int_equal(native.ended, SCX_EXIT_ERROR);
	assert_string_equal(native.exit_text,
			    "SCX_DSQ_LOCAL[_ON] target CPU 2 not allowed for task[1]");
	assert_int_equal(count_events(NATIVE_EVENT_ERROR), 1);
}

/* scx_cpu_valid in select_task_rq_scx */
static void a_cpu_that_is_none_is_an_error(void **state)
{
	rec_start(1, 4, 1);
	rec.choice = 4;
	native_wake(rec_task(MSEC), 0);
	assert_int_equal(native.ended, SCX_EXIT_ERROR);
	assert_string_equal(native.exit_text, "invalid CPU 4 from ops.select_cpu()");
}

/* is_cpu_allowed, select_fallback_rq: no error, another CPU */
static void a_choice_that_is_not_allowed_is_corrected(void **state)
{
	struct task_struct *p;

	rec_start(1, 4, 1);
	p = rec_task(MSEC);
	native_allow_only(p, 2, 2);
	rec.choice = 1;
	native_wake(p, 0);
	assert_int_equal(p->native.cpu, 2);
	assert_int_equal(native.ended, SCX_EXIT_NONE);
}

/* wakeup_preempt: the CPU of the task leaves idle, whichever queue the task is in */
static void an_idle_cpu_wakes_up_for_its_task(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_task(MSEC);
	rec.choice = 1;
	native_wake(p, 0);
	native_run(0);
	assert_ptr_equal(native.cpus[1].running, p);
	assert_null(last_event(NATIVE_EVENT_KICK));
}

/* scx_do_enqueue_task, without %SCX_OPS_ENQ_EXITING and %SCX_OPS_ENQ_MIGRATION_DISABLED */
static void who_exits_or_must_not_migrate_is_queued_locally(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_task(MSEC);
	p->flags |= PF_EXITING;
	native_wake(p, 0);
	assert_log("select1 runnable1 ");
	assert_ptr_equal(p->native.dsq, &native.cpus[0].local);
	assert_int_equal(p->scx.slice, 20 * MSEC);
	p = rec_task(MSEC);
	native_migrate_disable(p);
	native_wake(p, 0);
	assert_log("runnable2 ");
	assert_ptr_equal(p->native.dsq, &native.cpus[0].local);
}

static void with_the_flags_it_is_asked_about_them(void **state)
{
	struct task_struct *p;

	rec_ops.flags = OPS_ENQ_EXITING | OPS_ENQ_MIGRATION_DISABLED;
	rec_start(1, 2, 1);
	p = rec_task(MSEC);
	p->flags |= PF_EXITING;
	native_wake(p, 0);
	assert_log("select1 runnable1 enqueue1 ");
	p = rec_task(MSEC);
	native_migrate_disable(p);
	native_wake(p, 0);
	assert_log("runnable2 enqueue2 ");
}

/* SCX_HAS_OP(enqueue) is false: the global queue, which every CPU looks into before dispatch */
static void without_enqueue_tasks_are_global(void **state)
{
	struct task_struct *p;

	rec_ops.enqueue = NULL;
	rec_start(2, 2, 1);
	p = rec_task(MSEC);
	rec.choice = 3;
	native_wake(p, 0);
	assert_ptr_equal(p->native.dsq, &native.global[1]);
	native_run(0);
	assert_ptr_equal(native.cpus[3].running, p);
}

/* scx_select_cpu_dfl: the last CPU if its core is idle, an idle core, the last CPU, any */
static void the_default_prefers_idle_cores(void **state)
{
	struct task_struct *p;

	rec_ops.select_cpu = NULL;
	rec_start(1, 4, 2);
	p = rec_task(MSEC);
	p->native.cpu = 1;
	native_set_idle(0, false);
	native_wake(p, 0);
	assert_int_equal(p->native.cpu, 2);
	assert_ptr_equal(native.cpus[2].local.first, p);
	assert_false(native_is_idle(2));
}

/* try_to_wake_up of a task that is on its queue */
static void waking_twice_is_waking_once(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_task(MSEC);
	native_wake(p, 0);
	forget();
	native_wake(p, 0);
	assert_log("");
	assert_int_equal(rec.nr_events, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wakeup_asks_in_the_kernels_order),
		TEST(a_task_bound_to_one_cpu_is_not_asked_about),
		TEST(what_select_cpu_inserts_skips_enqueue),
		TEST(an_insertion_takes_place_after_the_callback),
		TEST(enqueue_may_send_to_another_cpu),
		TEST(a_cpu_that_the_task_may_not_use_is_an_error),
		TEST(a_cpu_that_is_none_is_an_error),
		TEST(a_choice_that_is_not_allowed_is_corrected),
		TEST(an_idle_cpu_wakes_up_for_its_task),
		TEST(who_exits_or_must_not_migrate_is_queued_locally),
		TEST(with_the_flags_it_is_asked_about_them),
		TEST(without_enqueue_tasks_are_global),
		TEST(the_default_prefers_idle_cores),
		TEST(waking_twice_is_waking_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
