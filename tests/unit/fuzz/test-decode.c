/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes mean the same whatever the compiler: fuzzing is done with clang, the corpus is replayed with gcc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/fuzz/decode.h"

/* How many groups, then hole, number, node, threads, CPUs of a cache, capacity; then what is offline. */
static void each_byte_of_a_machine_has_its_place(void **state)
{
	static const uint8_t bytes[] = { 0, 1, 3, 2, 1, 3, 1 };
	struct fuzz_bytes b = { bytes, bytes + sizeof(bytes) };
	_cleanup_(sim_machine_freep) struct sim_machine *m = NULL;

	assert_int_equal(fuzz_machine(&b, &m), 0);
	assert_int_equal(m->nr_cpus, 4);
	assert_int_equal(m->cpus[0].id, 1);
	assert_int_equal(m->cpus[0].node, 5);
	assert_int_equal(m->cpus[1].core, m->cpus[0].core);
	assert_int_not_equal(m->cpus[2].core, m->cpus[0].core);
	assert_int_equal(m->cpus[3].llc, m->cpus[0].llc);
	assert_int_equal(m->cpus[0].capacity, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_of_a_machine_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
