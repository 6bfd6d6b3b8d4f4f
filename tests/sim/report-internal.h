/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the report: report.c collects, report-json.c and report-text.c show. */
#pragma once

#include <json-c/json.h>

#include "tests/sim/report-balance.h"
#include "tests/sim/report-fairness.h"
#include "tests/sim/report-idle.h"
#include "tests/sim/report-kinds.h"
#include "tests/sim/report.h"
#include "tests/sim/trace.h"

#define NO_CPU (-1)

#define NR_EVENT_KINDS (NATIVE_EVENT_SETTLED + 1)

/* How it came that a task waits. */
enum wait_kind {
	WAIT_WAKEUP, /* it woke up */
	WAIT_PUT,    /* it was put off its CPU */
	NR_WAIT_KINDS
};

/* At p->native.figures, from its joining to its leaving. */
struct task_figures {
	struct task_struct *p;
	struct task_figures *older, *newer; /* of all that live */
	struct kind *kind;
	u32 mask; /* id of its affinity */
	enum wait_kind wait_kind;
	bool waits;
	u64 waits_since;
	s32 woken_from; /* CPU of the task that woke it; NO_CPU: nobody did */
	s32 last_cpu;   /* where it ran last */
	s32 running_on; /* NO_CPU: it does not */
	u64 running_since;
	u32 domain; /* that its weight is counted in; WD40_NO_DOMAIN: none */
	u32 weight; /* counted there */
	bool counted_as_waiting;
	struct fair_share share;
};

struct sim_report {
	struct native_observer observer;
	struct sim_context context;
	struct sim_trace *trace; /* NULL: none */
	u64 started_at;
	u64 events[NR_EVENT_KINDS];
	u64 nr_joined, nr_left;
	struct task_figures *tasks; /* the newest */
	struct histogram waits, waits_of[NR_WAIT_KINDS];
	struct kinds kinds;
	u64 migrated_cpus, migrated_domains, migrated_nodes;
	u64 ran_ns;
	double work_ns; /* by CPUs of capacity 1024, up to */
	u64 worked_at;
	u32 capacity_busy; /* that works now, 1024 = one */
	u32 nr_online;
	u64 online_ns, online_counted_at; /* CPU time that was there */
	struct mask_table *masks;
	struct idle_watch *idle;
	struct ideal *ideal;
	struct fairness fairness; /* of tasks that have left */
	struct balance balance;
	struct balance_sums seen, compared; /* at the last window's end: all, and what is known */
	u64 seen_at, compared_ns;
	u64 counters[WD40_NR_COUNTERS]; /* at the start */
};

/* An event that has a task. */
void report_task_event(struct sim_report *r, const struct native_event *e);

/* Counts what a running task has run up to now. */
void report_count_run(struct sim_report *r, struct task_figures *t);

/* The running task's CPU, of that capacity, begins (positive) or ends to work. */
void report_count_work(struct sim_report *r, s32 capacity);

/* Brings times of what is under way up to now. */
void report_catch_up(struct sim_report *r);

/* The figures, which the caller puts. */
struct json_object *report_json(struct sim_report *r);

/* The same for a person, without the samples. */
void report_text(struct json_object *figures, FILE *to);
