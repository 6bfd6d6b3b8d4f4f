/* SPDX-License-Identifier: GPL-2.0-only */
/* Which configuration files there are, and in which order they count. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config_file {
	char *path;
	bool optional; /* nothing is wrong when it does not exist */
	int error;     /* a directory that cannot be listed: the negative errno; else 0 */
};

struct config_file_list {
	struct config_file *files; /* lowest first */
	size_t n;
};

/*
 * Lists the files below root: the vendor's, the one in /etc, and the drop-ins of /run and /etc by
 * name, where one in /etc hides one in /run of the same name and a link to /dev/null hides without
 * a replacement. override stands in for all but the vendor's file, unless it is NULL; root is not
 * put before it. -ENOMEM. *ret: config_file_list_done.
 */
int config_file_list_make(const char *root, const char *override, struct config_file_list *ret);
void config_file_list_done(struct config_file_list *list);
