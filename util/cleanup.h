/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ownership in the open: a local that owns something says so with _cleanup_(), and hands it over
 * with TAKE_PTR or TAKE_FD.
 *
 *	_cleanup_(freep) char *text = NULL;
 *	_cleanup_(closep) int fd = -EBADF;
 *
 * A type with a foo_free() gets its cleanup function foo_freep() by DEFINE_CLEANUP.
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* The value of an owning variable, which owns nothing afterwards. */
#define TAKE_PTR(ptr)                         \
	({                                    \
		__typeof__(ptr) *_p = &(ptr); \
		__typeof__(ptr) _v = *_p;     \
		*_p = NULL;                   \
		_v;                           \
	})

#define TAKE_FD(fd)              \
	({                       \
		int *_p = &(fd); \
		int _v = *_p;    \
		*_p = -EBADF;    \
		_v;              \
	})

/* Defines free_fn##p(type **) for _cleanup_(). free_fn is not called for NULL. */
#define DEFINE_CLEANUP(type, free_fn)               \
	static inline void free_fn##p(type **owner) \
	{                                           \
		if (*owner)                         \
			free_fn(*owner);            \
	}

/* For anything from malloc, strdup, asprintf and the like. */
static inline void freep(void *owner)
{
	free(*(void **)owner);
}

/* Keeps errno, since it runs between a failure and its report. */
static inline void closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void fclosep(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file);
	errno = saved;
}
