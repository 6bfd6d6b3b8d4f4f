/* SPDX-License-Identifier: GPL-2.0-only */
/* The last events of a task or a CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/sim/history.h"
#include "util/cleanup.h"

static char *printed(const struct history *h)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	history_print(h, to);
	fclose(to);
	return text;
}

static void record(struct history *h, enum native_event_kind kind, s32 cpu, struct task_struct *p,
		   u64 dsq, u64 value)
{
	struct native_event e = { .kind = kind, .cpu = cpu, .p = p, .dsq = dsq, .value = value };

	history_record(h, &e);
}

static void nothing_is_printed_of_nothing(void **state)
{
	struct history h = { 0 };
	_cleanup_(freep) char *text = printed(&h);

	assert_string_equal(text, "");
}

static void events_are_lines(void **state)
{
	struct task_struct p = { .pid = 12 };
	struct history h = { 0 };
	_cleanup_(freep) char *text = NULL;

	native.now_ns = 1500000;
	record(&h, NATIVE_EVENT_QUEUE, -1, &p, 6, 77);
	record(&h, NATIVE_EVENT_QUEUE, 3, &p, DSQ_LOCAL, 0);
	native.now_ns = 2000001;
	record(&h, NATIVE_EVENT_RUN, 3, &p, 0, 500001);
	record(&h, NATIVE_EVENT_IDLE, 4, NULL, 0, 1);
	text = printed(&h);
	assert_string_equal(text, "        1.500000 ms  queue   task 12 queue 6 value 77\n"
				  "        1.500000 ms  queue   task 12 local queue of cpu 3\n"
				  "        2.000001 ms  run     task 12 cpu 3 value 500001\n"
				  "        2.000001 ms  idle    cpu 4 value 1\n");
}

static void the_oldest_events_are_forgotten(void **state)
{
	struct history h = { 0 };
	_cleanup_(freep) char *text = NULL;

	for (u64 i = 1; i <= 3 * HISTORY_EVENTS + 5; i++)
		record(&h, NATIVE_EVENT_KICK, 1, NULL, 0, i);
	text = printed(&h);
	assert_null(strstr(text, "value 37\n"));
	assert_ptr_equal(strstr(text, "value 38\n"), strstr(text, "value"));
	assert_non_null(strstr(text, "value 53\n"));
}

static void each_event_has_a_name(void **state)
{
	for (enum native_event_kind kind = 0; kind <= NATIVE_EVENT_SETTLED; kind++)
		assert_non_null(history_event_name(kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_printed_of_nothing),
		cmocka_unit_test(events_are_lines),
		cmocka_unit_test(the_oldest_events_are_forgotten),
		cmocka_unit_test(each_event_has_a_name),
	};

	return cmocka_run_group_tests_name("sim/history", tests, NULL, NULL);
}
