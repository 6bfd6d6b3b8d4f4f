/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast the simulated kernel is with wd40 on it: events a second at 8 CPUs under a mixed load, and
 * how the cost of an event grows with CPUs and tasks. An event is whatever observers are told of but
 * SETTLED. With arguments, CPUS TASKS SECONDS, it is that one line: "4096 100000 10" takes minutes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/native/native.h"
#include "tests/unit/daemon/made-topology.h"

#define USEC   1000ull
#define MSEC   1000000ull
#define SEC_NS 1000000000ull

#define CPUS_OF_A_DOMAIN 8
#define NODES            8

/* Sanitizers and a busy machine cost a factor; the figure itself is in the output. */
#define MIN_EVENTS_PER_SEC 100e3

extern struct sched_ext_ops wd40_ops;

struct load {
	u32 cpus, tasks;
	double seconds; /* virtual */
};

static u64 nr_events;

static void count(struct native_observer *o, const struct native_event *e)
{
	nr_events += e->kind != NATIVE_EVENT_SETTLED;
}

/* What other programs take of the machine does not count. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double peak_gib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / (1 << 20);
}

static void boot(const struct load *l)
{
	u32 domains = l->cpus / CPUS_OF_A_DOMAIN, nodes = domains < NODES ? 1 : NODES;

	native_boot((struct native_shape){ nodes, domains / nodes, CPUS_OF_A_DOMAIN, 2, l->tasks });
	if (native_attach(&wd40_ops))
		native_die("wd40 does not attach");
	native_set_overutilized(true);
}

/*
 * A hog for each CPU and a half of another one, of mixed weights; the rest sleep most of the time, so
 * that all together want about as much as the hogs do.
 */
static struct task_struct *actor(const struct load *l, u32 i)
{
	static const u32 weights[] = { 100, 15, 335, 100, 1024 };
	struct task_struct *p = native_task_new();
	u32 hogs = l->cpus + l->cpus / 2;

	p->scx.weight = weights[i % 5];
	p->native.cpu = (s32)(i % l->cpus);
	if (i >= hogs) {
		p->native.run = (50 + i * 37 % 400) * USEC;
		p->native.sleep = p->native.run * (l->tasks / l->cpus + 1) + i % 1000 * USEC;
	}
	return p;
}

static double run(const struct load *l)
{
	struct task_struct **tasks = calloc(l->tasks, sizeof(tasks[0]));
	struct native_observer observer = { .event = count };
	double began;

	boot(l);
	for (u32 i = 0; i < l->tasks; i++) {
		tasks[i] = actor(l, i);
		if (native_fork(NULL, tasks[i]))
			native_die("task %u is refused", i);
	}
	native_run(100 * MSEC); /* the crowd of the begin dissolves */
	native_observe(&observer);
	nr_events = 0;
	began = now();
	native_run((u64)(l->seconds * 1e9));
	began = now() - began;
	if (native.ended)
		native_die("wd40 ended: %s", native.exit_text);
	native_unobserve(&observer);
	native_detach();
	for (u32 i = 0; i < l->tasks; i++)
		native_task_free(tasks[i]);
	native_halt();
	free(tasks);
	return began;
}

static double report(const struct load *l)
{
	double took = run(l), rate = (double)nr_events / took;

	printf("%6u %8u %8.2f %12llu %9.2f %12.0f %8.0f %6.2f\n", l->cpus, l->tasks, l->seconds,
	       nr_events, took, rate, 1e9 / rate, peak_gib());
	fflush(stdout);
	return rate;
}

int main(int argc, char **argv)
{
	static const struct load table[] = {
		{ 8, 100, 2 },        { 8, 1000, 2 },        { 8, 10000, 2 },
		{ 8, 100000, 2 },     { 64, 1000, 0.5 },     { 64, 10000, 0.5 },
		{ 64, 100000, 0.5 },  { 512, 1000, 0.1 },    { 512, 10000, 0.1 },
		{ 512, 100000, 0.1 }, { 4096, 10000, 0.02 }, { 4096, 100000, 0.02 },
	};
	static const struct load mixed = { 8, 64, 10 };
	double rate;

	printf("  CPUs    tasks  virtual       events     CPU s     events/s ns/event    GiB\n");
	if (argc == 4) {
		report(&(struct load){ (u32)atoi(argv[1]), (u32)atoi(argv[2]), atof(argv[3]) });
		return 0;
	}
	rate = report(&mixed);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		report(&table[i]);
	return rate >= MIN_EVENTS_PER_SEC ? 0 : 1;
}
