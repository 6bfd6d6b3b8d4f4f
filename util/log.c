/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on stderr, for a person or for the journal. */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util/cleanup.h"

/* Of an event, with those that each has. */
#define FIELDS_MAX 24

static int max_level = LOG_INFO;

void log_set_level(int level)
{
	max_level = level;
}

int log_get_level(void)
{
	return max_level;
}

/* systemd names the journal's socket in JOURNAL_STREAM; stderr may have been redirected since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

static void write_lines(int level, const char *text)
{
	bool journal = stderr_is_journal();

	for (;;) {
		int length = (int)strcspn(text, "\n");

		if (journal)
			dprintf(STDERR_FILENO, "<%d>%.*s\n", level, length, text);
		else
			dprintf(STDERR_FILENO, "wd40d: %.*s\n", length, text);
		text += length;
		if (*text == '\0' || *++text == '\0')
			return;
	}
}

/* err 0: the message alone. */
static void write_message(int level, int err, const char *format, va_list args) _printf_(3, 0);

static void write_message(int level, int err, const char *format, va_list args)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(freep) char *whole = NULL;

	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		write_lines(level, "out of memory for a message");
	} else if (err == 0) {
		write_lines(level, text);
	} else if (asprintf(&whole, "%s: %s", text, strerror(err)) < 0) {
		whole = NULL;
		write_lines(level, text);
	} else {
		write_lines(level, whole);
	}
}

void log_write(int level, const char *format, ...)
{
	int saved = errno;
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	write_message(level, 0, format, args);
	va_end(args);
	errno = saved;
}

int log_errno(int level, int err, const char *format, ...)
{
	int saved = errno;
	va_list args;

	err = abs(err);
	if (level <= max_level) {
		va_start(args, format);
		write_message(level, err, format, args);
		va_end(args);
	}
	errno = saved;
	return -err;
}

/* False when the journal does not take it. That there is none sd_journal_sendv does not say. */
static bool send_event(int level, const char *id, const char *const *fields, const char *text)
{
	_cleanup_(freep) char *message = NULL;
	char priority[32], message_id[64];
	struct iovec parts[FIELDS_MAX];
	int n = 0;

	if (access("/run/systemd/journal/socket", W_OK) < 0)
		return false;
	if (asprintf(&message, "MESSAGE=%s", text) < 0) {
		message = NULL;
		return false;
	}
	snprintf(priority, sizeof(priority), "PRIORITY=%d", level);
	snprintf(message_id, sizeof(message_id), "MESSAGE_ID=%s", id);
	parts[n++] = (struct iovec){ message, strlen(message) };
	parts[n++] = (struct iovec){ priority, strlen(priority) };
	parts[n++] = (struct iovec){ message_id, strlen(message_id) };
	parts[n++] = (struct iovec){ (char *)"SYSLOG_IDENTIFIER=wd40d", 23 };
	for (; *fields && n < FIELDS_MAX; fields++)
		parts[n++] = (struct iovec){ (char *)*fields, strlen(*fields) };
	return sd_journal_sendv(parts, n) >= 0;
}

void log_event(int level, const char *id, const char *const *fields, const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	int saved = errno, r;
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0) {
		text = NULL;
		write_lines(level, "out of memory for a message");
	} else if (!stderr_is_journal() || !send_event(level, id, fields, text)) {
		write_lines(level, text);
	}
	errno = saved;
}
