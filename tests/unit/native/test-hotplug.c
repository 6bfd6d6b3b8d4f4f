/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs that come and go, and the tasks that were there. */
#include "tests/unit/native/recorder.h"

/* sched_cpu_deactivate: balance_push, rq_offline_scx, handle_hotplug; native_fallback_cpu chooses */
static void tasks_of_a_cpu_that_goes_are_pushed(void **state)
{
	struct task_struct *runs, *waits;

	rec_start(1, 2, 1);
	runs = rec_hog(1);
	waits = rec_task(0);
	waits->native.cpu = 1;
	native_wake(waits, 0);
	forget();
	native_set_online(1, false);
	/* whoever the CPU picks is put and pushed; who waits elsewhere comes to the local queue, to be so, too */
	assert_log("stopping1 enqueue1 idle-1 quiescent2 runnable2 offline-1 running2 stopping2 "
		   "enqueue2 ");
	assert_int_equal(runs->native.cpu, 0);
	assert_int_equal(waits->native.cpu, 0);
	assert_int_equal(scx_bpf_dsq_nr_queued(QUEUE), 2);
	native_run(0);
	assert_ptr_equal(native.cpus[0].running, runs);
	assert_null(native.cpus[1].running);
	assert_int_equal(last_event(NATIVE_EVENT_ONLINE)->value, 0);
}

static void an_offline_cpu_is_neither_idle_nor_used(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 2);
	native_set_online(1, false);
	assert_int_equal(native.idle[0], 1);
	assert_int_equal(native.online[0], 1);
	assert_int_equal(native.idle_cores[0], 1);
	p = rec_task(MSEC);
	rec.choice = 1;
	native_wake(p, 0);
	assert_int_equal(p->native.cpu, 0);
	scx_bpf_kick_cpu(1, 0);
	native_run(0);
	assert_null(native.cpus[1].running);
}

/* sched_cpu_activate; the CPU then goes idle, of which the scheduler is told */
static void a_cpu_that_comes_takes_work(void **state)
{
	rec_start(1, 2, 1);
	native_set_online(1, false);
	rec_hog(0);
	native_wake(rec_task(0), 0);
	forget();
	native_set_online(1, true);
	assert_log("online-1 ");
	native_run(0);
	assert_ptr_equal(native.cpus[1].running, rec.tasks[1]);
	native_leave(rec.tasks[1]);
	native_run(0);
	assert_true(native_is_idle(1));
}

static void a_cpu_that_comes_for_nothing_goes_idle(void **state)
{
	rec_start(1, 2, 1);
	native_set_online(1, false);
	forget();
	native_set_online(1, true);
	native_run(0);
	assert_log("online-1 idle-1 ");
}

/* select_fallback_rq, set_cpus_allowed_force: the affinity of a task without a CPU is broken */
static void a_task_whose_cpus_are_all_gone_may_run_anywhere(void **state)
{
	struct task_struct *runs, *sleeps;

	rec_start(1, 2, 1);
	runs = rec_bound(0, 1);
	native_wake(runs, 0);
	native_run(0);
	sleeps = rec_bound(MSEC, 1);
	forget();
	native_set_online(1, false);
	assert_log("stopping1 cpumask1 enqueue1 idle-1 offline-1 ");
	assert_int_equal(runs->nr_cpus_allowed, 2);
	assert_int_equal(sleeps->nr_cpus_allowed, 1);
	forget();
	native_wake(sleeps, 0);
	assert_log("cpumask2 runnable2 enqueue2 ");
	assert_int_equal(sleeps->native.cpu, 0);
}

/* select_fallback_rq: the node of the CPU first */
static void the_fallback_is_near(void **state)
{
	struct task_struct *p;

	rec_start(2, 2, 1);
	p = rec_hog(2);
	native_set_online(2, false);
	assert_int_equal(p->native.cpu, 3);
	native_set_online(3, false);
	assert_int_equal(p->native.cpu, 0);
}

/* handle_hotplug without the operations: SCX_ECODE_ACT_RESTART */
static void a_scheduler_that_does_not_want_to_know_ends(void **state)
{
	rec_ops.cpu_offline = NULL;
	rec_start(1, 2, 1);
	native_set_online(1, false);
	assert_int_equal(native.ended, SCX_EXIT_UNREG_KERN);
	assert_string_equal(native.exit_text, "cpu 1 going offline, exiting scheduler");
}

