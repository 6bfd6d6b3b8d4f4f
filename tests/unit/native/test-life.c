/* SPDX-License-Identifier: GPL-2.0-only */
/* Fork, exit, and changes of a task's attributes. */
#include "tests/unit/native/recorder.h"

/* --- Fork, exec, exit. -------------------------------------------------------------------------- */

/* scx_fork, scx_post_fork (enable: weight), wake_up_new_task; the child begins where its parent is */
static void a_fork_begins_like_the_kernels(void **state)
{
	struct task_struct *parent, *child;

	rec_start(1, 4, 1);
	parent = rec_hog(2);
	child = rec.tasks[rec.nr_tasks++] = native_task_new();
	child->native.run = MSEC;
	assert_int_equal(native_fork(parent, child), 0);
	assert_log("fork2 weight2 select2 runnable2 enqueue2 ");
	assert_int_equal(child->native.cpu, 2);
	assert_int_equal(last_event(NATIVE_EVENT_WAKE)->value, WAKE_FORK);
	assert_int_equal(last_event(NATIVE_EVENT_WAKE)->cpu, 2);
}

static void a_refused_child_leaves_nothing_behind(void **state)
{
	struct task_struct *child;

	rec_start(1, 1, 1);
	rec.refuse = 1;
	child = rec.tasks[rec.nr_tasks++] = native_task_new();
	assert_int_equal(native_fork(NULL, child), -ENOMEM);
	assert_null(native.tasks);
	assert_int_equal(rec.nr_events, 0);
}

/* select_task_rq_scx: WF_EXEC gets the task's own CPU */
static void exec_asks_nobody(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_hog(1);
	native_exec(p);
	native_run(0);
	assert_log("");
	assert_ptr_equal(native.cpus[1].running, p);
}

static struct native_step run_and_exit(struct task_struct *p)
{
	bool first = !p->native.userdata;

	p->native.userdata = p;
	return (struct native_step){ first ? NATIVE_RUN : NATIVE_EXIT, MSEC };
}

/* do_task_dead, finish_task_switch, sched_ext_dead: exit_task comes when the next task runs */
static void a_task_exits_after_its_last_switch(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_task(0);
	p->native.program = run_and_exit;
	native_wake(p, 0);
	native_wake(rec_task(0), 0);
	forget();
	native_run(MSEC);
	assert_log("busy-0 running1 stopped1 quiescent1 running2 exit1 ");
	assert_true(p->flags & PF_EXITING);
	assert_ptr_equal(last_event(NATIVE_EVENT_LEAVE)->p, p);
	assert_ptr_equal(native.tasks, rec.tasks[1]);
	assert_null(native.tasks->native.older);
}

/* --- Attributes. -------------------------------------------------------------------------------- */

/* sched_change_begin, reweight_task_scx, sched_change_end: ENQUEUE_RESTORE of the current task */
static void a_running_task_goes_on_with_its_new_weight(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_hog(0);
	native_run(MSEC);
	native_set_weight(p, 200);
	assert_log("stopped1 quiescent1 weight1 runnable1 running1 ");
	assert_ptr_equal(native.cpus[0].running, p);
	assert_int_equal(p->scx.slice, SLICE_NS - MSEC);
	assert_int_equal(p->scx.weight, 200);
	assert_non_null(last_event(NATIVE_EVENT_ATTR));
}

static void a_waiting_task_is_queued_anew_and_waits_on(void **state)
{
	struct task_struct *p;
	u64 since;

	rec_start(1, 1, 1);
	rec_hog(0);
	p = rec_task(0);
	native_wake(p, 0);
	since = native.now_ns;
	native_run(MSEC);
	forget();
	native_set_weight(p, 200);
	assert_log("quiescent2 weight2 runnable2 enqueue2 ");
	assert_int_equal(scx_bpf_dsq_nr_queued(QUEUE), 1);
	assert_int_equal(p->native.waiting_since, since); /* ops_dequeue: don't reset runnable_at */
}

static void a_sleeping_task_is_just_told_of(void **state)
{
	struct task_struct *p;

	rec_start(1, 1, 1);
	p = rec_task(0);
	native_set_weight(p, 200);
	assert_log("weight1 ");
}

/* The callbacks run on the CPU of who makes the change: task_rq_lock, not the task's own CPU. */
static s32 stopped_on;

static void see_cpu(struct task_struct *p, bool runnable)
{
	stopped_on = (s32)bpf_get_smp_processor_id();
}

static void a_change_is_made_from_another_cpu(void **state)
{
	struct task_struct *p;

	rec_ops.stopping = see_cpu;
	rec_start(1, 2, 1);
	p = rec_hog(1);
	native.cpu = 0;
	native_set_weight(p, 200);
	assert_int_equal(stopped_on, 0);
}

static unsigned long mask_of(u32 cpu)
{
	return 1ul << cpu;
}

/* affine_move_task: the stopper puts the task, which has slice left, then moves it without more ado */
static void a_running_task_is_moved_by_the_stopper(void **state)
{
	struct task_struct *p;
	unsigned long mask = mask_of(1);

	rec_start(1, 2, 1);
	p = rec_hog(0);
	assert_int_equal(native_set_mask(p, &mask), 0);
	assert_log("stopped1 quiescent1 cpumask1 runnable1 running1 stopping1 enqueue1 ");
	native_run(0);
	assert_ptr_equal(native.cpus[1].running, p);
	assert_null(native.cpus[0].running);
}

