/* SPDX-License-Identifier: GPL-2.0-only */
/* Replacing a small file, whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/file.h"

/* The directory of path, in *dir. */
static int parent_of(const char *path, char dir[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path || slash - path >= PATH_MAX)
		return slash ? -ENAMETOOLONG : -EINVAL;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	return 0;
}

/* The mode is set apart from the making: the umask of a service is narrow. */
static int make_directory(const char *path)
{
	char parent[PATH_MAX];
	int r;

	if (mkdir(path, 0755) == 0)
		return chmod(path, 0755) < 0 ? -errno : 0;
	if (errno != ENOENT)
		return errno == EEXIST ? 0 : -errno;
	r = parent_of(path, parent);
	if (r == 0)
		r = make_directory(parent);
	return r < 0 ? r : make_directory(path);
}

static int check_replaceable(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISREG(st.st_mode))
		return 0;
	return S_ISLNK(st.st_mode) ? -ELOOP : -EEXIST;
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

static int fill(int fd, const char *text, size_t size, unsigned int mode)
{
	int r = write_all(fd, text, size);

	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r;
}

/* A name that lasts is one whose directory was written too. */
static int sync_directory(const char *dir)
{
	_cleanup_(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Its name begins with a dot, and it is in the same directory: nobody takes it for the file. */
static int replace_in(const char *dir, const char *path, const char *text, size_t size,
		      unsigned int mode)
{
	_cleanup_(freep) char *temporary = NULL;
	_cleanup_(closep) int fd = -EBADF;
	int r;

	if (asprintf(&temporary, "%s/.%s.XXXXXX", dir, path + strlen(dir) + 1) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fill(fd, text, size, mode);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return r;
	}
	return sync_directory(dir);
}

int file_replace(const char *path, const char *text, size_t size, unsigned int mode)
{
	char dir[PATH_MAX];
	int r;

	r = parent_of(path, dir);
	if (r == 0)
		r = make_directory(dir);
	if (r == 0)
		r = check_replaceable(path);
	return r < 0 ? r : replace_in(dir, path, text, size, mode);
}
