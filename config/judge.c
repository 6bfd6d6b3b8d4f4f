/* SPDX-License-Identifier: GPL-2.0-only */
/* Values that a machine may be unable to have. Whether it is, somebody above knows. */
#include <errno.h>

#include "config/layers.h"

void config_set_judge(struct config *c, config_judge_fn judge, void *userdata)
{
	c->judge = judge;
	c->judge_userdata = userdata;
}

int config_judge(const struct config *c, const struct tunable_set *set, tunable_mask changed,
		 const char *consequence, enum tunable_id *blamed, struct config_problem *problem)
{
	_cleanup_(freep) char *text = NULL;
	char why[CONFIG_WHY_MAX] = "";
	int r;

	if (!c->judge || !changed)
		return 0;
	r = c->judge(set, changed, c->judge_userdata, blamed, why);
	if (r != -EINVAL)
		return r;
	text = tunable_show(*blamed, &set->values[*blamed]);
	if (!text)
		return -ENOMEM;
	problem_fill(problem, CONFIG_OUT_OF_RANGE, NULL, 0, tunables[*blamed].key, text, "%s%s",
		     why, consequence);
	return -EINVAL;
}

int config_judge_change(const struct config *c, const struct tunable_set *set,
			struct config_problem *problem)
{
	enum tunable_id ids[NR_TUNABLES], blamed;
	size_t n = tunable_set_diff(&c->effective, set, ids);
	tunable_mask changed = 0;

	for (size_t i = 0; i < n; i++)
		changed |= TUNABLE_BIT(ids[i]);
	return config_judge(c, set, changed, "", &blamed, problem);
}

int config_check_machine(const struct config *c, struct config_problem *problem)
{
	enum tunable_id blamed;

	return config_judge(c, &c->effective, TUNABLES_ALL, "", &blamed, problem);
}
