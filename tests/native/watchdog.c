/* SPDX-License-Identifier: GPL-2.0-only */
/* scx_watchdog_workfn: a runnable task that has waited too long ends the scheduler. */
#include "tests/native/core.h"

#define TIMEOUT_MAX_NS (30ull * 1000 * 1000 * 1000)

static u64 timeout_ns(void)
{
	return native.ops->timeout_ms ? native.ops->timeout_ms * 1000000ull : TIMEOUT_MAX_NS;
}

static bool bark(struct task_struct *p)
{
	u64 waits = native.now_ns - p->native.waiting_since;

	if (waits <= timeout_ns())
		return false;
	native_fail(SCX_EXIT_ERROR_STALL, "task[%d] failed to run for %llu.%03llus", p->pid,
		    waits / 1000000000, waits / 1000000 % 1000);
	native_tell(NATIVE_EVENT_STALL, p->native.cpu, p, 0, waits);
	return true;
}

void native_watchdog_look(void)
{
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		for (struct task_struct *p = native.cpus[cpu].first_waiter; p;
		     p = p->native.waits_behind)
			if (bark(p))
				return;
	native_watchdog_start();
}

void native_watchdog_start(void)
{
	native.watchdog.tie = TIMER_TIE(TIMER_WATCHDOG, 0);
	native_heap_set(&native.timers, &native.watchdog, native.now_ns + timeout_ns() / 2);
}
