/* SPDX-License-Identifier: GPL-2.0-only */
/* The scheduler's begin and end, and the lives of tasks: fork, exec, exit. */
#include <stdlib.h>

#include "tests/native/core.h"

#define DISPATCH_BATCH 32 /* SCX_DSP_DFL_MAX_BATCH */

s32 native_attach(const struct sched_ext_ops *ops)
{
	s32 err;

	native.ops = ops;
	native.ended = SCX_EXIT_NONE;
	native.buffer_size = ops->dispatch_max_batch ?: DISPATCH_BATCH;
	free(native.buffer);
	native.buffer = calloc(native.buffer_size, sizeof(native.buffer[0]));
	err = ops->init ? ops->init() : 0;
	if (err)
		return err;
	native_watchdog_start();
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++) /* scx_bypass, when it ends */
		if (native.cpus[cpu].active)
			native_resched(&native.cpus[cpu]);
	return 0;
}

/* scx_fork and scx_post_fork */
s32 native_join(struct task_struct *p)
{
	struct scx_init_task_args args = { .fork = native.current };
	s32 err = native.ops->init_task ? native.ops->init_task(p, &args) : 0;

	if (err)
		return err;
	CALL(set_weight, p, p->scx.weight);
	p->native.newer = NULL;
	p->native.older = native.tasks;
	if (native.tasks)
		native.tasks->native.newer = p;
	native.tasks = p;
	native_tell(NATIVE_EVENT_JOIN, p->native.cpu, p, 0, 0);
	return 0;
}

/* Who forks without a parent does so on some CPU that is there. */
static void stay_online(s32 *cpu)
{
	if (!native.cpus[*cpu].active)
		*cpu = cpubits_next_and(native.online, native.online, WD40_WORDS(native.nr_cpu_ids),
					0);
}

/* wake_up_new_task */
s32 native_fork(struct task_struct *parent, struct task_struct *child)
{
	struct task_struct *was = native.current;
	s32 err;

	if (native.ended)
		return -ECANCELED;
	native.current = parent;
	if (parent) {
		native.cpu = parent->native.cpu;
		child->native.cpu = native.cpu;
	} else {
		stay_online(&native.cpu);
		stay_online(&child->native.cpu);
	}
	err = native_join(child);
	if (!err) {
		child->native.run_left = child->native.program ? 0 : child->native.run;
		native_wake_on(child, WAKE_FORK, 0);
	}
	native.current = was;
	return err;
}

/*
 * select_task_rq_scx answers WF_EXEC with the task's CPU, without asking the scheduler: for sched_ext
 * an exec is nothing but time.
 */
void native_exec(struct task_struct *p)
{
}

/* sched_ext_dead */
void native_bury(struct task_struct *p)
{
	struct scx_exit_task_args args = { 0 };

	native_heap_cancel(&native.timers, &p->native.timer);
	CALL(exit_task, p, &args);
	if (p->native.newer)
		p->native.newer->native.older = p->native.older;
	else
		native.tasks = p->native.older;
	if (p->native.older)
		p->native.older->native.newer = p->native.newer;
	native_tell(NATIVE_EVENT_LEAVE, p->native.cpu, p, 0, 0);
}

/* --- The end. ----------------------------------------------------------------------------------- */

/* A task that runs or waits is taken off its CPU or queue first. */
void native_leave(struct task_struct *p)
{
	struct native_cpu *c = cpu_of(p);
	bool running = c->running == p;

	if (native_pause(p)) {
		if (running) {
			native_count_busy(c);
			c->running = NULL;
			native_arm(c);
			native_resched(c);
			native_tell(NATIVE_EVENT_STOP, p->native.cpu, p, 0, 0);
		}
		native_tell(NATIVE_EVENT_SLEEP, p->native.cpu, p, 0, 0);
	}
	native_bury(p);
}

void native_detach(void)
{
	struct scx_exit_info info = { .kind = native.ended ?: SCX_EXIT_UNREG };

	native_heap_cancel(&native.timers, &native.watchdog);
	while (native.tasks)
		native_leave(native.tasks);
	CALL(exit, &info);
}
