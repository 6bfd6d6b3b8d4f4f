/* SPDX-License-Identifier: GPL-2.0-only */
/* Which words of the kernel's preemption count tell of an interrupt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bpf/interrupt.h"

/* The same in both layouts: spin locks, bottom halves off, soft interrupts served. */
static void soft_interrupts_have_a_bit(void **state)
{
	for (int counts_disabling = 0; counts_disabling < 2; counts_disabling++) {
		u32 bits = interrupt_bits(counts_disabling);

		assert_false(0x000000ff & bits);
		assert_false(0x00000200 & bits);
		assert_true(0x00000100 & bits);
		assert_true(0x00000301 & bits);
	}
}

static void hard_interrupts_are_counted_from_bit_16_on(void **state)
{
	assert_true(0x00010000 & interrupt_bits(false));
	assert_true(0x00080000 & interrupt_bits(false));
	assert_false(0x01000000 & interrupt_bits(false));
}

/* Who holds a lock with interrupts off is in none. */
static void where_disabling_is_counted_from_bit_24_on(void **state)
{
	assert_false(0x00ff0000 & interrupt_bits(true));
	assert_true(0x01000000 & interrupt_bits(true));
	assert_true(0x08000000 & interrupt_bits(true));
}

/* The flag that nobody needs to be switched for (x86) is in the same word. */
static void the_flag_of_a_switch_is_none(void **state)
{
	assert_false(0x80000000 & interrupt_bits(false));
	assert_false(0x80000000 & interrupt_bits(true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(soft_interrupts_have_a_bit),
		cmocka_unit_test(hard_interrupts_are_counted_from_bit_16_on),
		cmocka_unit_test(where_disabling_is_counted_from_bit_24_on),
		cmocka_unit_test(the_flag_of_a_switch_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
