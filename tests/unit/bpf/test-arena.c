/* SPDX-License-Identifier: GPL-2.0-only */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"

#include "bpf/arena.bpf.h"
#include "util/macro.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)

#define TASKS_MAX 1000
#define SLAB      (&shared.tasks)

/* The part of an object behind its slot, which the slab leaves alone. */
struct object {
	struct wd40_slot slot;
	u64 owner;
};

static struct object *object(s64 index)
{
	return (struct object *)slab_slot(SLAB, (u32)index);
}

static u32 generation(s64 index)
{
	return object(index)->slot.generation;
}

static u32 capacity(void)
{
	return SLAB->nr_chunks_max * SLAB->chunk_objects;
}

static int boot(void **state)
{
	native_boot((struct native_shape){ 1, 1, 1, .tasks_max = TASKS_MAX });
	return 0;
}

static int halt(void **state)
{
	native_halt();
	return 0;
}

/* Takes n objects into indices; each is new. */
static void take(s64 *indices, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		indices[i] = slab_alloc(SLAB);
		assert_in_range(indices[i], 0, capacity() - 1);
		assert_int_equal(object(indices[i])->owner, 0);
		object(indices[i])->owner = 1;
	}
}

static void give_back(const s64 *indices, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		object(indices[i])->owner = 0;
		slab_free(SLAB, (u32)indices[i]);
	}
}

/* Everything can be taken, once; and is given back. */
static void assert_whole(void)
{
	s64 *indices = calloc(capacity(), sizeof(*indices));

	assert_int_equal(SLAB->nr_used, 0);
	take(indices, capacity());
	assert_int_equal(slab_alloc(SLAB), -ENOMEM);
	assert_int_equal(SLAB->nr_used, capacity());
	give_back(indices, capacity());
	assert_int_equal(SLAB->nr_used, 0);
	free(indices);
}

static void generation_is_odd_while_in_use(void **state)
{
	s64 index = slab_alloc(SLAB);

	assert_int_equal(generation(index), 1);
	slab_free(SLAB, index);
	assert_int_equal(generation(index), 2);
}

/* Fault 23: a handle of the first life names neither the free object nor its second life. */
static void fault_23_handles_turn_stale(void **state)
{
	s64 index = slab_alloc(SLAB);
	wd40_handle first = WD40_HANDLE(generation(index), index);

	slab_free(SLAB, index);
	assert_int_not_equal(generation(index), WD40_HANDLE_GENERATION(first));
	assert_int_equal(slab_alloc(SLAB), index);
	assert_int_not_equal(generation(index), WD40_HANDLE_GENERATION(first));
	assert_int_equal(generation(index) % 2, 1);
	assert_int_equal(WD40_HANDLE_INDEX(first), index);
}

static void freed_memory_stays_as_it_was(void **state)
{
	s64 index = slab_alloc(SLAB);

	object(index)->owner = 4711;
	slab_free(SLAB, index);
	assert_int_equal(object(index)->owner, 4711);
	object(index)->owner = 0;
}

static void grows_by_chunks_as_needed(void **state)
{
	s64 indices[3 * 64];
	u32 n = SLAB->chunk_objects;

	assert_in_range(n, 2, 64);
	assert_int_equal(SLAB->nr_chunks, 0);
	take(indices, 1);
	assert_int_equal(SLAB->nr_chunks, 1);
	take(indices + 1, n - 1);
	assert_int_equal(SLAB->nr_chunks, 1);
	take(indices + n, n + 1);
	assert_int_equal(SLAB->nr_chunks, 3);
	give_back(indices, 2 * n + 1);
	take(indices, 3 * n);
	assert_int_equal(SLAB->nr_chunks, 3);
}

static void a_full_slab_recovers(void **state)
{
	s64 *indices = calloc(capacity(), sizeof(*indices));

	take(indices, capacity());
	for (int i = 0; i < 3; i++)
		assert_int_equal(slab_alloc(SLAB), -ENOMEM);
	assert_int_equal(SLAB->nr_chunks, SLAB->nr_chunks_max);
	give_back(indices + 7, 1);
	assert_int_equal(slab_alloc(SLAB), indices[7]);
	assert_int_equal(slab_alloc(SLAB), -ENOMEM);
	give_back(indices, capacity());
	assert_whole();
	free(indices);
}

static void a_failed_growth_is_taken_back(void **state)
{
	native.fail_pages = 2;
	assert_int_equal(slab_alloc(SLAB), -ENOMEM);
	assert_int_equal(slab_alloc(SLAB), -ENOMEM);
	assert_int_equal(SLAB->nr_chunks, 0);
	assert_int_equal(SLAB->nr_used, 0);
	assert_whole();
}

static s64 other_index;

static void another_cpu_grows_meanwhile(const char *kfunc)
{
	u32 fail = native.fail_pages;

	native.on_call = NULL;
	native.fail_pages = 0;
	other_index = slab_alloc(SLAB);
	native.fail_pages = fail;
}

/* Then the range of the failed one is lost, and nothing else. */
static void a_failed_growth_below_a_good_one_stays_unused(void **state)
{
	s64 indices[TASKS_MAX + 64];
	u32 left = capacity() - SLAB->chunk_objects;

	native.fail_pages = 1;
	native.on_call = another_cpu_grows_meanwhile;
	indices[0] = slab_alloc(SLAB);
	assert_in_range(other_index, SLAB->chunk_objects, 2 * SLAB->chunk_objects - 1);
	assert_in_range(indices[0], SLAB->chunk_objects, 2 * SLAB->chunk_objects - 1);
	assert_int_equal(SLAB->nr_chunks, 2);
	object(indices[0])->owner = object(other_index)->owner = 1;
	take(indices + 1, left - 2);
	assert_int_equal(slab_alloc(SLAB), -ENOMEM);
	for (u32 i = 0; i < left - 1; i++)
		assert_in_range(indices[i], SLAB->chunk_objects, capacity() - 1);
}

