/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "daemon/statistics.h"
#include "util/macro.h"

#define IN_MACHINE(field) STATISTIC_MACHINE, offsetof(struct statistics_machine, field)
#define IN_NODE(field)    STATISTIC_NODE, offsetof(struct statistics_node, field)
#define IN_DOMAIN(field)  STATISTIC_DOMAIN, offsetof(struct statistics_domain, field)
#define EVENTS            offsetof(struct statistics_machine, events)

/* A row: name, where (IN_..), type, unit, help, form on the scx socket, and what else is said. */
#define ROW(name_, where, type_, unit_, help_, form, ...) \
	ROW_AT(name_, where, STATISTIC_##type_, unit_, help_, SCX_##form, ##__VA_ARGS__)
#define ROW_AT(name_, scope_, offset_, type_, unit_, help_, form, ...) \
	{ .name = name_,                                               \
	  .scope = scope_,                                             \
	  .offset = offset_,                                           \
	  .type = type_,                                               \
	  .unit = unit_,                                               \
	  .help = help_,                                               \
	  .scx_form = form,                                            \
	  ##__VA_ARGS__ }

/*
 * scx_rusty's name and form for each counter of bpf/shared.h. Shares are in percent of all events,
 * which daemon/statistics.c adds up.
 */
#define SHARE(scx_name_)         .scx_form = SCX_PERCENT, .scx_name = scx_name_, .scx_whole = EVENTS
#define GROWTH(scx_name_)        .scx_form = SCX_GROWTH, .scx_name = scx_name_
#define SCX_OF_WSYNC             SHARE("wake_sync")
#define SCX_OF_WSYNC_PREV_IDLE   SHARE("sync_prev_idle")
#define SCX_OF_PREV_IDLE         SHARE("prev_idle")
#define SCX_OF_PINNED            SHARE("pinned")
#define SCX_OF_GREEDY_IDLE       SHARE("greedy_idle")
#define SCX_OF_DIRECT_IDLE       SHARE("direct")
#define SCX_OF_DIRECT_GREEDY     SHARE("greedy")
#define SCX_OF_DIRECT_GREEDY_FAR SHARE("greedy_far")
#define SCX_OF_KTHREAD_LOCAL     SHARE("direct")
#define SCX_OF_QUEUED            GROWTH(NULL)
#define SCX_OF_DISPATCH_OWN      SHARE("dsq_dispatch")
#define SCX_OF_STEAL_NODE        SHARE("greedy_local")
#define SCX_OF_STEAL_FAR         SHARE("greedy_xnuma")
#define SCX_OF_PREEMPTED         GROWTH(NULL)
#define SCX_OF_KEPT              GROWTH(NULL)
#define SCX_OF_REPATRIATE        SHARE("repatriate")
#define SCX_OF_KICK_IDLE         GROWTH(NULL)
#define SCX_OF_KICK_GREEDY       SHARE("kick_greedy")
#define SCX_OF_RESCUED           GROWTH(NULL)
#define SCX_OF_DEADLINE_CLAMPED  SHARE("dl_clamp")
#define SCX_OF_MOVE_APPLIED      GROWTH("nr_migrations")
#define SCX_OF_MOVE_REFUSED      GROWTH(NULL)
#define SCX_OF_MOVE_STALE        GROWTH(NULL)
#define SCX_OF_RESHAPED          GROWTH(NULL)
#define SCX_OF_TASK_ALLOC_FAILED GROWTH(NULL)
#define SCX_OF_TASK_MISSING      GROWTH("task_get_err")

#define COUNTER_ROW(NAME, field, help_)                                             \
	{ .name = #field,                                                           \
	  .scope = STATISTIC_MACHINE,                                               \
	  .type = STATISTIC_COUNTER,                                                \
	  .offset = offsetof(struct statistics_machine, counters[WD40_CTR_##NAME]), \
	  .unit = "",                                                               \
	  .help = help_,                                                            \
	  SCX_OF_##NAME },

#define ANSWER(name) balance_answers[WD40_MOVE_##name]
#define TIME_USED    .scx_name = "time_used", .scx_scale = 1e-6
#define LOAD_HELP \
	"sum of weight times duty cycle of the tasks; 1 is a task of weight 100 that always runs"
#define IMBAL_HELP "load above what would be even by capacity"
#define DELTA_HELP "load that the last round of the balancer asked to be moved here"
#define QUEUE_HELP "time from a domain's queue to a CPU, of tasks that came to run on these CPUs"
#define DELAY_HELP "time from runnable to a CPU, of tasks that came to run on these CPUs"

const struct statistic statistics_table[] = {
	ROW("at_us", IN_MACHINE(at_us), GAUGE, "us", "when this was read, real time", VALUE),
	ROW("lb_at_us", IN_MACHINE(lb_at_us), GAUGE, "us",
	    "when the balancer's last round was, real time", VALUE),
	ROW("since_us", IN_MACHINE(since_us), GAUGE, "us",
	    "when counters began: the last attach or reset, real time", VALUE),
	ROW("version", IN_MACHINE(version), INFO, "", "of the daemon", NEVER),
	ROW("attached", IN_MACHINE(attached), GAUGE, "", "1 while the scheduler is attached",
	    VALUE),
	ROW("generation", IN_MACHINE(generation), GAUGE, "", "of the tunables in force", VALUE),
	ROW("on_trial", IN_MACHINE(on_trial), GAUGE, "", "1 while values are on trial", VALUE),
	ROW("restarts", IN_MACHINE(restarts), GAUGE, "",
	    "times the scheduler was attached again since the daemon began", VALUE),
	ROW("events", IN_MACHINE(events), COUNTER, "",
	    "scheduling events: placements on a CPU and dispatches from a queue", GROWTH,
	    .scx_name = "total"),
	ROW("deadline_preset", IN_MACHINE(deadline_preset), COUNTER, "",
	    "tasks queued whose saved-up credit was left as it was", PERCENT,
	    .scx_name = "dl_preset", .scx_whole = EVENTS),
	ROW("slice_us", IN_MACHINE(slice_us), GAUGE, "us", "length of the slice in force", VALUE),
	ROW("overutilized", IN_MACHINE(overutilized), GAUGE, "",
	    "1 while the machine counts as full", VALUE),
	ROW("tasks", IN_MACHINE(tasks), GAUGE, "tasks", "tasks that the scheduler knows", VALUE),
	ROW("max_wait_us", IN_MACHINE(max_wait_us), GAUGE, "us",
	    "longest wait in a queue since the last attach", VALUE),
	ROW("cpu_busy", IN_MACHINE(cpu_busy), LEVEL, "percent",
	    "how busy the online CPUs are, 100 is all of them", NEVER),
	ROW("cpu_busy_us", IN_MACHINE(cpu_busy_us), COUNTER, "us",
	    "busy time of all CPUs (on the scx socket: busy share in percent)", PERCENT,
	    .scx_name = "cpu_busy", .scx_whole = offsetof(struct statistics_machine, cpu_time_us)),
	ROW("cpu_time_us", IN_MACHINE(cpu_time_us), COUNTER, "us", "time of all CPUs, busy or not",
	    NEVER),
	ROW("load", IN_MACHINE(load), LEVEL, "", LOAD_HELP, VALUE),
	ROW("tuner_rounds", IN_MACHINE(tuner_rounds), COUNTER, "", "rounds of the tuner", GROWTH),
	ROW("tuner_time_us", IN_MACHINE(tuner_time_us), COUNTER, "us",
	    "time spent in the tuner (on the scx socket: in tuner and balancer, seconds)", GROWTH,
	    TIME_USED),
	ROW("tuner_last_us", IN_MACHINE(tuner_last_us), GAUGE, "us",
	    "time that the tuner's last round took", VALUE),
	ROW("balance_rounds", IN_MACHINE(balance_rounds), COUNTER, "", "rounds of the balancer",
	    GROWTH),
	ROW("balance_time_us", IN_MACHINE(balance_time_us), COUNTER, "us",
	    "time spent in the balancer", GROWTH, TIME_USED),
	ROW("balance_last_us", IN_MACHINE(balance_last_us), GAUGE, "us",
	    "time that the balancer's last round took", VALUE),
	ROW("balance_failed", IN_MACHINE(balance_failed), COUNTER, "",
	    "rounds given up for want of memory", GROWTH),
	ROW("balance_requested", IN_MACHINE(balance_requested), COUNTER, "",
	    "moves asked of BPF: the sum of those pending, withdrawn and answered", GROWTH),
	ROW("balance_pending", IN_MACHINE(balance_pending), GAUGE, "",
	    "moves asked and not answered yet", VALUE),
	ROW("balance_withdrawn", IN_MACHINE(balance_withdrawn), COUNTER, "",
	    "moves taken back, as the task slept", GROWTH),
	ROW("balance_applied", IN_MACHINE(ANSWER(APPLIED)), COUNTER, "", "moves answered: applied",
	    GROWTH),
	ROW("balance_stale", IN_MACHINE(ANSWER(STALE)), COUNTER, "",
	    "moves answered: the task is gone", GROWTH),
	ROW("balance_refused_affinity", IN_MACHINE(ANSWER(REFUSED_AFFINITY)), COUNTER, "",
	    "moves answered: not allowed there", GROWTH),
	ROW("balance_refused_domain", IN_MACHINE(ANSWER(REFUSED_DOMAIN)), COUNTER, "",
	    "moves answered: no such domain, or no CPU online", GROWTH),
	ROW("balance_refused_same", IN_MACHINE(ANSWER(REFUSED_SAME)), COUNTER, "",
	    "moves answered: it lives there already", GROWTH),
	ROW("subscriptions", IN_MACHINE(subscriptions), GAUGE, "",
	    "subscriptions to samples on the bus", VALUE),
	ROW("samples", IN_MACHINE(samples), COUNTER, "", "samples sent to subscribers", GROWTH),
	ROW("samples_dropped", IN_MACHINE(samples_dropped), COUNTER, "",
	    "samples dropped, as the bus did not keep up", GROWTH),
	ROW("socket_clients", IN_MACHINE(socket_clients), GAUGE, "",
	    "connections to the scx socket", VALUE),
	ROW("socket_requests", IN_MACHINE(socket_requests), COUNTER, "",
	    "requests on the scx socket", GROWTH),
	ROW("socket_refused", IN_MACHINE(socket_refused), COUNTER, "",
	    "connections to the scx socket refused, as there were too many", GROWTH),
	ROW("direct_greedy_cpus", IN_MACHINE(direct_greedy_cpus), MASK, "",
	    "CPUs that take wakeups of other domains when idle", VALUE),
	ROW("kick_greedy_cpus", IN_MACHINE(kick_greedy_cpus), MASK, "",
	    "CPUs that are woken to steal when idle", VALUE),
	ROW("queue_wait", IN_MACHINE(queue_wait), HISTOGRAM, "ns", QUEUE_HELP, VALUE),
	ROW("run_delay", IN_MACHINE(run_delay), HISTOGRAM, "ns", DELAY_HELP, VALUE),

	ROW("id", IN_NODE(id), LABEL, "", "the kernel's id of the node", NEVER),
	ROW("load", IN_NODE(load), LEVEL, "", LOAD_HELP, VALUE),
	ROW("imbal", IN_NODE(imbal), LEVEL, "", IMBAL_HELP, VALUE),
	ROW("delta", IN_NODE(delta), LEVEL, "", DELTA_HELP, VALUE),
	ROW("capacity", IN_NODE(capacity), LEVEL, "CPUs",
	    "of the online CPUs, 1 is one of the fastest kind", VALUE),
	ROW("online", IN_NODE(online), GAUGE, "CPUs", "CPUs online", VALUE),
	ROW("tasks", IN_NODE(tasks), GAUGE, "tasks", "tasks that live here", VALUE),

	ROW("id", IN_DOMAIN(id), LABEL, "", "the domain's id", NEVER),
	ROW("node", IN_DOMAIN(node), LABEL, "", "the kernel's id of its node", NEVER),
	ROW("load", IN_DOMAIN(load), LEVEL, "", LOAD_HELP, VALUE),
	ROW("imbal", IN_DOMAIN(imbal), LEVEL, "", IMBAL_HELP, VALUE),
	ROW("delta", IN_DOMAIN(delta), LEVEL, "", DELTA_HELP, VALUE),
	ROW("load_cpus", IN_DOMAIN(load_cpus), LEVEL, "CPUs",
	    "load as the balancer sees it: CPUs of the fastest kind that the tasks deserve", VALUE),
	ROW("capacity", IN_DOMAIN(capacity), LEVEL, "CPUs",
	    "of the online CPUs, 1 is one of the fastest kind", VALUE),
	ROW("busy", IN_DOMAIN(busy), LEVEL, "percent", "how busy the online CPUs are", VALUE),
	ROW("online", IN_DOMAIN(online), GAUGE, "CPUs", "CPUs online", VALUE),
	ROW("tasks", IN_DOMAIN(tasks), GAUGE, "tasks", "tasks that live here", VALUE),
	ROW("max_wait_us", IN_DOMAIN(max_wait_us), GAUGE, "us",
	    "longest wait in the queue since the last attach", VALUE),
	ROW("queue_wait", IN_DOMAIN(queue_wait), HISTOGRAM, "ns", QUEUE_HELP, VALUE),
	ROW("run_delay", IN_DOMAIN(run_delay), HISTOGRAM, "ns", DELAY_HELP, VALUE),

	WD40_COUNTERS(COUNTER_ROW)
};
const size_t nr_statistics = ARRAY_SIZE(statistics_table);

const char *statistic_scope_name(enum statistic_scope scope)
{
	static const char *const names[] = {
		[STATISTIC_MACHINE] = "machine",
		[STATISTIC_NODE] = "node",
		[STATISTIC_DOMAIN] = "domain",
	};

	return names[scope];
}

const char *statistic_type_name(enum statistic_type type)
{
	static const char *const names[] = {
		[STATISTIC_COUNTER] = "counter",     [STATISTIC_GAUGE] = "gauge",
		[STATISTIC_LEVEL] = "gauge",         [STATISTIC_MASK] = "mask",
		[STATISTIC_HISTOGRAM] = "histogram", [STATISTIC_INFO] = "info",
		[STATISTIC_LABEL] = "label",
	};

	return names[type];
}

int statistic_find(enum statistic_scope scope, const char *name)
{
	for (size_t i = 0; i < nr_statistics; i++)
		if (statistics_table[i].scope == scope &&
		    strcmp(statistics_table[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

uint64_t statistic_bound_ns(uint32_t bucket)
{
	return bucket + 1 < WD40_WAIT_BUCKETS ? 1ull << (WD40_WAIT_SHIFT + bucket) : UINT64_MAX;
}
