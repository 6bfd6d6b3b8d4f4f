/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/event.h"

/* An event that a signal with these values makes; a field is added to it. */
static json_object *make(const char *name, const char *values_json, const char *field,
			 const char *text)
{
	_cleanup_(json_putp) json_object *values = json_tokener_parse(values_json);
	json_object *event = event_new(name, 1700000000123456, values);

	if (field)
		json_object_object_add(event, field, json_object_new_string(text));
	return event;
}

#define NAME_AT    (strlen("12:34:56.123") + 2)
#define MESSAGE_AT (NAME_AT + 17 + 2)

/* Takes the event. The hour is that of wherever the test runs. */
static void assert_line(json_object *event, const char *expected)
{
	_cleanup_(freep) char *text = NULL;
	const char *name = json_object_get_string(json_object_object_get(event, "event"));
	size_t size;
	FILE *f = open_memstream(&text, &size);

	event_print(f, event);
	fclose(f);
	assert_true(size > MESSAGE_AT);
	assert_memory_equal(text + 8, ".123  ", 6);
	assert_memory_equal(text + NAME_AT, name, strlen(name));
	assert_string_equal(text + MESSAGE_AT, expected);
	json_object_put(event);
}

static void test_lines(void **state)
{
	assert_line(make("TunablesChanged",
			 "[3, {\"PerfLevel\": 5, \"Unheard\": 1}, \"runtime\", 0]", "user", "root"),
		    "generation 3, runtime: perf = 5, Unheard = 1, by root\n");
	assert_line(make("TunablesReverted", "[3, \"expired\"]", NULL, NULL),
		    "generation 3 is taken back: expired\n");
	assert_line(make("SchedulerExited", "[\"error\", 0, \"it\", true]", NULL, NULL),
		    "error: it, attaching again\n");
	assert_line(make("SchedulerExited", "[\"error\", 0, \"it\", false, \"why\"]", NULL, NULL),
		    "error: it: why, staying off\n");
	assert_line(make("Vanished", "\"gone\"", NULL, NULL), "gone\n");
	assert_line(make("Unheard", "[1, 2]", NULL, NULL), "[ 1, 2 ]\n");
}

static void test_properties(void **state)
{
	assert_line(
		make("PropertiesChanged",
		     "[\"i\", {\"State\": \"attached\", \"StateReason\": \"\", \"BalanceIntervalUSec\": 500000,"
		     " \"PendingReattach\": [], \"UnsavedTunables\": [\"PerfLevel\", \"Partial\"],"
		     " \"Cpumasks\": [\"0\", \"1\"], \"RevertDeadlineUSec\": 7}, [\"Other\"]]",
		     NULL, NULL),
		"State = attached, StateReason = none, interval = 0.5 s, PendingReattach = none, "
		"UnsavedTunables = perf partial, cpumasks = 0;1, Other has changed\n");
}

static void test_properties_of_another_object(void **state)
{
	assert_line(make("PropertiesChanged", "[\"i\", {\"OnlineCpus\": [0, 1]}, []]", "path",
			 "/org/scx/Wd40/Domain/D0"),
		    "domain D0: OnlineCpus = 0 1\n");
}

static void test_objects_that_come_and_go(void **state)
{
	assert_line(make("InterfacesAdded",
			 "[\"/org/scx/Wd40/Domain/D3\", {\"org.scx.Wd40.Domain\": {\"Id\": 3}}]",
			 NULL, NULL),
		    "domain D3 appeared\n");
	assert_line(make("InterfacesRemoved",
			 "[\"/org/scx/Wd40/Node/N0\", [\"org.scx.Wd40.Node\"]]", NULL, NULL),
		    "node N0 is gone\n");
	assert_line(make("InterfacesRemoved", "[\"/elsewhere\", []]", NULL, NULL),
		    "/elsewhere is gone\n");
}

static void test_object(void **state)
{
	json_object *event =
		make("TunablesChanged", "[3, {\"PerfLevel\": 5}, \"reset\", 7]", NULL, NULL);

	assert_string_equal(
		json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN),
		"{\"time_usec\":1700000000123456,\"event\":\"TunablesChanged\","
		"\"generation\":3,\"values\":{\"PerfLevel\":5},\"origin\":\"reset\",\"uid\":7}");
	json_object_put(event);
}

/* Another version of the daemon may send less. */
static void test_values_that_are_missing(void **state)
{
	assert_line(make("TunablesReverted", "[3]", NULL, NULL), "generation 3 is taken back: \n");
	assert_line(make("TunablesChanged", "[3]", NULL, NULL), "generation 3, : \n");
	assert_line(make("PropertiesChanged", "[]", NULL, NULL), "\n");
	assert_line(make("SchedulerExited", "null", NULL, NULL), ": , staying off\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_properties_of_another_object),
		cmocka_unit_test(test_objects_that_come_and_go),
		cmocka_unit_test(test_object),
		cmocka_unit_test(test_values_that_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
