/* SPDX-License-Identifier: GPL-2.0-only */
/* wd40 on the native kernel, with tasks that run and sleep as told. */
#pragma once

#include "tests/native/native.h"

#define MSEC   1000000ull
#define SEC_NS 1000000000ull

extern struct sched_ext_ops wd40_ops;

#define ACTORS_MAX 2048

/* The tasks of a test, in the order they were made. */
static struct task_struct *actors[ACTORS_MAX];
static u32 nr_actors;

static inline struct task_struct *actor(u32 weight)
{
	struct task_struct *p = actors[nr_actors++] = native_task_new();

	p->scx.weight = weight;
	return p;
}

/* Gives an actor to the scheduler, and wakes it. */
static inline struct task_struct *act(struct task_struct *p)
{
	native.current = NULL;
	if (native_join(p))
		native_die("task %d is refused", p->pid);
	native_wake(p, 0);
	return p;
}

static inline struct task_struct *hog(u32 weight)
{
	return act(actor(weight));
}

/* A hog that may run on one CPU only. */
static inline struct task_struct *pinned_hog(u32 weight, s32 cpu)
{
	struct task_struct *p = actor(weight);

	native_allow_only(p, (u32)cpu, 1);
	p->native.cpu = cpu;
	return act(p);
}

static inline struct task_struct *sleeper(u32 weight, u64 run, u64 sleep)
{
	struct task_struct *p = actor(weight);

	p->native.run = run;
	p->native.sleep = sleep;
	return act(p);
}

static inline void hogs(u32 n, u32 weight)
{
	while (n--)
		hog(weight);
}

/* What all actors got so far is forgotten. */
static inline void forget(void)
{
	for (u32 i = 0; i < nr_actors; i++)
		actors[i]->native.ran = actors[i]->native.longest_wait = 0;
}

/* The longest wait of a task, that under way included. */
static inline u64 longest_wait(const struct task_struct *p)
{
	u64 waits = p->native.dsq ? native.now_ns - p->native.waiting_since : 0;

	return waits > p->native.longest_wait ? waits : p->native.longest_wait;
}

static inline u64 longest_wait_of_all(void)
{
	u64 longest = 0;

	for (u32 i = 0; i < nr_actors; i++)
		if (longest_wait(actors[i]) > longest)
			longest = longest_wait(actors[i]);
	return longest;
}

static inline struct wd40_task *context(const struct task_struct *p)
{
	return *(struct wd40_task **)p->native.storage;
}

/* A machine with wd40 attached. stop ends both. */
static inline void start(struct native_shape shape)
{
	nr_actors = 0;
	native_boot(shape);
	if (native_attach(&wd40_ops))
		native_die("wd40 does not attach");
	native_run(0); /* the CPUs look once */
}

static inline void stop(void)
{
	native_detach();
	while (nr_actors)
		native_task_free(actors[--nr_actors]);
	native_halt();
}
