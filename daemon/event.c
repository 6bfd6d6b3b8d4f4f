/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/event.h"

void event_add(struct event *e, const char *format, ...)
{
	va_list args;

	if (e->n == EVENT_FIELDS_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&e->fields[e->n], format, args) < 0)
		e->fields[e->n] = NULL;
	else
		e->n++;
	va_end(args);
}

void event_add_author(struct event *e, const struct config_author *author)
{
	event_add(e, "WD40_UID=%u", author->uid);
	if (author->unit)
		event_add(e, "WD40_UNIT=%s", author->unit);
	if (author->reason)
		event_add(e, "WD40_REASON=%s", author->reason);
}

void event_done(struct event *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->fields[i]);
	*e = (struct event){ 0 };
}
