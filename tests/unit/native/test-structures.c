/* SPDX-License-Identifier: GPL-2.0-only */
/* The two structures that keep time: held to the simplest thing that does the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/native/cpubits.h"
#include "tests/native/heap.h"
#include "tests/native/tree.h"

#define MANY 2000

static u64 seed;

static u64 any(u64 below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

/* --- The tree. ---------------------------------------------------------------------------------- */

static struct task_struct tasks[MANY];
static bool in_tree[MANY];

static bool precedes(const struct task_struct *a, const struct task_struct *b)
{
	const struct native_order *x = &a->native.order, *y = &b->native.order;

	return x->vtime == y->vtime ? x->seq < y->seq : (s64)(x->vtime - y->vtime) < 0;
}

static struct task_struct *before_by_search(const struct task_struct *p)
{
	struct task_struct *best = NULL;

	for (u32 i = 0; i < MANY; i++)
		if (in_tree[i] && precedes(&tasks[i], p) && (!best || precedes(best, &tasks[i])))
			best = &tasks[i];
	return best;
}

static u32 depth(const struct task_struct *root)
{
	u32 left, right;

	if (!root)
		return 0;
	left = depth(root->native.order.left);
	right = depth(root->native.order.right);
	return 1 + (left > right ? left : right);
}

static void the_tree_finds_the_place_of_each(void **state)
{
	struct task_struct *root = NULL;

	seed = 1;
	memset(in_tree, 0, sizeof(in_tree));
	for (u64 turn = 0; turn < 5 * MANY; turn++) {
		u64 i = any(MANY);

		if (in_tree[i]) {
			native_tree_remove(&root, &tasks[i]);
			in_tree[i] = false;
			continue;
		}
		/* around the point where time wraps, with many equals */
		tasks[i].native.order =
			(struct native_order){ .vtime = any(500) - 250, .seq = turn };
		assert_ptr_equal(native_tree_before(root, &tasks[i]), before_by_search(&tasks[i]));
		native_tree_insert(&root, &tasks[i]);
		in_tree[i] = true;
	}
	assert_in_range(depth(root), 10, 45);
}

/* The usual order of insertions is the worst one for a tree that does nothing about its shape. */
static void the_tree_stays_shallow(void **state)
{
	struct task_struct *root = NULL;

	for (u32 i = 0; i < MANY; i++) {
		tasks[i].native.order = (struct native_order){ .vtime = i, .seq = i };
		native_tree_insert(&root, &tasks[i]);
	}
	assert_in_range(depth(root), 11, 45);
	for (u32 i = 0; i < MANY; i++)
		native_tree_remove(&root, &tasks[i]);
	assert_null(root);
}

/* --- The heap. ---------------------------------------------------------------------------------- */

static struct native_timer timers[MANY];
static u64 due[MANY]; /* ~0: not set */

static u32 first_by_search(void)
{
	u32 best = 0;

	for (u32 i = 1; i < MANY; i++) /* their ties are their numbers */
		if (due[i] < due[best])
			best = i;
	return best;
}

static void the_heap_gives_the_first_of_all(void **state)
{
	struct native_heap heap = { 0 };

	seed = 2;
	for (u32 i = 0; i < MANY; i++) {
		timers[i] = (struct native_timer){ .tie = i };
		due[i] = ~0ull;
	}
	for (u32 turn = 0; turn < 5 * MANY; turn++) {
		u32 i = (u32)any(MANY);

		if (any(4)) {
			due[i] = any(300);
			native_heap_set(&heap, &timers[i], due[i]);
		} else if (any(2)) {
			due[i] = ~0ull;
			native_heap_cancel(&heap, &timers[i]);
		} else if (heap.nr) {
			i = first_by_search();
			assert_int_equal(native_heap_first_ns(&heap), due[i]);
			assert_ptr_equal(native_heap_pop(&heap), &timers[i]);
			due[i] = ~0ull;
		}
	}
	while (heap.nr) {
		u32 i = first_by_search();

		assert_ptr_equal(native_heap_pop(&heap), &timers[i]);
		due[i] = ~0ull;
	}
	assert_int_equal(native_heap_first_ns(&heap), ~0ull);
	assert_int_equal(due[first_by_search()], ~0ull);
	native_heap_done(&heap);
}

/* --- Sets of CPUs. ------------------------------------------------------------------------------ */

#define CPUS 8192

static void a_set_gives_its_cpus_in_order(void **state)
{
	unsigned long words[CPUS / 64] = { 0 }, summary[CPUS / 64 / 64] = { 0 };
	struct cpubits_set set = { words, summary, CPUS / 64 };
	static const u32 cpus[] = { 0, 63, 64, 4095, 4096, 8191 };

	for (int round = 0; round < 2; round++) {
		for (u32 i = 0; i < 6; i++)
			cpubits_set_add(&set, cpus[5 - i]);
		for (u32 i = 0; i < 6; i++)
			assert_int_equal(cpubits_set_take(&set, i ? cpus[i - 1] + 1 : 0), cpus[i]);
		assert_int_equal(cpubits_set_take(&set, 0), -1);
	}
	cpubits_set_add(&set, 5);
	assert_int_equal(cpubits_set_take(&set, 6), -1);
	assert_int_equal(cpubits_set_take(&set, CPUS), -1);
	assert_int_equal(cpubits_set_take(&set, 5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_finds_the_place_of_each),
		cmocka_unit_test(the_tree_stays_shallow),
		cmocka_unit_test(the_heap_gives_the_first_of_all),
		cmocka_unit_test(a_set_gives_its_cpus_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
