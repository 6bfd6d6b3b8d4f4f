// SPDX-License-Identifier: GPL-2.0-only
/* The report as a whole: its parts, and what events mean for CPUs. Those of tasks: report-tasks.c. */
#include <errno.h>

#include "daemon/topology.h"
#include "tests/sim/report-internal.h"
#include "tests/sim/report-memory.h"

/* The ideal share is computed anew at most so often. */
#define IDEAL_INTERVAL_NS 1000000ull

static struct sim_report *report_of(struct native_observer *o)
{
	return (struct sim_report *)o; /* it comes first */
}

/* --- Events of CPUs. ---------------------------------------------------------------------------- */

static void count_online(struct sim_report *r)
{
	r->online_ns += r->nr_online * (native.now_ns - r->online_counted_at);
	r->online_counted_at = native.now_ns;
}

static void set_online(struct sim_report *r, s32 cpu, bool online)
{
	u32 domain = r->context.topology->cpus[cpu].domain;
	s32 capacity = (s32)native.cpus[cpu].capacity;

	count_online(r);
	r->nr_online += online ? 1 : -1u;
	ideal_set_online(r->ideal, cpu, online);
	if (domain != WD40_NO_DOMAIN)
		balance_add_capacity(&r->balance, domain, online ? capacity : -capacity);
	if (!online)
		idle_watch_set_idle(r->idle, cpu, false);
}

static void settle(struct sim_report *r)
{
	idle_watch_settle(r->idle, native.now_ns);
	ideal_settle(r->ideal, native.now_ns);
	for (u32 d = 0; r->trace && d < r->balance.nr_domains; d++)
		sim_trace_domain(r->trace, d, r->balance.domains[d].nr_waiting,
				 r->balance.domains[d].weight);
}

/* Work is compared only in windows for which the ideal is known. */
static void compare_work(struct sim_report *r)
{
	struct balance_sums *seen = &r->seen, *compared = &r->compared;
	double work_ns = r->work_ns, due_ns = ideal_total_ns(r->ideal, native.now_ns);

	if (!ideal_take_doubt(r->ideal)) {
		compared->work_ns += work_ns - seen->work_ns;
		compared->due_ns += due_ns - seen->due_ns;
		r->compared_ns += native.now_ns - r->seen_at;
	}
	seen->work_ns = work_ns;
	seen->due_ns = due_ns;
	r->seen_at = native.now_ns;
}

static void close_windows(struct sim_report *r)
{
	if (!balance_is_due(&r->balance, native.now_ns))
		return;
	report_count_work(r, 0);
	compare_work(r);
	r->compared.idle_queued_ns = idle_watch_total_ns(r->idle, native.now_ns);
	balance_close(&r->balance, native.now_ns, &r->compared);
}

static void observe(struct native_observer *o, const struct native_event *e)
{
	struct sim_report *r = report_of(o);

	close_windows(r);
	r->events[e->kind]++;
	if (r->trace)
		sim_trace_event(r->trace, e);
	switch (e->kind) {
	case NATIVE_EVENT_IDLE: idle_watch_set_idle(r->idle, e->cpu, e->value); break;
	case NATIVE_EVENT_ONLINE: set_online(r, e->cpu, e->value); break;
	case NATIVE_EVENT_OCCUPY: ideal_occupy(r->ideal, e->cpu, native.now_ns, e->value); break;
	case NATIVE_EVENT_SETTLED: settle(r); break;
	case NATIVE_EVENT_KICK:
	case NATIVE_EVENT_STALL:
	case NATIVE_EVENT_ERROR: break;
	default: report_task_event(r, e);
	}
}

/* --- Begin and end. ----------------------------------------------------------------------------- */

static int make_parts(struct sim_report *r, FILE *trace)
{
	u32 *capacity = sim_grow(NULL, native.nr_cpu_ids, sizeof(*capacity));

	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		capacity[cpu] = native.cpus[cpu].capacity;
	r->masks = mask_table_new(native.nr_cpu_ids);
	if (r->masks) {
		r->idle = idle_watch_new(r->masks);
		r->ideal = ideal_new(r->masks, capacity, IDEAL_INTERVAL_NS);
	}
	free(capacity);
	if (trace)
		r->trace = sim_trace_new(trace, r->context.topology);
	if (balance_init(&r->balance, r->context.topology->nr_domains, native.now_ns) < 0)
		return -ENOMEM;
	return r->masks && r->idle && r->ideal && !r->trace == !trace ? 0 : -ENOMEM;
}

int sim_report_new(const struct sim_context *context, FILE *trace, struct sim_report **ret)
{
	struct sim_report *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->context = *context;
	r->started_at = r->online_counted_at = r->worked_at = r->seen_at = native.now_ns;
	if (make_parts(r, trace) < 0) {
		sim_report_free(r);
		return -ENOMEM;
	}
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++) {
		if (native.online[cpu / 64] >> cpu % 64 & 1)
			set_online(r, (s32)cpu, true);
		idle_watch_set_idle(r->idle, (s32)cpu, native_is_idle((s32)cpu));
	}
	for (u32 i = 0; i < WD40_NR_COUNTERS; i++)
		r->counters[i] = native_counter(i);
	r->observer.event = observe;
	native_observe(&r->observer);
	*ret = r;
	return 0;
}

struct sim_report *sim_report_free(struct sim_report *r)
{
	if (!r)
		return NULL;
	if (r->observer.event)
		native_unobserve(&r->observer);
	sim_trace_free(r->trace);
	while (r->tasks) {
		struct task_figures *t = r->tasks;

		r->tasks = t->older;
		free(t);
	}
	kinds_done(&r->kinds);
	fairness_done(&r->fairness);
	balance_done(&r->balance);
	idle_watch_free(r->idle);
	ideal_free(r->ideal);
	mask_table_free(r->masks);
	free(r);
	return NULL;
}

void report_catch_up(struct sim_report *r)
{
	close_windows(r);
	count_online(r);
	for (struct task_figures *t = r->tasks; t; t = t->older)
		if (t->running_on != NO_CPU)
			report_count_run(r, t);
}

void sim_report_print(struct sim_report *r, FILE *to, bool json)
{
	struct json_object *figures;

	r->trace = sim_trace_free(r->trace);
	figures = report_json(r);
	if (json)
		fprintf(to, "%s\n",
			json_object_to_json_string_ext(figures, JSON_C_TO_STRING_PRETTY));
	else
		report_text(figures, to);
	json_object_put(figures);
}

u64 sim_report_wait_ns(const struct sim_report *r, double percentile)
{
	return histogram_percentile(&r->waits, percentile);
}
