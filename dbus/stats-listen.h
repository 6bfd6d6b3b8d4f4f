/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the tools of the scx project look for a scheduler's statistics. */
#pragma once

#include <sys/types.h>

#define STATS_SOCKET_PATH "/run/scx/root/stats" /* /var/run is the same */

/* Which file it is, to know it again. */
struct stats_file {
	dev_t device;
	ino_t inode;
};

/*
 * Listens at path, which everybody may connect to; makes its folders. What a dead process has left there
 * is replaced. Returns the descriptor (non-blocking), or -EADDRINUSE: somebody listens there; -EEXIST:
 * something that is no socket is there; -ENAMETOOLONG; those of the system.
 */
int stats_listen(const char *path, struct stats_file *ret);

/* Removes path if it still is that file. */
void stats_unlink(const char *path, const struct stats_file *file);
