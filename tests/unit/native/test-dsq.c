/* SPDX-License-Identifier: GPL-2.0-only */
/* Dispatch queues: their orders, who is taken, and what the kernel does not allow. */
#include "tests/unit/native/recorder.h"

#define SORTED 8ull /* a queue by virtual time */

static void start(u32 cpus)
{
	rec_start(1, cpus, 1);
	assert_int_equal(scx_bpf_create_dsq(SORTED, -1), 0);
}

/* A task in a queue, by a test's own hand. */
static struct task_struct *queued(u64 queue, u64 vtime)
{
	struct task_struct *p = rec_task(0);

	if (queue == SORTED)
		kernel_insert_vtime(p, queue, SLICE_NS, vtime, 0);
	else
		kernel_insert(p, queue, SLICE_NS, 0);
	return p;
}

static void assert_order(u64 queue, const char *expected)
{
	char order[256] = "";

	for (struct task_struct *p = native_dsq(queue)->first; p; p = p->native.next)
		snprintf(order + strlen(order), sizeof(order) - strlen(order), "%d ", p->pid);
	assert_string_equal(order, expected);
}

/* scx_dispatch_enqueue: list_add_tail; dsq_insert_head for SCX_ENQ_HEAD */
static void first_in_is_first_out(void **state)
{
	start(1);
	queued(QUEUE, 0);
	queued(QUEUE, 0);
	kernel_insert(rec_task(0), QUEUE, SLICE_NS, ENQ_HEAD);
	assert_order(QUEUE, "3 1 2 ");
	assert_int_equal(scx_bpf_dsq_nr_queued(QUEUE), 3);
}

/* scx_dsq_priq_less, rb_add: of equals the first goes first, and time wraps around */
static void virtual_time_sorts(void **state)
{
	start(1);
	queued(SORTED, 5);
	queued(SORTED, 3);
	queued(SORTED, 5);
	queued(SORTED, -2ull);
	queued(SORTED, 4);
	assert_order(SORTED, "4 2 5 1 3 ");
	assert_int_equal(kernel_queue_first(SORTED)->scx.dsq_vtime, -2ull);
	native_unqueue(rec.tasks[0]);
	native_unqueue(rec.tasks[3]);
	assert_order(SORTED, "2 5 3 ");
}

/* scx_consume_dispatch_q: task_can_run_on_remote_rq(enforce = false) */
static void the_first_that_may_run_is_taken(void **state)
{
	struct task_struct *p;

	start(3);
	p = queued(QUEUE, 0);
	native_allow_only(p, 1, 1);
	p->native.cpu = 1;
	native_migrate_disable(queued(QUEUE, 0));
	queued(QUEUE, 0);
	native.cpu = 2;
	assert_true(kernel_move_to_local(QUEUE));
	assert_ptr_equal(native.cpus[2].local.first, rec.tasks[2]);
	assert_int_equal(rec.tasks[2]->native.cpu, 2);
	assert_false(kernel_move_to_local(QUEUE));
	native.cpu = 0;
	assert_true(kernel_move_to_local(QUEUE)); /* it is there already */
	assert_ptr_equal(native.cpus[0].local.first, rec.tasks[1]);
}

/* scx_dispatch_enqueue */
static void orders_are_not_mixed(void **state)
{
	start(1);
	queued(SORTED, 1);
	kernel_insert(rec_task(0), SORTED, SLICE_NS, 0);
	assert_int_equal(native.ended, SCX_EXIT_ERROR);
	assert_string_equal(native.exit_text,
			    "DSQ ID 0x0000000000000008 already had PRIQ-enqueued tasks");
}

static void nor_the_other_way_round(void **state)
{
	start(1);
	queued(QUEUE, 0);
	kernel_insert_vtime(rec_task(0), QUEUE, SLICE_NS, 1, 0);
	assert_string_equal(native.exit_text,
			    "DSQ ID 0x0000000000000007 already had FIFO-enqueued tasks");
}

/* An empty queue may change its order. */
static void an_empty_queue_has_no_order(void **state)
{
	start(1);
	native_unqueue(queued(SORTED, 1));
	kernel_insert(rec_task(0), SORTED, SLICE_NS, 0);
	assert_int_equal(native.ended, SCX_EXIT_NONE);
}

/* dispatch_enqueue */
static void built_in_queues_have_no_virtual_time(void **state)
{
	start(1);
	kernel_insert_vtime(rec_task(0), DSQ_LOCAL, SLICE_NS, 1, 0);
	assert_string_equal(native.exit_text, "cannot use vtime ordering for built-in DSQs");
}

/* find_dsq_for_dispatch: and the task is global, so that it is not lost */
static void a_queue_that_does_not_exist_is_an_error(void **state)
{
	struct task_struct *p;

	start(1);
	p = rec_task(0);
	rec.target = 99;
	native_wake(p, 0);
	assert_string_equal(native.exit_text, "non-existent DSQ 0x63");
	assert_ptr_equal(p->native.dsq, &native.global[0]);
}

