/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "dbus/stats-listen.h"
#include "util/cleanup.h"

#define BACKLOG 128

static int address_of(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	strcpy(ret->sun_path, path);
	return 0;
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* The folders that path is in. Everybody may look into those that are made, whatever the umask. */
static int make_folders(const char *path)
{
	struct sockaddr_un a;
	int r = address_of(path, &a);

	if (r < 0)
		return r;
	for (char *at = strchr(a.sun_path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(a.sun_path, 0755) == 0)
			(void)chmod(a.sun_path, 0755);
		else if (errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return 0;
}

/* 0: nobody is there. */
static int look_for_other(const char *path)
{
	struct sockaddr_un a;
	struct stat st;
	int r = address_of(path, &a);

	if (r < 0)
		return r;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	_cleanup_(closep) int fd = new_socket();
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 || errno == EAGAIN)
		return -EADDRINUSE;
	return errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
}

/* Under a name of its own first, so that it appears at path at once and open to everybody. */
static int listen_as(const char *path, const char *temporary, struct stats_file *ret)
{
	_cleanup_(closep) int fd = new_socket();
	struct sockaddr_un a;
	struct stat st;
	int r = address_of(temporary, &a);

	if (fd < 0 || r < 0)
		return fd < 0 ? fd : r;
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	if (chmod(temporary, 0666) < 0 || listen(fd, BACKLOG) < 0 || stat(temporary, &st) < 0 ||
	    rename(temporary, path) < 0) {
		r = -errno;
		unlink(temporary);
		return r;
	}
	*ret = (struct stats_file){ st.st_dev, st.st_ino };
	return TAKE_FD(fd);
}

int stats_listen(const char *path, struct stats_file *ret)
{
	_cleanup_(freep) char *temporary = NULL;
	int r = make_folders(path);

	if (r >= 0)
		r = look_for_other(path);
	if (r < 0)
		return r;
	if (asprintf(&temporary, "%s.%d", path, getpid()) < 0)
		return -ENOMEM;
	return listen_as(path, temporary, ret);
}

void stats_unlink(const char *path, const struct stats_file *file)
{
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_dev == file->device && st.st_ino == file->inode)
		unlink(path);
}
