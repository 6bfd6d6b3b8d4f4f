/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cpuset.h"
#include "util/macro.h"

static void assert_parses(uint32_t nr_cpus, const char *text, const char *expected)
{
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(nr_cpus);
	_cleanup_(freep) char *formatted = NULL;

	assert_int_equal(cpuset_parse(s, text), 0);
	formatted = cpuset_format(s);
	assert_string_equal(formatted, expected);
}

static void assert_refused(uint32_t nr_cpus, const char *text, int error)
{
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(nr_cpus),
					      *before = cpuset_new(nr_cpus);

	cpuset_set(s, 1);
	cpuset_copy(before, s);
	if (cpuset_parse(s, text) != error)
		fail_msg("\"%s\" should give %d, gives %d", text, error, cpuset_parse(s, text));
	assert_true(cpuset_equal(s, before));
}

static void parses_lists(void **state)
{
	assert_parses(64, "", "");
	assert_parses(64, "\n", "");
	assert_parses(64, "0\n", "0");
	assert_parses(64, " 0-3,8 ", "0-3,8");
	assert_parses(64, "3,2,1,0", "0-3");
	assert_parses(64, "0-3,2-5", "0-5");
	assert_parses(64, "5-5", "5");
	assert_parses(64, "63", "63");
	assert_parses(65, "62-65", "62-65");
	assert_parses(8192, "0-8191", "0-8191");
	assert_parses(8192, "0,2,4,63-64,127,129,8191", "0,2,4,63-64,127,129,8191");
}

static void parses_masks(void **state)
{
	assert_parses(64, "0x0", "");
	assert_parses(64, "0xf1", "0,4-7");
	assert_parses(64, "0XfF\n", "0-7");
	assert_parses(64, "0x00000001,00000000", "32");
	assert_parses(64, "0x1,0", "32");
	assert_parses(64, "0x8000000000000000", "63");
	assert_parses(128, "0xff,00000000,00000000,0000000f", "0-3,96-103");
	assert_parses(64, "0x00000000000000000000000000000000000000f", "0-3");
}

static void refuses_bad_syntax(void **state)
{
	static const char *const bad[] = {
		"x",       "0-",
		"-3",      "3-1",
		"0,",      ",0",
		"0,,1",    "0 1",
		"0-1-2",   "+1",
		"1.5",     "0;1",
		"0x",      "0x,",
		"0x1,",    "0x,1",
		"0x1,,1",  "0xg",
		"ff",      "0-3 ,8",
		"\xff",    "0x1 1",
		"0x-1",    "0:1",
		"0-3:1/2", "0x1,000000001",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(64, bad[i], -EINVAL);
}

static void refuses_ids_it_cannot_hold(void **state)
{
	assert_refused(64, "64", -ERANGE);
	assert_refused(64, "0-64", -ERANGE);
	assert_refused(64, "4294967296", -ERANGE);
	assert_refused(64, "99999999999999999999999999", -ERANGE);
	assert_refused(64, "0-4294967295", -ERANGE);
	assert_refused(64, "0x10000000000000000", -ERANGE);
	assert_refused(64, "0x1,00000000,00000000", -ERANGE);
	assert_refused(8192, "8192", -ERANGE);
}

static void parsing_replaces(void **state)
{
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(64);

	cpuset_set(s, 40);
	assert_int_equal(cpuset_parse(s, "1"), 0);
	assert_int_equal(cpuset_count(s), 1);
	assert_false(cpuset_test(s, 40));
}

static void walks_in_order(void **state)
{
	static const uint32_t ids[] = { 0, 63, 64, 127, 128, 300 };
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(301);
	size_t n = 0;

	assert_int_equal(cpuset_first(s), UINT32_MAX);
	assert_int_equal(cpuset_next(s, 0), UINT32_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		cpuset_set(s, ids[i]);
	for (uint32_t cpu = cpuset_first(s); cpu != UINT32_MAX; cpu = cpuset_next(s, cpu))
		assert_int_equal(cpu, ids[n++]);
	assert_int_equal(n, ARRAY_SIZE(ids));
	assert_int_equal(cpuset_count(s), ARRAY_SIZE(ids));
	assert_int_equal(cpuset_next(s, UINT32_MAX), UINT32_MAX);
	assert_int_equal(cpuset_next(s, 5000), UINT32_MAX);
}

static void ids_beyond_it_are_not_in_it(void **state)
{
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(64);

	memset(s->words, 0xff, s->nr_words * sizeof(s->words[0]));
	assert_true(cpuset_test(s, 63));
	assert_false(cpuset_test(s, 64));
	assert_false(cpuset_test(s, UINT32_MAX));
}

/* Bit 1 << 40 must not become 1 << 8, as in C's int. */
static void words_have_64_bits(void **state)
{
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(128);

	cpuset_set(s, 40);
	cpuset_set(s, 104);
	assert_true(s->nr_words == 2 && s->words[0] == 1ull << 40 && s->words[1] == 1ull << 40);
}

static void combines(void **state)
{
	_cleanup_(cpuset_freep) struct cpuset *a = cpuset_new(200), *b = cpuset_new(200),
					      *c = cpuset_new(200);

	assert_int_equal(cpuset_parse(a, "0-99,199"), 0);
	assert_int_equal(cpuset_parse(b, "100-198"), 0);
	assert_false(cpuset_intersects(a, b));
	cpuset_copy(c, a);
	assert_true(cpuset_equal(a, c));
	cpuset_or(c, b);
	assert_int_equal(cpuset_count(c), 200);
	assert_true(cpuset_intersects(c, b));
	assert_false(cpuset_equal(c, b));
	cpuset_andnot(c, a);
	assert_true(cpuset_equal(c, b));
	cpuset_and(c, a);
	assert_int_equal(cpuset_count(c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_lists),
		cmocka_unit_test(parses_masks),
		cmocka_unit_test(refuses_bad_syntax),
		cmocka_unit_test(refuses_ids_it_cannot_hold),
		cmocka_unit_test(parsing_replaces),
		cmocka_unit_test(walks_in_order),
		cmocka_unit_test(ids_beyond_it_are_not_in_it),
		cmocka_unit_test(words_have_64_bits),
		cmocka_unit_test(combines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