/* scx_bpf_dsq_move_to_local */
static void nothing_is_taken_from_a_queue_that_does_not_exist(void **state)
{
	start(1);
	assert_false(kernel_move_to_local(99));
	assert_string_equal(native.exit_text, "invalid DSQ ID 0x0000000000000063");
}

static void insert_twice(struct task_struct *p, u64 enq_flags)
{
	kernel_insert(p, QUEUE, SLICE_NS, 0);
	kernel_insert(p, DSQ_LOCAL, SLICE_NS, 0);
}

/* mark_direct_dispatch */
static void a_task_is_inserted_once(void **state)
{
	rec_ops.enqueue = insert_twice;
	start(1);
	native_wake(rec_task(0), 0);
	assert_string_equal(native.exit_text, "task[1] already direct-dispatched");
}

static void insert_another(struct task_struct *p, u64 enq_flags)
{
	kernel_insert(rec.tasks[0], QUEUE, SLICE_NS, 0);
}

/* mark_direct_dispatch */
static void another_task_is_not_inserted(void **state)
{
	rec_ops.enqueue = insert_another;
	start(1);
	rec_task(0);
	native_wake(rec_task(0), 0);
	assert_string_equal(native.exit_text,
			    "scheduling for task[2] but trying to direct-dispatch task[1]");
}

static void insert_too_much(s32 cpu, struct task_struct *prev)
{
	for (int i = 0; i < 3; i++)
		kernel_insert(rec.tasks[0], QUEUE, SLICE_NS, 0);
}

/* scx_dsq_insert_commit */
static void dispatch_inserts_no_more_than_the_batch(void **state)
{
	rec_ops.dispatch_max_batch = 2;
	start(1);
	rec.on_dispatch = insert_too_much;
	rec.target = 0;
	native_wake(rec_task(0), 0);
	native_run(0);
	assert_string_equal(native.exit_text, "dispatch buffer overflow");
}

/* apply_slice_vtime: 0 keeps the slice, unless there is none */
static void a_slice_of_nothing_keeps_the_old_one(void **state)
{
	struct task_struct *p;

	start(1);
	p = rec_task(0);
	kernel_insert(p, QUEUE, 0, 0);
	assert_int_equal(p->scx.slice, 1);
	native_unqueue(p);
	p->scx.slice = 5;
	kernel_insert(p, QUEUE, 0, 0);
	assert_int_equal(p->scx.slice, 5);
}

/* bpf_iter_scx_dsq with SCX_DSQ_ITER_REV, scx_dsq_move */
static void a_queue_is_gone_through_from_its_end(void **state)
{
	struct task_struct *p;
	char order[64] = "";

	start(1);
	for (u64 vtime = 0; vtime < 4; vtime++)
		queued(SORTED, vtime);
	kernel_for_each_from_tail (p, SORTED) {
		snprintf(order + strlen(order), sizeof(order) - strlen(order), "%d ", p->pid);
		if (p->pid == 3)
			assert_true(kernel_requeue(p, SORTED, SORTED, 2 * SLICE_NS, -1ull));
	}
	assert_string_equal(order, "4 3 2 1 ");
	assert_order(SORTED, "3 1 2 4 ");
	assert_int_equal(rec.tasks[2]->scx.slice, 2 * SLICE_NS);
	assert_int_equal(rec.tasks[2]->scx.dsq_vtime, -1ull);
	assert_false(kernel_requeue(rec.tasks[2], QUEUE, QUEUE, 0, 0));
}

static void there_may_be_any_number_of_queues(void **state)
{
	start(1);
	for (u64 id = 1000; id < 11000; id++)
		assert_int_equal(scx_bpf_create_dsq(id << 20, -1), 0);
	for (u64 id = 1000; id < 11000; id++)
		assert_int_equal(native_dsq(id << 20)->id, id << 20);
	assert_null(native_dsq(1000));
	assert_int_equal(scx_bpf_create_dsq(1000 << 20, -1), -EEXIST);
	assert_int_equal(scx_bpf_create_dsq(DSQ_LOCAL, -1), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_in_is_first_out),
		TEST(virtual_time_sorts),
		TEST(the_first_that_may_run_is_taken),
		TEST(orders_are_not_mixed),
		TEST(nor_the_other_way_round),
		TEST(an_empty_queue_has_no_order),
		TEST(built_in_queues_have_no_virtual_time),
		TEST(a_queue_that_does_not_exist_is_an_error),
		TEST(nothing_is_taken_from_a_queue_that_does_not_exist),
		TEST(a_task_is_inserted_once),
		TEST(another_task_is_not_inserted),
		TEST(dispatch_inserts_no_more_than_the_batch),
		TEST(a_slice_of_nothing_keeps_the_old_one),
		TEST(a_queue_is_gone_through_from_its_end),
		TEST(there_may_be_any_number_of_queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
