/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/sched-exit.h"
#include "util/macro.h"

#define SEC 1000000ull

#define HOTPLUG (1ull << 32)
#define RESTART (1ull << 48)

static struct sched_exit exit_of(uint32_t kind, uint64_t code)
{
	return (struct sched_exit){ .kind = kind, .code = (int64_t)code };
}

static void assert_next(struct sched_restart *r, uint32_t kind, uint64_t code, uint64_t now,
			enum sched_verdict verdict, uint64_t delay_usec)
{
	struct sched_exit exit = exit_of(kind, code);
	struct sched_next next = sched_restart_next(r, &exit, now);

	assert_int_equal(next.verdict, verdict);
	assert_int_equal(next.delay_usec, delay_usec);
}

static void kinds_have_names(void **state)
{
	static const struct {
		uint32_t kind;
		const char *name;
	} expected[] = {
		{ 0, "none" },
		{ 1, "done" },
		{ 64, "unregistered" },
		{ 65, "unregistered-bpf" },
		{ 66, "unregistered-kernel" },
		{ 67, "sysrq" },
		{ 68, "parent" },
		{ 69, "parent-kill" },
		{ 1024, "error" },
		{ 1025, "error-bpf" },
		{ 1026, "error-stall" },
		{ 1027, "error-reenqueue" },
		{ 1028, "error-rescue" },
		{ 2, "unknown" },
		{ 63, "unknown" },
		{ 70, "unknown" },
		{ 1029, "unknown" },
		{ UINT32_MAX, "unknown" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(sched_exit_kind_name(expected[i].kind), expected[i].name);
}

static void ends_on_purpose_stay_off(void **state)
{
	static const uint32_t kinds[] = { 0, 1, 64, 65, 66, 67, 68, 69, 70, 1023 };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct sched_restart r = { 0 };

		assert_next(&r, kinds[i], 0, 10 * SEC, SCHED_STAY_OFF, 0);
		assert_int_equal(r.failures, 0);
	}
}

static void hotplug_restarts_at_once(void **state)
{
	static const uint64_t codes[] = { HOTPLUG, RESTART, HOTPLUG | RESTART, RESTART | 42 };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct sched_restart r = { 0 };

		assert_next(&r, 66, codes[i], 10 * SEC, SCHED_RESTART, 0);
		assert_next(&r, 65, codes[i], 20 * SEC, SCHED_RESTART, 0);
	}
}

/* Sixteen CPUs that go one after the other must not attach sixteen times a second. */
static void restarts_in_a_row_wait_a_second(void **state)
{
	struct sched_restart r = { 0 };

	assert_next(&r, 66, HOTPLUG | RESTART, 10 * SEC, SCHED_RESTART, 0);
	assert_next(&r, 66, HOTPLUG | RESTART, 10 * SEC + 1, SCHED_RESTART, SEC);
	assert_next(&r, 66, HOTPLUG | RESTART, 11 * SEC + 2, SCHED_RESTART, SEC);
	assert_next(&r, 66, HOTPLUG | RESTART, 14 * SEC, SCHED_RESTART, 0);
	assert_int_equal(r.failures, 0);
}

/* The bits mean something only with the kinds that carry a code, and of those only these two. */
static void other_codes_do_not_restart(void **state)
{
	struct sched_restart r = { 0 };

	assert_next(&r, 64, HOTPLUG | RESTART, SEC, SCHED_STAY_OFF, 0);
	assert_next(&r, 67, HOTPLUG | RESTART, SEC, SCHED_STAY_OFF, 0);
	assert_next(&r, 66, 2ull << 32, SEC, SCHED_STAY_OFF, 0);
	assert_next(&r, 65, 0xffffffff, SEC, SCHED_STAY_OFF, 0);
	assert_next(&r, 1024, HOTPLUG | RESTART, SEC, SCHED_RESTART, SEC);
}

static void errors_back_off_and_give_up(void **state)
{
	static const uint64_t delays[] = { 1, 2, 4, 8, 16, 32, 60 };
	static const uint32_t kinds[] = { 1024, 1025, 1026, 1027, 1028, 9999 };
	struct sched_restart r = { 0 };
	uint64_t now = 1000 * SEC;

	for (size_t i = 0; i < ARRAY_SIZE(delays); i++) {
		assert_next(&r, kinds[i % ARRAY_SIZE(kinds)], 0, now, SCHED_RESTART,
			    delays[i] * SEC);
		now += delays[i] * SEC + 30 * SEC; /* each works until the watchdog bites */
	}
	assert_next(&r, 1026, 0, now, SCHED_GIVE_UP, 0);
	assert_int_equal(r.failures, SCHED_RESTART_MAX_FAILURES);
	assert_next(&r, 1026, 0, now + 1, SCHED_GIVE_UP, 0);
}

static void failed_attach_is_a_failure(void **state)
{
	struct sched_restart r = { 0 };
	struct sched_next next = sched_restart_next(&r, NULL, 5 * SEC);

	assert_int_equal(next.verdict, SCHED_RESTART);
	assert_int_equal(next.delay_usec, SEC);
	assert_next(&r, 1025, 0, 7 * SEC, SCHED_RESTART, 2 * SEC);
	next = sched_restart_next(&r, NULL, 10 * SEC);
	assert_int_equal(next.delay_usec, 4 * SEC);
}

static void quiet_period_forgets_failures(void **state)
{
	struct sched_restart r = { 0 };

	assert_next(&r, 1024, 0, 10 * SEC, SCHED_RESTART, SEC);
	assert_next(&r, 1024, 0, 20 * SEC, SCHED_RESTART, 2 * SEC);
	/* started at 22 s: five minutes less a microsecond are not enough */
	assert_next(&r, 1024, 0, 322 * SEC - 1, SCHED_RESTART, 4 * SEC);
	assert_next(&r, 1024, 0, 326 * SEC - 1 + 300 * SEC, SCHED_RESTART, SEC);
}

/* A restart for hotplug between two failures is no success. */
static void hotplug_does_not_forget_failures(void **state)
{
	struct sched_restart r = { 0 };

	assert_next(&r, 1024, 0, 10 * SEC, SCHED_RESTART, SEC);
	assert_next(&r, 66, RESTART, 30 * SEC, SCHED_RESTART, 0);
	assert_next(&r, 1024, 0, 31 * SEC, SCHED_RESTART, 2 * SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(ends_on_purpose_stay_off),
		cmocka_unit_test(hotplug_restarts_at_once),
		cmocka_unit_test(restarts_in_a_row_wait_a_second),
		cmocka_unit_test(other_codes_do_not_restart),
		cmocka_unit_test(errors_back_off_and_give_up),
		cmocka_unit_test(failed_attach_is_a_failure),
		cmocka_unit_test(quiet_period_forgets_failures),
		cmocka_unit_test(hotplug_does_not_forget_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
