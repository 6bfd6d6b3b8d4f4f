/* SPDX-License-Identifier: GPL-2.0-only */
/* Replacing a small file, whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/log.h"

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

/* Not through a symbolic link: who has put it there may not know that we write. */
static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	return fd;
}

static int check_replaceable(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
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

/*
 * A file made anew, whose name begins with a dot, so that nobody takes it for the other. Whatever has the
 * name is what a process with our number has left behind.
 */
static int open_temporary(int dir, const char *name, char **ret_name)
{
	_cleanup_(freep) char *temporary = NULL;
	int fd;

	if (asprintf(&temporary, ".%s.%d", name, getpid()) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	if (unlinkat(dir, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	*ret_name = TAKE_PTR(temporary);
	return fd;
}

/* A name that lasts is one whose directory was written too; but the file is what it is now in any case. */
static void sync_directory(int dir, const char *name)
{
	if (fsync(dir) < 0)
		log_errno(LOG_WARNING, -errno, "%s: may be the old one after a power failure",
			  name);
}

static int replace_in(int dir, const char *name, const char *text, size_t size, unsigned int mode)
{
	_cleanup_(freep) char *temporary = NULL;
	_cleanup_(closep) int fd = open_temporary(dir, name, &temporary);
	int r;

	if (fd < 0)
		return fd;
	r = fill(fd, text, size, mode);
	if (r == 0 && renameat(dir, temporary, dir, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, temporary, 0);
		return r;
	}
	sync_directory(dir, name);
	return 0;
}

int file_replace(const char *path, const char *text, size_t size, unsigned int mode)
{
	_cleanup_(closep) int dir = -EBADF;
	char parent[PATH_MAX];
	const char *name;
	int r;

	r = parent_of(path, parent);
	if (r == 0)
		r = make_directory(parent);
	if (r < 0)
		return r;
	dir = open_directory(parent);
	if (dir < 0)
		return dir;
	name = path + strlen(parent) + 1;
	r = check_replaceable(dir, name);
	return r < 0 ? r : replace_in(dir, name, text, size, mode);
}
