/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The environment, of which nothing is trusted: whoever starts the daemon by hand may have taken it over
 * from somebody else, and libraries go by it too (sd-bus: which bus; libbpf; libc).
 */
#pragma once

/*
 * Forgets all of it, but for what a service manager has told this very process, as SYSTEMD_EXEC_PID says:
 * NOTIFY_SOCKET, WATCHDOG_PID, WATCHDOG_USEC and JOURNAL_STREAM. To be called first, before any library
 * can have looked.
 */
void environment_forget(void);
