/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/native/native.h"
#include "tests/sim/ideal.h"
#include "util/macro.h"

#define TEST(f)  cmocka_unit_test_teardown(f, end)
#define MSEC     1000000ull
#define CPUS_MAX 8
#define ALL      0xffu

static struct mask_table *masks;
static struct ideal *ideal;
static u64 now_ns;

static void begin(u32 nr_cpus, const u32 *capacity, u64 interval_ns)
{
	masks = mask_table_new(nr_cpus);
	ideal = ideal_new(masks, capacity, interval_ns);
	now_ns = 1000 * MSEC;
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		ideal_set_online(ideal, (s32)cpu, capacity[cpu] > 0);
}

static void begin_equal(u32 nr_cpus)
{
	static const u32 equal[CPUS_MAX] = { 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024 };

	begin(nr_cpus, equal, 0);
}

static int end(void **state)
{
	ideal = ideal_free(ideal);
	masks = mask_table_free(masks);
	return 0;
}

/* So many tasks that want to run from now on; their class. */
static u32 add(u32 nr, u32 weight, unsigned long cpus)
{
	unsigned long there =
		mask_table_nr_bits(masks) < 64 ? (1ul << mask_table_nr_bits(masks)) - 1 : ~0ul;
	u32 class;

	cpus &= there;
	class = ideal_class(ideal, mask_table_id(masks, &cpus), weight);
	while (nr--)
		ideal_enter(ideal, class, now_ns);
	return class;
}

static void settle(void)
{
	ideal_settle(ideal, now_ns);
}

/* What a task of the class gets of a CPU, in thousandths. */
static long permille(u32 class)
{
	double before = ideal_work_ns(ideal, class, now_ns), got;

	now_ns += MSEC;
	got = ideal_work_ns(ideal, class, now_ns) - before;
	return (long)(got * 1000 / MSEC + 0.5);
}

static void weights_are_shares(void **state)
{
	u32 light, heavy;

	begin_equal(1);
	light = add(1, 100, ALL);
	heavy = add(1, 300, ALL);
	settle();
	assert_int_equal(permille(light), 250);
	assert_int_equal(permille(heavy), 750);
}

/* Two hogs and 4 CPUs; in the second half two more, and one CPU is gone. */
static void the_total_is_what_all_get(void **state)
{
	double before;

	begin_equal(4);
	add(2, 100, ALL);
	settle();
	before = ideal_total_ns(ideal, now_ns);
	now_ns += MSEC;
	add(2, 300, ALL);
	ideal_set_online(ideal, 0, false);
	settle();
	now_ns += MSEC;
	assert_int_equal(ideal_total_ns(ideal, now_ns) - before + 0.5, 2 * MSEC + 3 * MSEC);
}

static void nobody_gets_more_than_a_cpu(void **state)
{
	u32 hog;

	begin_equal(4);
	hog = add(3, 100, ALL);
	settle();
	assert_int_equal(permille(hog), 1000);
}

/* 10000 of 10300 would be nearly two CPUs: it gets one, the others share the other. */
static void a_weight_that_is_too_heavy_is_capped(void **state)
{
	u32 heavy, light;

	begin_equal(2);
	heavy = add(1, 10000, ALL);
	light = add(3, 100, ALL);
	settle();
	assert_int_equal(permille(heavy), 1000);
	assert_int_equal(permille(light), 333);
}

/* 4 CPUs: 4000 of 5000 is capped, then 800 of the other 1000 for three CPUs, then 200 / 4 for two. */
static void caps_cascade(void **state)
{
	u32 first, second, rest;

	begin_equal(4);
	first = add(1, 4000, ALL);
	second = add(1, 800, ALL);
	rest = add(4, 50, ALL);
	settle();
	assert_int_equal(permille(first), 1000);
	assert_int_equal(permille(second), 1000);
	assert_int_equal(permille(rest), 500);
}

/* A floater leaves the CPU of the two pinned ones to them. */
static void a_floater_takes_what_pinned_ones_cannot(void **state)
{
	u32 pinned, floater;

	begin_equal(2);
	pinned = add(2, 100, 1);
	floater = add(1, 100, ALL);
	settle();
	assert_int_equal(permille(pinned), 500);
	assert_int_equal(permille(floater), 1000);
}

/* Three floaters beside one pinned on two CPUs: all equal, though the pinned one has a CPU of its own. */
static void a_pinned_task_gets_no_more_than_its_share(void **state)
{
	u32 pinned, floater;

	begin_equal(2);
	pinned = add(1, 100, 1);
	floater = add(3, 100, ALL);
	settle();
	assert_int_equal(permille(pinned), 500);
	assert_int_equal(permille(floater), 500);
}

