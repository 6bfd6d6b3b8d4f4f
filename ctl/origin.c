/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/origin.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "ctl/tunable-text.h"

char *origin_user(int64_t uid, bool local)
{
	const struct passwd *user = local ? getpwuid((uid_t)uid) : NULL;
	char *text;

	if (user)
		return strdup(user->pw_name);
	return asprintf(&text, "uid %lld", (long long)uid) < 0 ? NULL : text;
}

static int64_t number_of(json_object *row, const char *field)
{
	return json_object_get_int64(json_object_object_get(row, field));
}

char *origin_text(json_object *row, bool local)
{
	const char *origin = tunable_row_string(row, "origin");
	const char *path = tunable_row_string(row, "path");
	const char *unit = tunable_row_string(row, "caller");
	const char *reason = tunable_row_string(row, "reason");
	_cleanup_(freep) char *user = NULL;
	char *text;
	int r;

	if (*path) {
		r = asprintf(&text, "%s:%lld", path, (long long)number_of(row, "line"));
		return r < 0 ? NULL : text;
	}
	if (!json_object_object_get(row, "uid"))
		return strdup(origin);
	user = origin_user(number_of(row, "uid"), local);
	if (!user)
		return NULL;
	r = asprintf(&text, "%s: %s%s%s%s%s%s", origin, user, *unit ? " in " : "", unit,
		     *reason ? " (" : "", reason, *reason ? ")" : "");
	return r < 0 ? NULL : text;
}
