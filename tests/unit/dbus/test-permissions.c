/* SPDX-License-Identifier: GPL-2.0-only */
/* Every method and every writable property of the installed XML is in the table of authorisation. */
#include "dbus/permissions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/file.h"

/* The value of an attribute in a line, or false. */
static bool attribute(const char *line, const char *name, char value[128])
{
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "%s=\"", name);
	at = strstr(line, start);
	return at && sscanf(at + strlen(start), "%127[^\"]", value) == 1;
}

static void check_line(const char *line, char interface[128], int *methods, int *writable)
{
	char name[128], access[128];
	int permission = 0;

	if (strstr(line, "<interface "))
		assert_true(attribute(line, "name", interface));
	if (strstr(line, "<method ")) {
		assert_true(attribute(line, "name", name));
		permission = permission_of_method(interface, name);
		(*methods)++;
	} else if (strstr(line, "<property ") && attribute(line, "access", access) &&
		   strcmp(access, "readwrite") == 0) {
		assert_true(attribute(line, "name", name));
		permission = permission_of_property(interface, name);
		assert_int_not_equal(permission, ACTION_NONE);
		(*writable)++;
	}
	if (permission < 0)
		fail_msg("%s.%s has no permission", interface, name);
}

static void test_all_of_the_xml_is_listed(void **state)
{
	_cleanup_(freep) char *xml = NULL;
	char interface[128] = "", *rest, *line;
	int methods = 0, writable = 0;

	assert_int_equal(file_read(SOURCE_DIR "/dbus/org.scx.Wd40.xml", 1 << 20, &xml, NULL), 0);
	rest = xml;
	while ((line = strsep(&rest, "\n")))
		check_line(line, interface, &methods, &writable);
	assert_in_range(methods, 13, 100);
	assert_in_range(writable, 20, 100);
}

static void test_what_is_not_listed_is_unknown(void **state)
{
	assert_int_equal(permission_of_method("org.scx.Wd40", "Format"), -ENOENT);
	assert_int_equal(permission_of_method("org.scx.Other", "SetTunables"), -ENOENT);
	assert_int_equal(permission_of_property("org.scx.Wd40", "State"), -ENOENT);
	assert_true(permission_is_ours("org.scx.Wd40.Statistics"));
	assert_false(permission_is_ours("org.freedesktop.DBus.Properties"));
}

/* Each action is in the policy file, so polkit knows it. */
static void test_each_action_is_in_the_policy(void **state)
{
	_cleanup_(freep) char *policy = NULL;

	assert_int_equal(file_read(SOURCE_DIR "/dbus/org.scx.Wd40.policy", 1 << 20, &policy, NULL),
			 0);
	for (int i = 0; i < NR_ACTIONS; i++) {
		char id[128];

		snprintf(id, sizeof(id), "<action id=\"%s\">", action_name(i));
		assert_non_null(strstr(policy, id));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_the_xml_is_listed),
		cmocka_unit_test(test_what_is_not_listed_is_unknown),
		cmocka_unit_test(test_each_action_is_in_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