/* move_queued_task */
static void a_waiting_task_is_moved_at_once(void **state)
{
	struct task_struct *p;
	unsigned long mask = mask_of(1);

	rec_start(1, 2, 1);
	rec_hog(0);
	p = rec_task(0);
	rec.target = DSQ_LOCAL;
	native_wake(p, 0);
	forget();
	assert_int_equal(native_set_mask(p, &mask), 0);
	assert_log("quiescent2 cpumask2 runnable2 enqueue2 enqueue2 ");
	assert_ptr_equal(native.cpus[1].local.first, p);
}

/* __set_cpus_allowed_ptr_locked: no CPU of it is active */
static void an_affinity_without_a_cpu_is_refused(void **state)
{
	struct task_struct *p;
	unsigned long mask = mask_of(1);

	rec_start(1, 2, 1);
	p = rec_task(0);
	native_set_online(1, false);
	assert_int_equal(native_set_mask(p, &mask), -EINVAL);
	assert_int_equal(p->nr_cpus_allowed, 2);
}

/* migrate_disable_switch, ___migrate_enable: the effective mask is told when the task is off its CPU */
static void who_must_not_migrate_is_pinned_when_switched_out(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_hog(1);
	native_migrate_disable(p);
	native_migrate_disable(p);
	assert_log("");
	native_wake(rec_bound(0, 1), 0);
	forget();
	native_run(SLICE_NS);
	assert_log("stopping1 running2 quiescent1 cpumask1 runnable1 ");
	assert_int_equal(p->cpus_ptr->bits[0], 2);
	assert_int_equal(p->nr_cpus_allowed, 2);
	native_migrate_enable(p);
	assert_log("");
	native_migrate_enable(p);
	assert_log("quiescent1 cpumask1 runnable1 enqueue1 ");
	assert_int_equal(p->cpus_ptr->bits[0], 3);
}

/* The change of affinity waits for the end of migrate_disable: SCA_MIGRATE_ENABLE */
static void an_affinity_waits_until_migration_is_enabled(void **state)
{
	struct task_struct *p;
	unsigned long mask = mask_of(0);

	rec_start(1, 2, 1);
	p = rec_hog(1);
	native_migrate_disable(p);
	assert_int_equal(native_set_mask(p, &mask), 0);
	native_run(0);
	assert_ptr_equal(native.cpus[1].running, p);
	native_migrate_enable(p);
	native_run(0);
	assert_ptr_equal(native.cpus[0].running, p);
}

/* set_cpus_allowed_common: cpus_ptr stays at the pinned CPU, of whatever the affinity is made meanwhile */
static void who_is_pinned_stays_so_when_its_affinity_changes(void **state)
{
	struct task_struct *p;
	unsigned long mask = mask_of(0);

	rec_start(1, 2, 1);
	p = rec_hog(1);
	native_migrate_disable(p);
	native_wake(rec_bound(0, 1), 0);
	native_run(SLICE_NS);
	assert_int_equal(native_set_mask(p, &mask), 0);
	assert_int_equal(p->cpus_ptr->bits[0], 2);
	native_migrate_enable(p);
	assert_int_equal(p->cpus_ptr->bits[0], 1);
}

/* move_queued_task comes after ops.enqueue, which may put it into the local queue that it leaves */
static void a_forbidden_cpu_may_be_inserted_to_until_the_task_is_moved(void **state)
{
	struct task_struct *p;
	unsigned long mask = mask_of(0);

	rec_start(1, 2, 1);
	rec_hog(1);
	p = rec_hog(1);
	rec.target = DSQ_LOCAL;
	assert_int_equal(native_set_mask(p, &mask), 0);
	native_run(0);
	assert_ptr_equal(native.cpus[0].running, p);
}

static void a_memory_policy_is_seen(void **state)
{
	struct task_struct *p;
	u32 mode;
	u64 nodes;

	rec_start(1, 1, 1);
	p = rec_task(0);
	assert_false(kernel_mempolicy(p, &mode, &nodes));
	native_set_mempolicy(p, MPOL_BIND, 0x5);
	assert_true(kernel_mempolicy(p, &mode, &nodes));
	assert_int_equal(mode, MPOL_BIND);
	assert_int_equal(nodes, 0x5);
	native_set_mempolicy(p, 0, 0);
	assert_false(kernel_mempolicy(p, &mode, &nodes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fork_begins_like_the_kernels),
		TEST(a_refused_child_leaves_nothing_behind),
		TEST(exec_asks_nobody),
		TEST(a_task_exits_after_its_last_switch),
		TEST(a_running_task_goes_on_with_its_new_weight),
		TEST(a_waiting_task_is_queued_anew_and_waits_on),
		TEST(a_sleeping_task_is_just_told_of),
		TEST(a_change_is_made_from_another_cpu),
		TEST(a_running_task_is_moved_by_the_stopper),
		TEST(a_waiting_task_is_moved_at_once),
		TEST(an_affinity_without_a_cpu_is_refused),
		TEST(who_must_not_migrate_is_pinned_when_switched_out),
		TEST(an_affinity_waits_until_migration_is_enabled),
		TEST(who_is_pinned_stays_so_when_its_affinity_changes),
		TEST(a_forbidden_cpu_may_be_inserted_to_until_the_task_is_moved),
		TEST(a_memory_policy_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
