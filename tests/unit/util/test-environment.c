/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/environment.h"

static const char *const of_the_manager[] = { "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
					      "JOURNAL_STREAM" };
static const char *const of_others[] = { "DBUS_SYSTEM_BUS_ADDRESS",
					 "LIBBPF_LOG_LEVEL",
					 "SYSTEMD_LOG_LEVEL",
					 "LISTEN_FDS",
					 "TZ",
					 "PATH",
					 "XNOTIFY_SOCKET",
					 "NOTIFY_SOCKET_X" };

#define FOR_EACH(name, names) \
	for (const char *const *name = names; name < names + sizeof(names) / sizeof(*names); name++)

static void set_all(pid_t made_for)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%d", made_for);
	clearenv();
	FOR_EACH(name, of_the_manager)
	setenv(*name, "x", 1);
	FOR_EACH(name, of_others)
	setenv(*name, "y", 1);
	if (made_for)
		setenv("SYSTEMD_EXEC_PID", pid, 1);
}

static void test_what_was_made_for_us_is_kept(void **state)
{
	set_all(getpid());
	environment_forget();
	FOR_EACH(name, of_the_manager)
	assert_string_equal(getenv(*name), "x");
	FOR_EACH(name, of_others)
	assert_null(getenv(*name));
	assert_null(getenv("SYSTEMD_EXEC_PID"));
}

static void forgets_all(void)
{
	environment_forget();
	FOR_EACH(name, of_the_manager)
	assert_null(getenv(*name));
	FOR_EACH(name, of_others)
	assert_null(getenv(*name));
}

static void test_what_was_made_for_another_is_forgotten(void **state)
{
	set_all(getppid());
	forgets_all();
	set_all(0);
	forgets_all();
}

static void test_there_may_be_none(void **state)
{
	clearenv();
	environment_forget();
	assert_null(getenv("PATH"));
	setenv("PATH", "/", 1);
	assert_string_equal(getenv("PATH"), "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_made_for_us_is_kept),
		cmocka_unit_test(test_what_was_made_for_another_is_forgotten),
		cmocka_unit_test(test_there_may_be_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