static void another_cpu_frees_meanwhile(const char *kfunc)
{
	native.on_call = NULL;
	slab_free(SLAB, (u32)other_index);
}

/* What came free while growing failed is taken: no task is refused while there is room. */
static void a_failed_growth_looks_once_more(void **state)
{
	s64 indices[64];

	take(indices, SLAB->chunk_objects);
	object(indices[3])->owner = 0;
	other_index = indices[3];
	native.fail_pages = 1;
	native.on_call = another_cpu_frees_meanwhile;
	assert_int_equal(slab_alloc(SLAB), other_index);
}

/* I5 */
static void a_million_lives_leave_nothing(void **state)
{
	s64 live[100] = { 0 };
	bool used[100] = { false };

	srandom(1);
	for (u32 i = 0; i < 2000000; i++) {
		u32 k = (u32)random() % 100;

		if (used[k])
			give_back(&live[k], 1);
		else
			take(&live[k], 1);
		used[k] = !used[k];
	}
	for (u32 k = 0; k < 100; k++)
		if (used[k])
			give_back(&live[k], 1);
	assert_in_range(SLAB->nr_chunks, 1, 100 / SLAB->chunk_objects + 1);
	assert_whole();
}

static u32 reads_left;

/* Takes the two objects at the head of the free list, and puts the first back. */
static void another_cpu_pops_pops_and_pushes(void)
{
	if (--reads_left)
		return;
	native_on_read = NULL;
	other_index = slab_alloc(SLAB);
	object(slab_alloc(SLAB))->owner = 2;
	slab_free(SLAB, (u32)other_index);
}

/*
 * The head is the object that pop saw, but what it took for its successor is in use by now: ABA. The
 * second read of a word that others write is that of the successor.
 */
static void a_successor_read_too_early_is_not_used(void **state)
{
	s64 indices[2];

	take(indices, 2);
	give_back(indices, 2);
	reads_left = 2;
	native_on_read = another_cpu_pops_pops_and_pushes;
	take(indices, 2);
	assert_int_equal(indices[0], other_index);
	assert_null(native_on_read);
	assert_int_equal(SLAB->nr_used, 3);
}

#define THREADS      4
#define THREAD_LIVES 300000

struct worker {
	pthread_t thread;
	u32 depth; /* objects that it holds at most */
	u32 errors, refused;
};

/* Takes and gives back at random; an object that another one holds too is an error. */
static void *work(void *userdata)
{
	struct worker *w = userdata;
	unsigned int seed = (unsigned int)(uintptr_t)w;
	s64 held[16];
	u32 n = 0;

	for (u32 i = 0; i < THREAD_LIVES || n; i++) {
		if (i < THREAD_LIVES && n < w->depth && rand_r(&seed) % 2) {
			held[n] = slab_alloc(SLAB);
			w->refused += held[n] < 0;
			if (held[n] < 0)
				continue;
			w->errors += __sync_fetch_and_add(&object(held[n])->owner, 1) != 0;
			w->errors += generation(held[n]) % 2 != 1;
			n++;
		} else if (n) {
			n--;
			w->errors += __sync_fetch_and_add(&object(held[n])->owner, (u64)-1) != 1;
			slab_free(SLAB, (u32)held[n]);
		}
	}
	return NULL;
}

/* The next one goes on in the middle of a pop or push, now and then. */
static void yield(void)
{
	static __thread unsigned int seed;

	if (rand_r(&seed) % 16 == 0)
		sched_yield();
}

static u32 work_together(u32 depth)
{
	struct worker workers[THREADS] = { 0 };
	u32 refused = 0;

	native_on_read = yield;
	for (u32 i = 0; i < THREADS; i++) {
		workers[i].depth = depth;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (u32 i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].errors, 0);
		refused += workers[i].refused;
	}
	native_on_read = NULL;
	return refused;
}

static void threads_never_share_an_object(void **state)
{
	assert_int_equal(work_together(16), 0);
	assert_whole();
}

/*
 * One chunk for all: the free list is short and often empty, where a pop meets ABA. The chunk is there
 * before, since who comes while another one populates the last one is refused.
 */
static void threads_on_a_short_free_list(void **state)
{
	s64 first;

	SLAB->nr_chunks_max = 1;
	take(&first, 1);
	give_back(&first, 1);
	assert_int_equal(work_together(2), 0);
	assert_whole();
}

static void threads_on_a_full_slab(void **state)
{
	SLAB->nr_chunks_max = 1;
	assert_true(work_together(16) > 0);
	assert_whole();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(generation_is_odd_while_in_use),
		TEST(fault_23_handles_turn_stale),
		TEST(freed_memory_stays_as_it_was),
		TEST(grows_by_chunks_as_needed),
		TEST(a_full_slab_recovers),
		TEST(a_failed_growth_is_taken_back),
		TEST(a_failed_growth_below_a_good_one_stays_unused),
		TEST(a_failed_growth_looks_once_more),
		TEST(a_million_lives_leave_nothing),
		TEST(a_successor_read_too_early_is_not_used),
		TEST(threads_never_share_an_object),
		TEST(threads_on_a_short_free_list),
		TEST(threads_on_a_full_slab),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
