/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/native/native.h"

#include "bpf/cpumask.bpf.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, boot, halt)

#define CPUS 200u

static int boot(void **state)
{
	native_boot((struct native_shape){ 1, 1, CPUS });
	*state = native_task_new();
	return 0;
}

static int halt(void **state)
{
	native_task_free(*state);
	native_halt();
	return 0;
}

static void lowest_bit_of_every_word(void **state)
{
	for (u32 bit = 0; bit < 64; bit++) {
		assert_int_equal(cpumask_lowest_bit(1ull << bit), bit);
		assert_int_equal(cpumask_lowest_bit(~0ull << bit), bit);
		assert_int_equal(cpumask_lowest_bit(1ull << 63 | 1ull << bit), bit);
		assert_int_equal(cpumask_lowest_bit(0xa5a5a5a5a5a5a5a5ull << bit | 1ull << bit),
				 bit);
	}
}

static void a_bit_is_found_where_it_is(void **state)
{
	u64 mask[4] = { 0 };

	for (u32 cpu = 0; cpu < 256; cpu++) {
		mask[cpu / 64] = 1ull << cpu % 64;
		for (u32 other = 0; other < 256; other++) {
			assert_int_equal(cpumask_test(mask, other), other == cpu);
			assert_int_equal(cpumask_kernel_test((kernel_mask)mask, other),
					 other == cpu);
		}
		mask[cpu / 64] = 0;
	}
}

/* A set in words 1 and 2, as a domain of CPUs 100..149 has it. */
static const u64 set[4] = { 0, ~0ull << 36, (1ull << 22) - 1, 0 };

static void overlap_is_none_part_or_whole(void **state)
{
	struct task_struct *p = *state;

	assert_int_equal(cpumask_allowed(p, set, 1, 3), CPUMASK_WHOLLY);
	native_allow_only(p, 100, 50);
	assert_int_equal(cpumask_allowed(p, set, 1, 3), CPUMASK_WHOLLY);
	native_allow_only(p, 100, 49);
	assert_int_equal(cpumask_allowed(p, set, 1, 3), CPUMASK_PARTLY);
	native_allow_only(p, 101, 60);
	assert_int_equal(cpumask_allowed(p, set, 1, 3), CPUMASK_PARTLY);
	native_allow_only(p, 149, 1);
	assert_int_equal(cpumask_allowed(p, set, 1, 3), CPUMASK_PARTLY);
	native_allow_only(p, 150, 50);
	assert_int_equal(cpumask_allowed(p, set, 1, 3), CPUMASK_DISJOINT);
	native_allow_only(p, 0, 100);
	assert_int_equal(cpumask_allowed(p, set, 1, 3), CPUMASK_DISJOINT);
}

/* Only the words in which the set has CPUs are looked at. */
static void words_outside_the_set_do_not_count(void **state)
{
	struct task_struct *p = *state;

	native_allow_only(p, 128, 10);
	assert_int_equal(cpumask_allowed(p, set, 1, 2), CPUMASK_DISJOINT);
	assert_int_equal(cpumask_allowed(p, set, 2, 3), CPUMASK_PARTLY);
	assert_int_equal(cpumask_allowed(p, set, 3, 3), CPUMASK_DISJOINT);
}

static void an_idle_cpu_of_the_set_is_seen(void **state)
{
	struct task_struct *p = *state;

	native_set_all_idle(false);
	assert_false(cpumask_any_idle(p, set, 1, 3));
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		native_set_idle(cpu, true);
		assert_int_equal(cpumask_any_idle(p, set, 1, 3), cpu >= 100 && cpu < 150);
		native_set_idle(cpu, false);
	}
}

/* Fault 33: whoever looks at masks leaves them as they are. */
static void fault_33_looking_changes_no_mask(void **state)
{
	struct task_struct *p = *state;

	cpumask_any_idle(p, set, 1, 3);
	cpumask_allowed(p, set, 1, 3);
	for (u32 cpu = 0; cpu < CPUS; cpu++) {
		assert_true(native_is_idle(cpu));
		assert_true(native_allowed(p, cpu));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lowest_bit_of_every_word),       TEST(a_bit_is_found_where_it_is),
		TEST(overlap_is_none_part_or_whole),  TEST(words_outside_the_set_do_not_count),
		TEST(an_idle_cpu_of_the_set_is_seen), TEST(fault_33_looking_changes_no_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
