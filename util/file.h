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
