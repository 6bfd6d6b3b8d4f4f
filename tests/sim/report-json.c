// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures as JSON. Names end in their unit; the order is fixed, and nothing depends on the real
 * time or on addresses, so that equal runs print equal texts.
 */
#include "daemon/topology.h"
#include "tests/sim/report-internal.h"

static void put_count(struct json_object *o, const char *key, u64 value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static struct json_object *number(double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", value);
	return json_object_new_double_s(value, text);
}

static void put_number(struct json_object *o, const char *key, double value)
{
	json_object_object_add(o, key, number(value));
}

static struct json_object *put_object(struct json_object *o, const char *key)
{
	struct json_object *member = json_object_new_object();

	json_object_object_add(o, key, member);
	return member;
}

static double ratio(u64 part, u64 whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* --- Tasks. ------------------------------------------------------------------------------------- */

static void put_waits(struct json_object *o, const char *key, const struct histogram *h)
{
	struct json_object *waits = put_object(o, key);

	put_count(waits, "count", h->count);
	put_count(waits, "mean_ns", histogram_mean(h));
	put_count(waits, "p50_ns", histogram_percentile(h, 50));
	put_count(waits, "p90_ns", histogram_percentile(h, 90));
	put_count(waits, "p99_ns", histogram_percentile(h, 99));
	put_count(waits, "p999_ns", histogram_percentile(h, 99.9));
	put_count(waits, "max_ns", h->max_ns);
}

/* Who waits at the end is in no histogram, however long it has. */
static void put_still_waiting(struct json_object *o, const struct sim_report *r)
{
	struct json_object *still = put_object(o, "at_end");
	u64 nr = 0, longest_ns = 0;

	for (const struct task_figures *t = r->tasks; t; t = t->older) {
		u64 waits_ns = t->waits ? native.now_ns - t->waits_since : 0;

		nr += t->waits;
		longest_ns = waits_ns > longest_ns ? waits_ns : longest_ns;
	}
	put_count(still, "count", nr);
	put_count(still, "max_ns", longest_ns);
}

static void put_all_waits(struct json_object *o, const struct sim_report *r)
{
	struct json_object *waits = put_object(o, "waits");

	put_waits(waits, "all", &r->waits);
	put_waits(waits, "wakeup_to_run", &r->waits_of[WAIT_WAKEUP]);
	put_waits(waits, "put_to_run", &r->waits_of[WAIT_PUT]);
	put_still_waiting(waits, r);
}

static void put_fairness(struct json_object *o, const struct sim_report *r)
{
	struct json_object *fairness = put_object(o, "fairness");
	struct fairness all = { 0 };

	for (const struct task_figures *t = r->tasks; t; t = t->older)
		fairness_judge(&all, t->share, r->ideal, native.now_ns);
	fairness_join(&all, &r->fairness);
	put_count(fairness, "judged_tasks", all.nr);
	if (all.nr) {
		put_number(fairness, "error_mean_pct", 100 * fairness_mean(&all));
		put_number(fairness, "error_p99_pct", 100 * fairness_percentile(&all, 99));
		put_number(fairness, "error_max_pct", 100 * fairness_percentile(&all, 100));
		put_number(fairness, "error_overall_pct", 100 * fairness_overall(&all));
	}
	put_count(fairness, "ideal_computed", ideal_nr_solved(r->ideal));
	fairness_done(&all);
}

static void put_kinds(struct json_object *o, const struct sim_report *r)
{
	struct json_object *kinds = put_object(o, "kinds");

	for (u32 i = 0; i < r->kinds.nr; i++) {
		const struct kind *k = r->kinds.sorted[i];
		struct json_object *kind = put_object(kinds, k->name);

		put_count(kind, "tasks", k->nr_tasks);
		put_count(kind, "ran_ns", k->ran_ns);
		put_number(kind, "share_pct", 100 * ratio(k->ran_ns, r->ran_ns));
		put_waits(kind, "waits", &k->waits);
	}
}

/* --- The run, CPUs and domains. ----------------------------------------------------------------- */

static const char *const event_names[NR_EVENT_KINDS] = {
	[NATIVE_EVENT_JOIN] = "join",       [NATIVE_EVENT_LEAVE] = "leave",
	[NATIVE_EVENT_WAKE] = "wake",       [NATIVE_EVENT_QUEUE] = "queue",
	[NATIVE_EVENT_RUN] = "run",         [NATIVE_EVENT_STOP] = "stop",
	[NATIVE_EVENT_SLEEP] = "sleep",     [NATIVE_EVENT_ATTR] = "attributes",
	[NATIVE_EVENT_IDLE] = "idle",       [NATIVE_EVENT_OCCUPY] = "occupy",
	[NATIVE_EVENT_KICK] = "kick",       [NATIVE_EVENT_ONLINE] = "online",
	[NATIVE_EVENT_STALL] = "stall",     [NATIVE_EVENT_ERROR] = "error",
	[NATIVE_EVENT_SETTLED] = "moments",
};

/* Moments are when time stood still, not events. */
static void put_events(struct json_object *o, const struct sim_report *r, u64 duration_ns)
{
	struct json_object *events = put_object(o, "events");
	u64 sum = 0;

	for (int kind = 0; kind < NATIVE_EVENT_SETTLED; kind++)
		sum += r->events[kind];
	put_count(events, "total", sum);
	put_number(events, "per_second", 1e9 * ratio(sum, duration_ns));
	for (int kind = 0; kind < NR_EVENT_KINDS; kind++)
		put_count(events, event_names[kind], r->events[kind]);
}

static void put_machine(struct json_object *o, const struct sim_report *r)
{
	struct json_object *machine = put_object(o, "machine");

	put_count(machine, "cpu_ids", r->context.topology->nr_cpu_ids);
	put_count(machine, "cpus_online", r->nr_online);
	put_count(machine, "domains", r->context.topology->nr_domains);
	put_count(machine, "nodes", r->context.topology->nr_nodes);
}

static void put_cpu_time(struct json_object *o, const struct sim_report *r)
{
	struct json_object *idle = put_object(o, "idle_while_queued");
	struct json_object *migrations;

	put_count(idle, "total_ns", idle_watch_total_ns(r->idle, native.now_ns));
	put_count(idle, "longest_ns", idle_watch_longest_ns(r->idle, native.now_ns));
	put_number(idle, "of_cpu_time_pct",
		   100 * ratio(idle_watch_total_ns(r->idle, native.now_ns), r->online_ns));
	migrations = put_object(o, "migrations");
	put_count(migrations, "cpus", r->migrated_cpus);
	put_count(migrations, "domains", r->migrated_domains);
	put_count(migrations, "nodes", r->migrated_nodes);
}

static void put_balance(struct json_object *o, const struct sim_report *r)
{
	struct json_object *balance = put_object(o, "balance");
	double mean, max;

	balance_errors(&r->balance, 0, &mean, &max);
	put_number(balance, "error_mean_pct", 100 * mean);
	put_number(balance, "error_max_pct", 100 * max);
	balance_errors(&r->balance, r->balance.nr_points / 2, &mean, &max);
	put_number(balance, "second_half_error_mean_pct", 100 * mean);
	put_number(balance, "second_half_error_max_pct", 100 * max);
}

/* Left out where the ideal is not known. */
static void put_part_of_ideal(struct json_object *o, const char *key, double part)
{
	if (part >= 0)
		put_number(o, key, 100 * part);
}

/* Work done for what the ideal would have done. */
static void put_throughput(struct json_object *o, const struct sim_report *r)
{
	struct json_object *throughput = put_object(o, "throughput");

	put_number(throughput, "compared_pct",
		   100 * ratio(r->compared_ns, native.now_ns - r->started_at));
	put_part_of_ideal(throughput, "of_ideal_pct", balance_throughput(&r->balance, 0));
	put_part_of_ideal(throughput, "second_half_of_ideal_pct",
			  balance_throughput(&r->balance, r->balance.nr_points / 2));
}

static void put_counters(struct json_object *o, const struct sim_report *r)
{
	static const char *const names[] = {
#define X(NAME, field, help) #field,
		WD40_COUNTERS(X)
#undef X
	};
	struct json_object *counters;

	if (!r->context.is_wd40)
		return;
	counters = put_object(o, "counters");
	for (u32 i = 0; i < WD40_NR_COUNTERS; i++)
		put_count(counters, names[i], native_counter(i) - r->counters[i]);
}

/* --- Samples over time. ------------------------------------------------------------------------- */

static void put_loads(struct json_object *o, const struct sim_report *r)
{
	struct json_object *domains = json_object_new_array();

	for (u32 d = 0; d < r->balance.nr_domains; d++) {
		struct json_object *loads = json_object_new_array();

		for (u32 i = 0; i < r->balance.nr_points; i++)
			json_object_array_add(loads, number(r->balance.points[i].loads[d]));
		json_object_array_add(domains, loads);
	}
	json_object_object_add(o, "domain_loads", domains);
}

static struct json_object *point(const struct sim_report *r, const struct balance_point *p)
{
	struct json_object *o = json_object_new_object();

	put_count(o, "end_ns", p->end_ns - r->started_at);
	put_number(o, "balance_error_mean_pct", 100 * p->error_mean);
	put_number(o, "balance_error_max_pct", 100 * p->error_max);
	put_part_of_ideal(o, "throughput_pct",
			  p->sums.due_ns > 0 ? p->sums.work_ns / p->sums.due_ns : -1);
	put_count(o, "waits", p->nr_waits);
	put_count(o, "wait_mean_ns", p->nr_waits ? p->wait_sum_ns / p->nr_waits : 0);
	put_count(o, "wait_max_ns", p->wait_max_ns);
	put_count(o, "idle_while_queued_ns", p->sums.idle_queued_ns);
	return o;
}

static void put_samples(struct json_object *o, const struct sim_report *r)
{
	struct json_object *points = json_object_new_array();

	for (u32 i = 0; i < r->balance.nr_points; i++)
		json_object_array_add(points, point(r, &r->balance.points[i]));
	o = put_object(o, "samples");
	put_count(o, "interval_ns", r->balance.windows_per_point * BALANCE_WINDOW_NS);
	json_object_object_add(o, "points", points);
	put_loads(o, r);
}

struct json_object *report_json(struct sim_report *r)
{
	struct json_object *o = json_object_new_object();
	u64 duration_ns = native.now_ns - r->started_at;

	report_catch_up(r);
	json_object_object_add(o, "scheduler", json_object_new_string(native.ops->name));
	put_count(o, "seed", r->context.seed);
	put_count(o, "duration_ns", duration_ns);
	put_machine(o, r);
	put_events(o, r, duration_ns);
	put_count(o, "tasks", r->nr_joined);
	put_number(o, "utilization_pct", 100 * ratio(r->ran_ns, r->online_ns));
	put_all_waits(o, r);
	put_fairness(o, r);
	put_cpu_time(o, r);
	put_throughput(o, r);
	put_balance(o, r);
	put_kinds(o, r);
	put_counters(o, r);
	put_samples(o, r);
	return o;
}
