/* SPDX-License-Identifier: GPL-2.0-only */
/* The second scheduler on the native kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/native/native.h"

#define SEC_NS 1000000000ull
#define HOGS   8

extern struct sched_ext_ops tiny_ops;

static struct task_struct *hogs[HOGS];

static int boot(void **state)
{
	native_boot((struct native_shape){ 1, 2, 2 });
	if (native_attach(&tiny_ops))
		return -1;
	for (int i = 0; i < HOGS; i++) {
		hogs[i] = native_task_new();
		if (native_join(hogs[i]))
			return -1;
		native_wake(hogs[i], 0);
	}
	return 0;
}

static int halt(void **state)
{
	if (native.tasks)
		native_detach();
	for (int i = 0; i < HOGS; i++)
		native_task_free(hogs[i]);
	native_halt();
	return 0;
}

/* All began on CPU 0; the other domain takes what it gets. */
static void all_cpus_work_and_nobody_starves(void **state)
{
	u64 ran = 0;

	native_run(10 * SEC_NS);
	for (int i = 0; i < HOGS; i++) {
		ran += hogs[i]->native.ran;
		assert_in_range(hogs[i]->native.ran, SEC_NS, 20 * SEC_NS);
	}
	assert_true(ran >= 39 * SEC_NS);
}

static void all_is_given_back(void **state)
{
	native_run(SEC_NS);
	assert_int_equal(shared.tasks.nr_used, HOGS);
	native_detach();
	assert_int_equal(shared.tasks.nr_used, 0);
	for (u32 d = 0; d < 2; d++) {
		assert_int_equal(shared.domains[d].nr_tasks, 0);
		assert_int_equal(shared.domains[d].load_rate, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_cpus_work_and_nobody_starves, boot, halt),
		cmocka_unit_test_setup_teardown(all_is_given_back, boot, halt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
