/* SPDX-License-Identifier: GPL-2.0-only */
/* Problems of configuration, as sentences. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/layers.h"

/* Fits text into size bytes; D-Bus and terminals get printable ASCII only. */
static void copy_printable(char *to, size_t size, const char *text)
{
	size_t i;

	for (i = 0; text[i] && i < size - 1; i++)
		to[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	to[i] = '\0';
	if (text[i])
		memcpy(to + size - 4, "...", 4);
}

void problem_fill(struct config_problem *p, enum config_error error, const char *path,
		  unsigned int line, const char *key, const char *value, const char *format, ...)
{
	int used = 0;
	va_list args;

	*p = (struct config_problem){ .error = error, .line = line };
	copy_printable(p->path, sizeof(p->path), path ? path : "");
	copy_printable(p->key, sizeof(p->key), key);
	copy_printable(p->value, sizeof(p->value), value);
	if (p->key[0])
		used = snprintf(p->message, sizeof(p->message), "%s: ", p->key);
	va_start(args, format);
	vsnprintf(p->message + used, sizeof(p->message) - (size_t)used, format, args);
	va_end(args);
}

static enum config_error error_of(int err)
{
	switch (err) {
	case -ERANGE: return CONFIG_OUT_OF_RANGE;
	case -EEXIST: return CONFIG_CONFLICT;
	default: return CONFIG_WRONG_TYPE;
	}
}

int problem_fill_refused(struct config_problem *p, int err, enum tunable_id id, const char *text,
			 const char *why)
{
	_cleanup_(freep) char *range = tunable_range_text(id);
	char shown[sizeof(p->value)];

	if (err == -ENOMEM || !range)
		return -ENOMEM;
	copy_printable(shown, sizeof(shown), text);
	problem_fill(p, error_of(err), NULL, 0, tunables[id].key, text, "\"%s\" %s (allowed: %s)",
		     shown, why, range);
	return -EINVAL;
}

int problem_fill_conflict(struct config_problem *p, const struct tunable_conflict *conflict,
			  const struct tunable_set *set, enum tunable_id id,
			  const char *consequence)
{
	enum tunable_id first = conflict->ids[0], second = conflict->ids[1];
	_cleanup_(freep) char *first_text = tunable_show(first, &set->values[first]);
	_cleanup_(freep) char *second_text = tunable_show(second, &set->values[second]);

	if (!first_text || !second_text)
		return -ENOMEM;
	problem_fill(p, CONFIG_CONFLICT, NULL, 0, tunables[id].key,
		     id == first ? first_text : second_text, "%s = %s %s %s = %s%s",
		     tunables[first].key, first_text, conflict->rule, tunables[second].key,
		     second_text, consequence);
	return -EINVAL;
}

void problem_set_place(struct config_problem *p, const struct slot *slot)
{
	copy_printable(p->path, sizeof(p->path), slot->path ? slot->path : "");
	p->line = slot->line;
}

static bool is_for_everybody(const struct config_problem *p)
{
	struct stat st;

	return !p->path[0] || (stat(p->path, &st) == 0 && (st.st_mode & S_IROTH));
}

struct config_problem config_problem_for(uid_t uid, const struct config_problem *problem)
{
	struct config_problem told = { .error = problem->error, .line = problem->line };

	if (uid == 0 || is_for_everybody(problem))
		return *problem;
	strcpy(told.path, problem->path);
	strcpy(told.message, "not everybody may read the file, so only root is told");
	return told;
}

void config_report(struct reporter *reporter, const struct config_problem *problem)
{
	reporter->nr_problems++;
	if (reporter->fn)
		reporter->fn(problem, reporter->userdata);
}
