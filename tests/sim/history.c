// SPDX-License-Identifier: GPL-2.0-only
#include "tests/sim/history.h"

#include "util/macro.h"

static const char *const names[] = {
	[NATIVE_EVENT_JOIN] = "join",       [NATIVE_EVENT_LEAVE] = "leave",
	[NATIVE_EVENT_WAKE] = "wake",       [NATIVE_EVENT_QUEUE] = "queue",
	[NATIVE_EVENT_RUN] = "run",         [NATIVE_EVENT_STOP] = "stop",
	[NATIVE_EVENT_SLEEP] = "sleep",     [NATIVE_EVENT_ATTR] = "attr",
	[NATIVE_EVENT_IDLE] = "idle",       [NATIVE_EVENT_OCCUPY] = "occupy",
	[NATIVE_EVENT_KICK] = "kick",       [NATIVE_EVENT_ONLINE] = "online",
	[NATIVE_EVENT_STALL] = "stall",     [NATIVE_EVENT_ERROR] = "error",
	[NATIVE_EVENT_SETTLED] = "settled",
};
_Static_assert(ARRAY_SIZE(names) == NATIVE_EVENT_SETTLED + 1, "each event has a name");

const char *history_event_name(enum native_event_kind kind)
{
	return names[kind];
}

void history_record(struct history *h, const struct native_event *e)
{
	h->events[h->nr++ % HISTORY_EVENTS] = (struct history_event){
		.at_ns = native.now_ns,
		.dsq = e->dsq,
		.value = e->value,
		.cpu = e->cpu,
		.pid = e->p ? e->p->pid : 0,
		.kind = e->kind,
	};
}

static void print_queue(u64 dsq, s32 cpu, FILE *to)
{
	if (dsq & 1ull << 63)
		fprintf(to, " local queue of cpu %d", cpu);
	else
		fprintf(to, " queue %llu", dsq);
}

static void print_event(const struct history_event *e, FILE *to)
{
	fprintf(to, "  %14.6f ms  %-7s", e->at_ns / 1e6, names[e->kind]);
	if (e->pid)
		fprintf(to, " task %d", e->pid);
	if (e->kind == NATIVE_EVENT_QUEUE)
		print_queue(e->dsq, e->cpu, to);
	else if (e->cpu >= 0)
		fprintf(to, " cpu %d", e->cpu);
	if (e->value)
		fprintf(to, " value %llu", e->value);
	fputc('\n', to);
}

void history_print(const struct history *h, FILE *to)
{
	u32 first = h->nr > HISTORY_EVENTS ? h->nr - HISTORY_EVENTS : 0;

	for (u32 i = first; i < h->nr; i++)
		print_event(&h->events[i % HISTORY_EVENTS], to);
}
