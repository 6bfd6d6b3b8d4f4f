/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/verbs.h"

#include <string.h>

const struct verb verbs[] = {
	{ "status", "", 0, 0, OPT_JSON, "show state, machine and what is to be done", verb_status },
	{ "get", "[NAME...]", 0, ARGS_ANY, OPT_JSON | OPT_VALUE, "print values of tunables",
	  verb_get },
	{ 0 },
};

const struct verb *verb_by_name(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}
