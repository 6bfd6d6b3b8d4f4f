/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/bus-json.h"
#include "util/macro.h"

/* A bus that is never started is enough for making messages. */
static sd_bus_message *make(sd_bus **bus)
{
	sd_bus_message *m;

	assert_true(sd_bus_new(bus) >= 0);
	assert_true(sd_bus_set_address(*bus, "unix:path=/nonexistent") >= 0);
	(void)sd_bus_start(*bus);
	assert_true(sd_bus_message_new_signal(*bus, &m, "/x", "org.x", "X") >= 0);
	return m;
}

static void assert_read(sd_bus_message *m, const char *expected)
{
	_cleanup_(json_putp) json_object *found = NULL;

	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_rewind(m, true) >= 0);
	assert_int_equal(bus_json_read_all(m, &found), 0);
	assert_string_equal(json_object_to_json_string_ext(found, JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
}

#define ASSERT_READ(expected, ...)                                         \
	do {                                                               \
		_cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;               \
		_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL; \
                                                                           \
		m = make(&bus);                                            \
		assert_true(sd_bus_message_append(m, __VA_ARGS__) >= 0);   \
		assert_read(m, expected);                                  \
	} while (0)

static void test_basic(void **state)
{
	ASSERT_READ("null", "");
	ASSERT_READ("255", "y", 255);
	ASSERT_READ("[-1,65535,-2,4294967295]", "nqiu", -1, 65535, -2, UINT32_MAX);
	ASSERT_READ("[-9223372036854775808,18446744073709551615]", "xt", INT64_MIN, UINT64_MAX);
	ASSERT_READ("[true,false]", "bb", 1, 0);
	ASSERT_READ("[\"a\\\"b\",\"/o\"]", "so", "a\"b", "/o");
}

static void test_numbers_are_short(void **state)
{
	ASSERT_READ("[0.1,90,1e+300,33.3]", "dddd", 0.1, 90.0, 1e300, 33.3);
	ASSERT_READ("[null,null]", "dd", __builtin_nan(""), __builtin_inf());
}

static void test_containers(void **state)
{
	ASSERT_READ("[\"a\",\"b\"]", "as", 2, "a", "b");
	ASSERT_READ("[]", "as", 0);
	ASSERT_READ("{}", "a{sv}", 0);
	ASSERT_READ("[1,\"x\"]", "(us)", 1u, "x");
	ASSERT_READ("{\"k\":5,\"l\":[\"x\"]}", "a{sv}", 2, "k", "u", 5u, "l", "as", 1, "x");
	ASSERT_READ("{\"a\":{\"b\":[[1,\"c\"]]}}", "a{sa{sv}}", 1, "a", 1, "b", "a(us)", 1, 1u,
		    "c");
	ASSERT_READ("{\"7\":true}", "a{ub}", 1, 7u, 1);
	ASSERT_READ("3", "v", "v", "u", 3u);
}

static void test_no_json_for_descriptors(void **state)
{
	_cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = make(&bus);
	_cleanup_(json_putp) json_object *found = NULL;

	assert_true(sd_bus_message_append(m, "h", STDIN_FILENO) >= 0);
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_int_equal(bus_json_read_all(m, &found), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basic),
		cmocka_unit_test(test_numbers_are_short),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_no_json_for_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
