/* SPDX-License-Identifier: GPL-2.0-only */
/* Values and sets of values: copy, compare, and the rules between them. */
#include "config/tunables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

bool tunable_value_equal(enum tunable_id id, const struct tunable_value *a,
			 const struct tunable_value *b)
{
	switch (tunables[id].type) {
	case TUNABLE_BOOL: return a->b == b->b;
	case TUNABLE_UINT: return a->u == b->u;
	case TUNABLE_USEC: return a->usec == b->usec;
	case TUNABLE_PERCENT: return a->percent == b->percent;
	default: return strcmp(a->list, b->list) == 0;
	}
}

int tunable_value_copy(enum tunable_id id, const struct tunable_value *value,
		       struct tunable_value *ret)
{
	char *list;

	if (tunables[id].type != TUNABLE_LIST) {
		*ret = *value;
		return 0;
	}
	list = strdup(value->list);
	if (!list)
		return -ENOMEM;
	ret->list = list;
	return 0;
}

void tunable_value_done(enum tunable_id id, struct tunable_value *value)
{
	if (tunables[id].type == TUNABLE_LIST)
		free(value->list);
	*value = (struct tunable_value){ 0 };
}

int tunable_set_copy(const struct tunable_set *s, struct tunable_set *ret)
{
	struct tunable_set copy = { 0 };

	for (int id = 0; id < NR_TUNABLES; id++) {
		int r = tunable_value_copy(id, &s->values[id], &copy.values[id]);

		if (r < 0) {
			tunable_set_done(&copy);
			return r;
		}
	}
	*ret = copy;
	return 0;
}

void tunable_set_done(struct tunable_set *s)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		tunable_value_done(id, &s->values[id]);
}

size_t tunable_set_diff(const struct tunable_set *a, const struct tunable_set *b,
			enum tunable_id ids[NR_TUNABLES])
{
	size_t n = 0;

	for (int id = 0; id < NR_TUNABLES; id++)
		if (!tunable_value_equal(id, &a->values[id], &b->values[id]))
			ids[n++] = id;
	return n;
}

static bool slices_fit(const struct tunable_value *underutil, const struct tunable_value *overutil)
{
	return underutil->usec >= overutil->usec;
}

static bool intervals_fit(const struct tunable_value *tune, const struct tunable_value *balance)
{
	return tune->usec <= balance->usec;
}

static bool thresholds_fit(const struct tunable_value *x_numa, const struct tunable_value *node)
{
	return x_numa->u == 0 || node->u != 0;
}

/* A tunable is in one rule at most, so that each conflict can be settled for itself. */
static const struct rule {
	struct tunable_conflict conflict;
	bool (*fits)(const struct tunable_value *first, const struct tunable_value *second);
} rules[] = {
	{ { { TUNABLE_SLICE_UNDERUTIL, TUNABLE_SLICE_OVERUTIL }, "must not be less than" },
	  slices_fit },
	{ { { TUNABLE_TUNE_INTERVAL, TUNABLE_BALANCE_INTERVAL }, "must not be longer than" },
	  intervals_fit },
	{ { { TUNABLE_GREEDY_THRESHOLD_X_NUMA, TUNABLE_GREEDY_THRESHOLD }, "must be 0 with" },
	  thresholds_fit },
};
_Static_assert(ARRAY_SIZE(rules) == NR_TUNABLE_RULES, "callers have room for each rule");

size_t tunable_set_conflicts(const struct tunable_set *s,
			     struct tunable_conflict ret[NR_TUNABLE_RULES])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct tunable_conflict *c = &rules[i].conflict;

		if (!rules[i].fits(&s->values[c->ids[0]], &s->values[c->ids[1]]))
			ret[n++] = *c;
	}
	return n;
}
