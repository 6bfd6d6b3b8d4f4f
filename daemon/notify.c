/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon/loop.h"
#include "daemon/notify.h"
#include "util/log.h"

static void send_state(const char *state)
{
	int r = sd_notify(0, state);

	if (r < 0)
		log_errno(LOG_DEBUG, r, "the service manager cannot be told \"%s\"", state);
}

/* What follows a newline would be another message. */
static void one_line(char *text)
{
	while ((text = strchr(text, '\n')))
		*text = ' ';
}

void notify_ready(void)
{
	send_state("READY=1");
}

void notify_reloading(void)
{
	char state[64];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, loop_now_usec());
	send_state(state);
}

void notify_stopping(void)
{
	send_state("STOPPING=1");
}

void notify_status(const char *format, ...)
{
	static char last[512];
	char state[sizeof(last)] = "STATUS=";
	size_t prefix = strlen(state);
	va_list args;

	va_start(args, format);
	vsnprintf(state + prefix, sizeof(state) - prefix, format, args);
	va_end(args);
	one_line(state);
	if (strcmp(state, last) == 0)
		return;
	strcpy(last, state);
	send_state(state);
}

void notify_failure(const char *reason, int err, int exit_code)
{
	char state[64];
	int n = snprintf(state, sizeof(state), "EXIT_STATUS=%d", exit_code);

	if (*reason)
		notify_status("%s", reason);
	if (err)
		snprintf(state + n, sizeof(state) - n, "\nERRNO=%d", abs(err));
	send_state(state);
}

uint64_t notify_watchdog_period_usec(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2 : 0;
}

void notify_watchdog_ping(void)
{
	send_state("WATCHDOG=1");
}
