/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/verbs.h"

#include <string.h>

#define OPTS_CHANGE \
	(OPT_SAVE | OPT_DRY_RUN | OPT_EXPECTED_GENERATION | OPT_EXPECTED_INSTANCE | OPT_REASON)

const struct verb verbs[] = {
	{ "status", "", 0, 0, OPT_JSON, "show the state, the machine and what is left to do",
	  verb_status },
	{ "get", "[NAME...]", 0, ARGS_ANY, OPT_JSON | OPT_VALUE, "print values of tunables",
	  verb_get },
	{ "describe", "[NAME...]", 0, ARGS_ANY, OPT_JSON | OPT_NO_LEGEND,
	  "show what tunables are, may be, and who set them", verb_describe },
	{ "set", "NAME=VALUE...", 1, ARGS_ANY, OPT_JSON | OPT_FOR | OPTS_CHANGE,
	  "set values, all or none, for good or on trial", verb_set },
	{ "confirm", "[GENERATION]", 0, 1, OPT_JSON, "keep what is on trial", verb_confirm },
	{ "revert", "[GENERATION]", 0, 1, OPT_JSON, "take back what is on trial", verb_revert },
	{ "reset", "[NAME...]", 0, ARGS_ANY, OPT_JSON | OPTS_CHANGE,
	  "go back to what the files say", verb_reset },
	{ "save", "[NAME...]", 0, ARGS_ANY, OPT_JSON | OPT_REASON,
	  "write values that were set into wd40d's drop-in", verb_save },
	{ "reload", "", 0, 0, OPT_STRICT, "read the files anew", verb_reload },
	{ "attach", "", 0, 0, OPT_REASON, "attach the scheduler", verb_attach },
	{ "detach", "", 0, 0, OPT_REASON, "give all tasks back to the kernel's own scheduler",
	  verb_detach },
	{ "reattach", "", 0, 0, OPT_REASON, "attach anew, with all values that wait for it",
	  verb_reattach },
	{ "domains", "", 0, 0, OPT_JSON | OPT_NO_LEGEND, "list the domains, their CPUs and loads",
	  verb_domains },
	{ "stats", "[NAME...]", 0, ARGS_ANY,
	  OPT_JSON | OPT_OPENMETRICS | OPT_WATCH | OPT_INTERVAL | OPT_COUNT | OPT_NO_LEGEND,
	  "print statistics", verb_stats },
	{ "reset-statistics", "", 0, 0, 0, "have statistics count anew from now on",
	  verb_reset_statistics },
	{ "monitor", "", 0, 0, OPT_JSON, "print events as they happen", verb_monitor },
	{ "check", "", 0, 0, OPT_JSON, "say what is wrong with the files", verb_check },
	{ "probe", "", 0, 0, 0, "say whether kernel and machine have what wd40d needs",
	  verb_probe },
	{ "dump", "", 0, 0, 0, "print everything that is known, for a report", verb_dump },
	{ "permissions", "", 0, 0, OPT_JSON, "say what you may do", verb_permissions },
	{ 0 },
};

const struct verb *verb_by_name(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}
