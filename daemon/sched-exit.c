/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a scheduler ended and what to do next. */
#include "daemon/sched-exit.h"

#include <stdbool.h>
#include <stddef.h>

#include "util/macro.h"

/* enum scx_exit_kind. Kinds and codes are told to userspace by number, so they are fixed. */
enum {
	KIND_NONE = 0,
	KIND_DONE = 1,
	KIND_UNREG = 64,
	KIND_UNREG_BPF = 65,
	KIND_UNREG_KERN = 66,
	KIND_SYSRQ = 67,
	KIND_PARENT = 68,
	KIND_PARENT_KILL = 69,
	KIND_ERROR = 1024, /* and all above */
	KIND_ERROR_BPF = 1025,
	KIND_ERROR_STALL = 1026,
	KIND_ERROR_REENQ = 1027,
	KIND_ERROR_RESCUE = 1028,
};

/* enum scx_exit_code: 16 bits of actions, 16 of reasons, 32 of the scheduler's own. */
#define CODE_REASON_HOTPLUG (1ull << 32)
#define CODE_ACTION_RESTART (1ull << 48)

const char *sched_exit_kind_name(uint32_t kind)
{
	static const struct {
		uint32_t kind;
		const char *name;
	} names[] = {
		{ KIND_NONE, "none" },
		{ KIND_DONE, "done" },
		{ KIND_UNREG, "unregistered" },
		{ KIND_UNREG_BPF, "unregistered-bpf" },
		{ KIND_UNREG_KERN, "unregistered-kernel" },
		{ KIND_SYSRQ, "sysrq" },
		{ KIND_PARENT, "parent" },
		{ KIND_PARENT_KILL, "parent-kill" },
		{ KIND_ERROR, "error" },
		{ KIND_ERROR_BPF, "error-bpf" },
		{ KIND_ERROR_STALL, "error-stall" },
		{ KIND_ERROR_REENQ, "error-reenqueue" },
		{ KIND_ERROR_RESCUE, "error-rescue" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].kind == kind)
			return names[i].name;
	return "unknown";
}

/* Only the two kinds that end a scheduler in peace carry a code of the kernel's form. */
static bool asks_for_restart(const struct sched_exit *exit)
{
	return (exit->kind == KIND_UNREG_BPF || exit->kind == KIND_UNREG_KERN) &&
	       (uint64_t)exit->code & (CODE_REASON_HOTPLUG | CODE_ACTION_RESTART);
}

enum sched_blame sched_exit_blame(const struct sched_exit *exit)
{
	if (asks_for_restart(exit))
		return SCHED_NO_BLAME;
	return exit->kind == KIND_ERROR_STALL ? SCHED_BLAME_STALL : SCHED_BLAME;
}

static struct sched_next restart_after(struct sched_restart *r, uint64_t now_usec,
				       uint64_t delay_usec)
{
	r->started_usec = now_usec + delay_usec;
	return (struct sched_next){ SCHED_RESTART, delay_usec };
}

/* At once, unless the last restart was a moment ago: CPUs may come and go in a row. */
static struct sched_next restart_soon(struct sched_restart *r, uint64_t now_usec)
{
	bool again = r->started_usec && now_usec < r->started_usec + SCHED_RESTART_FIRST_USEC;

	return restart_after(r, now_usec, again ? SCHED_RESTART_FIRST_USEC : 0);
}

static struct sched_next back_off(struct sched_restart *r, uint64_t now_usec)
{
	uint64_t delay_usec = SCHED_RESTART_FIRST_USEC;

	if (now_usec >= r->started_usec + SCHED_RESTART_QUIET_USEC)
		r->failures = 0;
	for (uint32_t i = 0; i < r->failures && delay_usec < SCHED_RESTART_LONGEST_USEC; i++)
		delay_usec *= 2;
	if (delay_usec > SCHED_RESTART_LONGEST_USEC)
		delay_usec = SCHED_RESTART_LONGEST_USEC;
	if (++r->failures >= SCHED_RESTART_MAX_FAILURES)
		return (struct sched_next){ SCHED_GIVE_UP, 0 };
	return restart_after(r, now_usec, delay_usec);
}

struct sched_next sched_restart_next(struct sched_restart *r, const struct sched_exit *exit,
				     uint64_t now_usec)
{
	if (exit && asks_for_restart(exit))
		return restart_soon(r, now_usec);
	if (!exit || exit->kind >= KIND_ERROR)
		return back_off(r, now_usec);
	return (struct sched_next){ SCHED_STAY_OFF, 0 };
}
