/* SPDX-License-Identifier: GPL-2.0-only */
/* Interface org.freedesktop.LogControl1, which "systemctl service-log-level wd40d debug" uses. */
#pragma once

#include <systemd/sd-bus.h>

#define LOG_CONTROL_PATH      "/org/freedesktop/LogControl1"
#define LOG_CONTROL_INTERFACE "org.freedesktop.LogControl1"

int log_control_export(sd_bus *bus);
