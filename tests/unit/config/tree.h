/* SPDX-License-Identifier: GPL-2.0-only */
/* A scratch directory that stands in for / in the tests of configuration files. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VENDOR  "/usr/lib/wd40d/wd40d.ini"
#define ETC     "/etc/wd40d/wd40d.ini"
#define ETC_DIR "/etc/wd40d/wd40d.ini.d"
#define RUN_DIR "/run/wd40d/wd40d.ini.d"

static char tree_root[] = "/tmp/wd40d-test-tree.XXXXXX";

static inline const char *tree_path(const char *path)
{
	static char buffers[4][PATH_MAX];
	static unsigned int next;
	char *buffer = buffers[next++ % 4];

	snprintf(buffer, PATH_MAX, "%s%s", tree_root, path);
	return buffer;
}

/* Makes the directories above path. */
static inline const char *tree_parents(const char *path)
{
	const char *full = tree_path(path);
	char parent[PATH_MAX];

	for (const char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - full), full);
		(void)mkdir(parent, 0755);
	}
	return full;
}

static inline void tree_write_bytes(const char *path, const char *bytes, size_t size)
{
	int fd = open(tree_parents(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) < 0)
		abort();
}

static inline void tree_write(const char *path, const char *text)
{
	tree_write_bytes(path, text, strlen(text));
}

static inline void tree_link(const char *path, const char *target)
{
	if (symlink(target, tree_parents(path)) < 0)
		abort();
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	return remove(path);
}

/* cmocka's setup and teardown. */
static inline int tree_setup(void **state)
{
	strcpy(tree_root + strlen(tree_root) - 6, "XXXXXX");
	return mkdtemp(tree_root) ? 0 : -1;
}

static inline int tree_teardown(void **state)
{
	return nftw(tree_root, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define tree_test(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
