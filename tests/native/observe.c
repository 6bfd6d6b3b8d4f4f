/* SPDX-License-Identifier: GPL-2.0-only */
/* Who looks on, and how the scheduler's end is told. */
#include <stdarg.h>
#include <stdio.h>

#include "tests/native/core.h"

void native_observe(struct native_observer *o)
{
	struct native_observer **at = &native.observers;

	while (*at)
		at = &(*at)->next;
	o->next = NULL;
	*at = o;
}

void native_unobserve(struct native_observer *o)
{
	for (struct native_observer **at = &native.observers; *at; at = &(*at)->next)
		if (*at == o) {
			*at = o->next;
			return;
		}
}

void native_tell(enum native_event_kind kind, s32 cpu, struct task_struct *p, u64 dsq, u64 value)
{
	struct native_event e = { .kind = kind, .cpu = cpu, .p = p, .dsq = dsq, .value = value };

	for (struct native_observer *o = native.observers, *next; o; o = next) {
		next = o->next;
		o->event(o, &e);
	}
}

void native_fail(enum scx_exit_kind kind, const char *format, ...)
{
	va_list args;

	if (native.ended)
		return;
	native.ended = kind;
	va_start(args, format);
	vsnprintf(native.exit_text, sizeof(native.exit_text), format, args);
	va_end(args);
	if (!native.observers)
		native_die("the scheduler ends: %s", native.exit_text);
	if (kind != SCX_EXIT_ERROR_STALL)
		native_tell(NATIVE_EVENT_ERROR, native.cpu, native.current, 0, kind);
}
