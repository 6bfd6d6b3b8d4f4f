/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the daemon. Levels are syslog's (LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO,
 * LOG_DEBUG). They go to stderr: after "wd40d: " for a person, or after the priority prefix "<N>"
 * when stderr is the journal. Each line of a message gets its prefix. errno survives.
 *
 * Who decides what follows from an error logs it, once; libraries return it and are silent.
 */
#pragma once

#include <syslog.h>

#include "util/macro.h"

/* Shows messages up to this level, LOG_INFO at first. */
void log_set_level(int level);
int log_get_level(void);

/* Writes one message, without a final newline. Cheap when the level is not shown. */
void log_write(int level, const char *format, ...) _printf_(2, 3);

/*
 * Writes the message followed by ": " and what err means, an errno of either sign. Returns the
 * negative errno, so that to log and to return is one statement.
 */
int log_errno(int level, int err, const char *format, ...) _printf_(3, 4);

/*
 * Writes a message of an event that programs look for. In the journal it has id as MESSAGE_ID (128 bits
 * in hexadecimal) and the fields, "NAME=value" each, up to a NULL; elsewhere it is a message like others.
 */
void log_event(int level, const char *id, const char *const *fields, const char *format, ...)
	_printf_(4, 5);

#define log_error(...)   log_write(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_DEBUG, __VA_ARGS__)
