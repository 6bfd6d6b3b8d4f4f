/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sim/reported.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
#define NR_CPUS 8

static char *text;
static size_t size;
static FILE *file;
static struct json_object *trace, *events;
static u64 begun_ns;

static int begin(void **state)
{
	file = open_memstream(&text, &size);
	start(1, 2, file);
	begun_ns = native.now_ns;
	return 0;
}

static int end(void **state)
{
	json_object_put(trace);
	stop(state);
	fclose(file);
	free(text);
	return 0;
}

/* Ends the trace and parses it, strictly. */
static void read_trace(void)
{
	struct json_tokener *tokener = json_tokener_new();

	free(printed(false));
	fflush(file);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	trace = json_tokener_parse_ex(tokener, text, (int)size);
	json_tokener_free(tokener);
	assert_non_null(trace);
	assert_true(json_object_object_get_ex(trace, "traceEvents", &events));
}

static const char *string(size_t i, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(json_object_array_get_idx(events, i), key, &value));
	assert_int_equal(json_object_get_type(value), json_type_string);
	return json_object_get_string(value);
}

static double value(size_t i, const char *key)
{
	struct json_object *number;

	assert_true(json_object_object_get_ex(json_object_array_get_idx(events, i), key, &number));
	assert_int_not_equal(json_object_get_type(number), json_type_string);
	return json_object_get_double(number);
}

static u32 count(const char *phase)
{
	u32 nr = 0;

	for (size_t i = 0; i < json_object_array_length(events); i++)
		nr += !strcmp(string(i, "ph"), phase);
	return nr;
}

/* What the format demands of each phase. */
static void check_fields(size_t i)
{
	const char *phase = string(i, "ph");

	assert_int_equal(strlen(phase), 1);
	assert_non_null(strchr("MXiCsf", *phase));
	assert_in_range(value(i, "pid"), 1, 2);
	assert_true(strlen(string(i, "name")) > 0);
	if (*phase == 'M')
		return;
	assert_in_range(value(i, "tid"), 0, NR_CPUS - 1);
	assert_in_range(value(i, "ts"), begun_ns / 1000, native.now_ns / 1000);
	if (*phase == 'X')
		assert_true(value(i, "dur") >= 0);
	if (*phase == 's' || *phase == 'f') {
		assert_string_equal(string(i, "cat"), "wakeup");
		value(i, "id");
	}
	if (*phase == 'i')
		assert_non_null(strchr("gpt", *string(i, "s")));
}

static void every_event_has_what_viewers_need(void **state)
{
	for (u32 i = 0; i < 12; i++)
		act(100, i % 3 * MSEC, 2 * MSEC, 0, NR_CPUS);
	native_run(100 * MSEC);
	native_set_online(7, false);
	native_run(100 * MSEC);
	read_trace();
	for (size_t i = 0; i < json_object_array_length(events); i++)
		check_fields(i);
	assert_int_equal(count("M"), 2 + NR_CPUS);
	assert_in_range(count("X"), 100, 10000);
	assert_in_range(count("C"), 100, 10000);
	assert_in_range(count("i"), 1, 10000);
}

/* On a thread a slice begins when the last one has ended, or later: nothing nests, nothing overlaps. */
static void slices_of_a_cpu_follow_each_other(void **state)
{
	double ended[NR_CPUS] = { 0 }, sum = 0;

	for (u32 i = 0; i < 20; i++)
		act(100, i % 4 * MSEC, 2 * MSEC, 0, NR_CPUS);
	native_run(SEC_NS);
	read_trace();
	for (size_t i = 0; i < json_object_array_length(events); i++) {
		u32 cpu;

		if (*string(i, "ph") != 'X')
			continue;
		cpu = (u32)value(i, "tid");
		assert_true(value(i, "ts") >= ended[cpu] - 0.0005);
		ended[cpu] = value(i, "ts") + value(i, "dur");
		sum += value(i, "dur");
	}
	assert_in_range(lround(sum / 1000), 8 * 1000 * 98 / 100, 8 * 1000);
}

static struct task_struct *sleeper;

/* Runs for a while, then wakes the other one. */
static struct native_step waker(struct task_struct *p)
{
	native_wake(sleeper, 0);
	return (struct native_step){ NATIVE_RUN, 10 * MSEC };
}

/* An arrow leaves the waker's CPU when it wakes, and arrives where and when the woken one runs. */
static void arrows_lead_from_waker_to_woken(void **state)
{
	size_t i = 0;

	sleeper = act(100, MSEC, 0, 4, 1);
	native_run(5 * MSEC);
	act(100, 0, 0, 1, 1)->native.program = waker;
	native_run(5 * MSEC);
	read_trace();
	while (i < json_object_array_length(events) && *string(i, "ph") != 's')
		i++;
	assert_int_equal(count("s"), 1);
	assert_int_equal(count("f"), 1);
	assert_int_equal(value(i, "tid"), 1);
	assert_string_equal(string(i + 1, "ph"), "f");
	assert_int_equal(value(i + 1, "tid"), 4);
	assert_int_equal(value(i, "id"), value(i + 1, "id"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_event_has_what_viewers_need),
		TEST(slices_of_a_cpu_follow_each_other),
		TEST(arrows_lead_from_waker_to_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
