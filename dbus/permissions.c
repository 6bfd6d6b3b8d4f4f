/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "config/tunables.h"
#include "dbus/log-control.h"
#include "dbus/permissions.h"
#include "dbus/wd40-details.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-statistics.h"
#include "util/macro.h"

static const char *const names[] = {
	[ACTION_SET_TUNABLES] = "org.scx.Wd40.set-tunables",
	[ACTION_SAVE_CONFIGURATION] = "org.scx.Wd40.save-configuration",
	[ACTION_MANAGE_SCHEDULER] = "org.scx.Wd40.manage-scheduler",
	[ACTION_RESET_STATISTICS] = "org.scx.Wd40.reset-statistics",
	[ACTION_DUMP] = "org.scx.Wd40.dump",
};
_Static_assert(ARRAY_SIZE(names) == NR_ACTIONS, "each action has a name");

static const struct {
	const char *interface, *member;
	enum action action;
} methods[] = {
	{ WD40_INTERFACE, "SetTunables", ACTION_SET_TUNABLES },
	{ WD40_INTERFACE, "ConfirmTunables", ACTION_SET_TUNABLES },
	{ WD40_INTERFACE, "RevertTunables", ACTION_SET_TUNABLES },
	{ WD40_INTERFACE, "ResetTunables", ACTION_SET_TUNABLES },
	{ WD40_INTERFACE, "SaveTunables", ACTION_SAVE_CONFIGURATION },
	{ WD40_INTERFACE, "DescribeTunables", ACTION_NONE },
	{ WD40_INTERFACE, "CheckConfig", ACTION_IDENTIFY },
	{ WD40_INTERFACE, "Reload", ACTION_SET_TUNABLES },
	{ WD40_INTERFACE, "Attach", ACTION_MANAGE_SCHEDULER },
	{ WD40_INTERFACE, "Detach", ACTION_MANAGE_SCHEDULER },
	{ WD40_INTERFACE, "Reattach", ACTION_MANAGE_SCHEDULER },
	{ WD40_INTERFACE, "GetPermissions", ACTION_NONE },
	{ WD40_INTERFACE, "Dump", ACTION_DUMP },
	{ WD40_DETAILS_INTERFACE, "GetDetails", ACTION_DUMP },
	{ WD40_STATISTICS_INTERFACE, "DryRunBalance", ACTION_DUMP },
	{ WD40_STATISTICS_INTERFACE, "GetStatistics", ACTION_NONE },
	{ WD40_STATISTICS_INTERFACE, "GetMetadata", ACTION_NONE },
	{ WD40_STATISTICS_INTERFACE, "Subscribe", ACTION_IDENTIFY },
	{ WD40_STATISTICS_INTERFACE, "Unsubscribe", ACTION_NONE },
	{ WD40_STATISTICS_INTERFACE, "ResetStatistics", ACTION_RESET_STATISTICS },
};

const char *action_name(enum action action)
{
	return names[action];
}

int permission_of_method(const char *interface, const char *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (strcmp(methods[i].interface, interface) == 0 &&
		    strcmp(methods[i].member, member) == 0)
			return (int)methods[i].action;
	return -ENOENT;
}

int permission_of_property(const char *interface, const char *property)
{
	if (strcmp(interface, WD40_INTERFACE) == 0 && tunable_by_bus_name(property) >= 0)
		return ACTION_SET_TUNABLES;
	if (strcmp(interface, LOG_CONTROL_INTERFACE) == 0 &&
	    (strcmp(property, "LogLevel") == 0 || strcmp(property, "LogTarget") == 0))
		return ACTION_MANAGE_SCHEDULER;
	return -ENOENT;
}

bool permission_is_ours(const char *interface)
{
	return strncmp(interface, WD40_INTERFACE, strlen(WD40_INTERFACE)) == 0 ||
	       strcmp(interface, LOG_CONTROL_INTERFACE) == 0;
}
