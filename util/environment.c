/* SPDX-License-Identifier: GPL-2.0-only */
#include "util/environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/macro.h"

static const char *const kept[] = { "NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC=",
				    "JOURNAL_STREAM=" };

/* What was made for another process, a parent perhaps, names another. */
static bool is_ours(void)
{
	const char *pid = getenv("SYSTEMD_EXEC_PID");

	return pid && strtoull(pid, NULL, 10) == (unsigned long long)getpid();
}

static bool is_kept(const char *variable)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (strncmp(variable, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

void environment_forget(void)
{
	bool ours = is_ours();
	char **to = environ;

	for (char **from = environ; from && *from; from++)
		if (ours && is_kept(*from))
			*to++ = *from;
	if (to)
		*to = NULL;
}