/* CPUs 0-1 and 1-2 overlap: 4 + 1 tasks; those of the first get 2 CPUs between them, 1/2 each. */
static void overlapping_affinities_have_bottlenecks(void **state)
{
	u32 crowd, lucky;

	begin_equal(3);
	crowd = add(4, 100, 3);
	lucky = add(1, 100, 6);
	settle();
	assert_int_equal(permille(crowd), 500);
	assert_int_equal(permille(lucky), 1000);
}

/* Four of 3/4 each: it takes turns on the big CPUs to be equal. */
static void unequal_cpus_are_shared_by_work(void **state)
{
	static const u32 capacity[] = { 1024, 1024, 512, 512 };
	u32 class;

	begin(4, capacity, 0);
	class = add(4, 100, ALL);
	settle();
	assert_int_equal(permille(class), 750);
}

/* One heavy: a whole big CPU and no more; the others share 1 + 1/2 + 1/2. */
static void a_capped_task_has_the_largest_cpu(void **state)
{
	static const u32 capacity[] = { 1024, 1024, 512, 512 };
	u32 heavy, light, little;

	begin(4, capacity, 0);
	heavy = add(1, 9000, ALL);
	light = add(2, 100, ALL);
	little = add(2, 100, 4 | 8);
	settle();
	assert_int_equal(permille(heavy), 1000);
	assert_int_equal(permille(light), 500);
	assert_int_equal(permille(little), 500);
}

static void a_cpu_that_is_offline_or_taken_serves_nobody(void **state)
{
	u32 hog, bound;

	begin_equal(3);
	hog = add(3, 100, ALL);
	bound = add(1, 100, 4);
	ideal_set_online(ideal, 2, false);
	settle();
	assert_int_equal(permille(hog), 667);
	assert_int_equal(permille(bound), 0);
	ideal_set_online(ideal, 2, true);
	ideal_occupy(ideal, 0, now_ns, 10 * MSEC);
	settle();
	assert_int_equal(permille(hog), 500);
	now_ns += 10 * MSEC;
	settle();
	assert_int_equal(permille(hog), 750);
}

static void who_leaves_gives_its_share_to_the_others(void **state)
{
	double start, got;
	u32 class;

	begin_equal(1);
	class = add(1, 100, ALL);
	start = ideal_enter(ideal, class, now_ns);
	settle();
	now_ns += 10 * MSEC;
	got = ideal_leave(ideal, class, now_ns) - start;
	settle();
	assert_int_equal((u64)(got + 0.5), 5 * MSEC);
	assert_int_equal(permille(class), 1000);
}

static void rates_are_computed_once_in_the_interval(void **state)
{
	static const u32 capacity[] = { 1024 };
	u32 class;

	begin(1, capacity, 100 * MSEC);
	class = add(1, 100, ALL);
	settle();
	add(1, 100, ALL);
	now_ns += 50 * MSEC;
	settle();
	assert_int_equal(permille(class), 1000);
	now_ns += 60 * MSEC;
	settle();
	assert_int_equal(permille(class), 500);
	assert_int_equal(ideal_nr_solved(ideal), 2);
}

/* 64 affinities of two neighbours each, of growing crowds: no class gets more than it can. */
static void many_affinities_use_up_the_machine(void **state)
{
	u32 capacity[64], classes[64];
	double sum = 0;

	for (u32 i = 0; i < 64; i++)
		capacity[i] = 1024;
	begin(64, capacity, 0);
	for (u32 i = 0; i < 64; i++)
		classes[i] = add(i + 1, 100 + i, 1ul << i | 1ul << (i + 1) % 64);
	settle();
	for (u32 i = 0; i < 64; i++)
		sum += (double)(i + 1) * ideal_work_ns(ideal, classes[i], now_ns + MSEC);
	assert_int_equal((u64)(sum / MSEC + 0.5), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(weights_are_shares),
		TEST(the_total_is_what_all_get),
		TEST(nobody_gets_more_than_a_cpu),
		TEST(a_weight_that_is_too_heavy_is_capped),
		TEST(caps_cascade),
		TEST(a_floater_takes_what_pinned_ones_cannot),
		TEST(a_pinned_task_gets_no_more_than_its_share),
		TEST(overlapping_affinities_have_bottlenecks),
		TEST(unequal_cpus_are_shared_by_work),
		TEST(a_capped_task_has_the_largest_cpu),
		TEST(a_cpu_that_is_offline_or_taken_serves_nobody),
		TEST(who_leaves_gives_its_share_to_the_others),
		TEST(rates_are_computed_once_in_the_interval),
		TEST(many_affinities_use_up_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
