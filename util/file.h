/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole small files: configuration, /proc and /sys. */
#pragma once

#include <stddef.h>

/*
 * Reads the file at path, which may be of /proc or /sys, into memory with a NUL behind its last
 * byte. max: the largest accepted size in bytes. *ret is the caller's to free; ret_size may be
 * NULL. Errors: -EFBIG (longer than max), -EISDIR, -EINVAL (neither file nor directory), -ENOMEM,
 * and those of open and read.
 */
int file_read(const char *path, size_t max, char **ret, size_t *ret_size);

/*
 * Makes the file at path hold size bytes at text, with the mode given: all of it or none, and lasting
 * when it returns; that a power failure may bring the old one back is logged, and no error. What is at path
 * is replaced only if it is a regular file in a directory that is no symbolic link; missing directories above
 * it are made. Errors, of which each leaves the file as it was: -ELOOP (a symbolic link is at path), -EEXIST
 * (something else is), -ENOTDIR (its directory is a symbolic link, or none), -ENAMETOOLONG, and those of
 * mkdir, open, write, fsync and rename.
 */
int file_replace(const char *path, const char *text, size_t size, unsigned int mode);
