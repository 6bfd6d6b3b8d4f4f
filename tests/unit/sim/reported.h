/* SPDX-License-Identifier: GPL-2.0-only */
/* A run of a few actors under a scheduler, with a report. */
#pragma once

#include <json-c/json.h>

#include "tests/native/native.h"
#include "tests/sim/baseline.h"
#include "tests/sim/report.h"
#include "tests/unit/daemon/made-topology.h"

#define MSEC       1000000ull
#define SEC_NS     1000000000ull
#define ACTORS_MAX 64

static struct task_struct *actors[ACTORS_MAX];
static u32 nr_actors;
static struct topology *topology;
static struct sim_report *report;

/* Two nodes of two domains of so many CPUs. */
static inline void boot(u32 cpus)
{
	nr_actors = 0;
	topology = topology_make(2, 2, cpus);
	native_boot((struct native_shape){ 2, 2, cpus });
}

/* scheduler: index in sim_schedulers. */
static inline void watch(u32 scheduler, FILE *trace)
{
	struct sim_context context = { .topology = topology, .seed = 7, .is_wd40 = scheduler == 0 };

	if (sim_report_new(&context, trace, &report) < 0 ||
	    native_attach(sim_schedulers[scheduler].ops))
		native_die("no run");
}

static inline void start(u32 scheduler, u32 cpus, FILE *trace)
{
	boot(cpus);
	watch(scheduler, trace);
}

static inline int stop(void **state)
{
	native_detach();
	report = sim_report_free(report);
	while (nr_actors)
		native_task_free(actors[--nr_actors]);
	native_halt();
	topology = topology_free(topology);
	return 0;
}

/* Runs and sleeps in turn on CPUs [first, first + nr); run 0: a hog. */
static inline struct task_struct *act(u32 weight, u64 run_ns, u64 sleep_ns, u32 first, u32 nr)
{
	struct task_struct *p = actors[nr_actors++] = native_task_new();

	p->scx.weight = weight;
	p->native.run = run_ns;
	p->native.sleep = sleep_ns;
	native_allow_only(p, first, nr);
	p->native.cpu = (s32)first;
	native.current = NULL;
	if (native_join(p))
		native_die("a task is refused");
	native_wake(p, 0);
	return p;
}

static inline char *printed(bool json)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	sim_report_print(report, f, json);
	fclose(f);
	return text;
}

/* A figure by its path "a/b/c" (a JSON pointer without its first slash). */
static inline double figure(struct json_object *o, const char *path)
{
	char pointer[128];
	struct json_object *value;

	snprintf(pointer, sizeof(pointer), "/%s", path);
	if (json_pointer_get(o, pointer, &value))
		native_die("no figure %s", path);
	return json_object_get_double(value);
}

static inline struct json_object *figures(void)
{
	char *text = printed(true);
	struct json_object *o = json_tokener_parse(text);

	free(text);
	return o;
}