/* balance_hotplug_wait, but nothing is waited for: the task lets go at once */
static void who_must_not_migrate_is_let_go(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_hog(1);
	native_migrate_disable(p);
	native_set_online(1, false);
	native_run(0);
	assert_ptr_equal(native.cpus[0].running, p);
	assert_int_equal(p->native.migration_disabled, 0);
}

/* balance_hotplug_wait: the CPU does not go before it may; it would be the only one left for the task */
static void who_must_not_migrate_is_let_go_asleep_too(void **state)
{
	struct task_struct *p;

	rec_start(1, 2, 1);
	p = rec_task(MSEC);
	p->native.cpu = 1;
	native_wake(p, 0);
	native_run(0);
	assert_ptr_equal(native.cpus[1].running, p);
	native_migrate_disable(p);
	native_run(2 * MSEC);
	assert_null(native.cpus[1].running);
	native_set_online(1, false);
	assert_int_equal(p->native.migration_disabled, 0);
	native_wake(p, 0);
	native_run(0);
	assert_ptr_equal(native.cpus[0].running, p);
}

/* --- Grace periods. ----------------------------------------------------------------------------- */

/* synchronize_rcu between set_cpu_active(false) and handle_hotplug: no dispatch, no consumption, no call. */
static void a_grace_period_comes_before_the_call(void **state)
{
	struct native_cpu *c;

	rec_start(1, 2, 1);
	c = &native.cpus[1];
	native_grace_begin();
	native_run(MSEC);
	native_set_online(1, false);
	assert_false(c->active);
	assert_true(c->leaving);
	assert_true(c->idle);
	assert_int_equal(native.online[0], 3);
	native_run(MSEC);
	assert_true(c->leaving);
	assert_true(native.now_ns - c->dispatched_at > MSEC);
	native_run(10 * MSEC);
	assert_false(c->leaving);
	assert_int_equal(native.online[0], 1);
	assert_int_equal(last_event(NATIVE_EVENT_ONLINE)->cpu, 1);
}

/* Kernels that ask all the same. */
static void who_leaves_may_be_asked_but_takes_nobody(void **state)
{
	struct native_cpu *c;
	struct task_struct *p;

	rec_start(1, 2, 1);
	c = &native.cpus[1];
	native.asks_leaving = true;
	native_grace_begin();
	native_run(MSEC);
	native_occupy(0, NATIVE_RT, SEC_NS);
	native_set_online(1, false);
	p = rec_task(0);
	native_wake(p, 0);
	native_run(10 * MSEC);
	scx_bpf_kick_cpu(1, KICK_IDLE);
	native_run(10 * MSEC);
	assert_true(c->leaving);
	assert_true(c->dispatched_at > 10 * MSEC);
	assert_int_equal(p->native.ran, 0);
	assert_true(native_is_idle(1));
}

/* It does not end while the thread that ends it has no CPU. */
static void no_grace_period_passes_while_its_thread_waits(void **state)
{
	rec_start(1, 2, 1);
	native_grace_begin();
	native_run(MSEC);
	native_occupy(0, NATIVE_RT, SEC_NS);
	native_set_online(1, false);
	native_run(SEC_NS / 2);
	assert_true(native.cpus[1].leaving);
	native_run(SEC_NS);
	assert_false(native.cpus[1].leaving);
}

/* cpus_write_lock: one after the other; the last CPU stays (EBUSY) */
static void hotplugs_wait_for_each_other(void **state)
{
	rec_start(1, 3, 1);
	native_grace_begin();
	native_run(MSEC);
	native_set_online(1, false);
	native_set_online(2, false);
	native_set_online(0, false);
	native_set_online(1, true);
	assert_true(native.cpus[2].active);
	native_run(SEC_NS);
	assert_int_equal(native.online[0], 3);
	assert_null(native.hotplug);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tasks_of_a_cpu_that_goes_are_pushed),
		TEST(an_offline_cpu_is_neither_idle_nor_used),
		TEST(a_cpu_that_comes_takes_work),
		TEST(a_cpu_that_comes_for_nothing_goes_idle),
		TEST(a_task_whose_cpus_are_all_gone_may_run_anywhere),
		TEST(the_fallback_is_near),
		TEST(a_scheduler_that_does_not_want_to_know_ends),
		TEST(who_must_not_migrate_is_let_go),
		TEST(who_must_not_migrate_is_let_go_asleep_too),
		TEST(a_grace_period_comes_before_the_call),
		TEST(who_leaves_may_be_asked_but_takes_nobody),
		TEST(no_grace_period_passes_while_its_thread_waits),
		TEST(hotplugs_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
