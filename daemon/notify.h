/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the service manager hears of us, by the sd_notify protocol. Without a service manager each
 * function does nothing. A message that cannot be sent is not an error for scheduling: it is logged
 * at debug level and forgotten.
 */
#pragma once

#include <stdint.h>

#include "util/macro.h"

void notify_ready(void);
void notify_reloading(void); /* with the time, as Type=notify-reload wants it in one message */
void notify_stopping(void);

/* One line that a person reads in "systemctl status". Sent when it differs from the last. */
void notify_status(const char *format, ...) _printf_(1, 2);

/* The exit code to come and, where they are known (not "" and not 0), reason and errno behind it. */
void notify_failure(const char *reason, int err, int exit_code);

/* Time between two watchdog pings, half of what the service manager allows. 0 = it wants none. */
uint64_t notify_watchdog_period_usec(void);
void notify_watchdog_ping(void);
