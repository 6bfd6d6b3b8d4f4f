/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of tunables: what the daemon's command line and bus do, for texts "key=value". */
#include "tests/sim/settings.h"

#include <errno.h>
#include <string.h>

#include "config/layers.h"

static int refuse_key(char why[SIM_WHY_SIZE], const char *key)
{
	const char *nearest = tunable_nearest_key(key);

	if (nearest)
		return sim_refuse(why, "%.100s: unknown key, did you mean \"%s\"?", key, nearest);
	return sim_refuse(why, "%.100s: unknown key", key);
}

/* Takes "key=value" apart. */
static int split(char *setting, char why[SIM_WHY_SIZE], enum tunable_id *ret_id, char **ret_value)
{
	char *value = strchr(setting, '=');
	int id;

	if (!value)
		return sim_refuse(why, "\"%.100s\" is not key=value", setting);
	*value = '\0';
	id = tunable_by_key(setting);
	if (id < 0)
		return refuse_key(why, setting);
	*ret_id = (enum tunable_id)id;
	*ret_value = value + 1;
	return 0;
}

static int set_option(struct config *c, const char *setting, char why[SIM_WHY_SIZE])
{
	_cleanup_(freep) char *copy = strdup(setting);
	struct config_problem problem;
	enum tunable_id id;
	char *value;
	int r = copy ? split(copy, why, &id, &value) : -ENOMEM;

	if (r < 0)
		return r;
	r = config_set_option(c, id, value, &problem);
	return r == -EINVAL ? sim_refuse(why, "%s", problem.message) : r;
}

int sim_settings_new(const char *const *settings, char why[SIM_WHY_SIZE], struct config **ret)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct config_problem problem;
	int r = config_new("", &c);

	for (; r == 0 && settings && *settings; settings++)
		r = set_option(c, *settings, why);
	if (r < 0)
		return r;
	r = config_check(c, &problem);
	if (r == -EINVAL)
		return sim_refuse(why, "%s", problem.message);
	if (r == 0)
		*ret = TAKE_PTR(c);
	return r;
}

/* --- Changes. ----------------------------------------------------------------------------------- */

struct changes {
	struct config_change all[NR_TUNABLES];
	size_t n;
};

static void changes_done(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		tunable_value_done(c->all[i].id, &c->all[i].value);
}

static int add_change(struct changes *c, char *setting, char why[SIM_WHY_SIZE])
{
	struct config_change *change = &c->all[c->n];
	struct config_problem problem;
	char reason[TUNABLE_WHY_MAX];
	char *value;
	int r;

	if (c->n == NR_TUNABLES)
		return sim_refuse(why, "more settings than there are tunables");
	r = split(setting, why, &change->id, &value);
	if (r < 0)
		return r;
	r = tunable_parse(change->id, value, &change->value, reason);
	if (r < 0) {
		r = problem_fill_refused(&problem, r, change->id, value, reason);
		return r == -EINVAL ? sim_refuse(why, "%s", problem.message) : r;
	}
	c->n++;
	return 0;
}

/* The comma before the next "key=", or NULL. */
static char *next_comma(const char *text)
{
	char *comma = strchr(text, ',');

	while (comma && !(comma[1] >= 'a' && comma[1] <= 'z'))
		comma = strchr(comma + 1, ',');
	return comma;
}

int sim_settings_change(struct config *c, const char *text, char why[SIM_WHY_SIZE])
{
	static const struct config_author nobody = { 0 };
	_cleanup_(changes_done) struct changes changes = { 0 };
	_cleanup_(freep) char *copy = strdup(text);
	char *setting = copy, *comma = NULL;
	struct config_problem problem;
	int r = copy ? 0 : -ENOMEM;

	for (; r == 0 && setting; setting = comma) {
		comma = next_comma(setting);
		if (comma)
			*comma++ = '\0';
		r = add_change(&changes, setting, why);
	}
	if (r < 0)
		return r;
	r = config_set_runtime(c, changes.all, changes.n, &nobody, &problem);
	return r == -EINVAL ? sim_refuse(why, "%s", problem.message) : r;
}
