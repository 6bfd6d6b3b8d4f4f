/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>
#include <stdlib.h>

#include "dbus/errors.h"
#include "dbus/log-control.h"
#include "util/log.h"

static const char *const level_names[] = {
	[LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",     [LOG_CRIT] = "crit",
	[LOG_ERR] = "err",     [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

static int get_level(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", level_names[log_get_level()]);
}

static int set_level(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (strcmp(level_names[i], name) == 0) {
			log_set_level((int)i);
			return 0;
		}
	return wd40_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "LogLevel: %.50s is no level",
			       name);
}

/* Messages go where the service manager has them go. */
static const char *target(void)
{
	return getenv("JOURNAL_STREAM") ? "journal" : "console";
}

static int get_target(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", target());
}

static int set_target(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(m, "s", &name);

	if (r < 0)
		return r;
	if (strcmp(name, target()) == 0 || strcmp(name, "auto") == 0)
		return 0;
	return wd40_error_setf(error, SD_BUS_ERROR_NOT_SUPPORTED,
			       "LogTarget: messages go to the %s, as the service was started",
			       target());
}

static int get_identifier(sd_bus *bus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", "wd40d");
}

#define GUARDED SD_BUS_VTABLE_UNPRIVILEGED /* the gate has asked */

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_level, set_level, 0, GUARDED),
	SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_target, set_target, 0, GUARDED),
	SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

int log_control_export(sd_bus *bus)
{
	return sd_bus_add_object_vtable(bus, NULL, LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE, vtable,
					NULL);
}
