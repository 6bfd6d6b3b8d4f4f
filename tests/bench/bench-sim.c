/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast the whole simulator is: events a second under wd40 and the daemon's policies, with nobody
 * looking on, with the report, with the oracles, and with both; and how the cost of an event and the
 * memory grow with CPUs and tasks, and when all tasks come to a part of the machine. All other CPUs
 * have work all the time. Each run is a process of its own, so that its memory is its own. An event is
 * whatever observers are told of but SETTLED. Arguments: "full" is 4096 CPUs with 100,000 tasks for 10
 * virtual seconds, report and oracles on; a number is that row of the table alone. Times are the
 * process's own, so that other work on the computer does not count. bench-native.c has the bare kernel.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/baseline.h"
#include "tests/sim/machine.h"
#include "tests/sim/oracle.h"
#include "tests/sim/report.h"
#include "tests/sim/run-daemon.h"
#include "tests/sim/settings.h"
#include "tests/sim/workload.h"
#include "util/macro.h"

#define SEED 1
/* So many tasks of all weights, which begin in all caches; half of them sleep now and then. */
#define ALL_CPUS "skew:caches=9999,tasks="

#define TICK_NS (1000ull * 1000)

/* Until then tasks come and find their places, and the slices theirs; that is not measured. */
#define BEGIN_NS (250ull * 1000 * 1000)

/* Sanitizers and a busy machine cost a factor; the figures themselves are in the output. */
#define MIN_EVENTS_PER_SEC 10e3

enum {
	REPORT = 1,
	ORACLES = 2,
};

static const char *const who_looks_on[] = { "nobody", "report", "oracles", "both" };

struct load {
	const char *machine, *workload;
	double virtual_s;
	int watchers; /* REPORT | ORACLES */
};

/* Shared with the process of the run. */
struct outcome {
	u64 nr_events;
	u32 nr_tasks;
	double cpu_s;
};

static struct outcome *outcome;

static void count(struct native_observer *o, const struct native_event *e)
{
	outcome->nr_events += e->kind != NATIVE_EVENT_SETTLED;
	outcome->nr_tasks += e->kind == NATIVE_EVENT_JOIN;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int err, const char *what)
{
	if (err < 0)
		native_die("%s: %s", what, strerror(-err));
}

static void watch(const struct load *l, const struct sim_context *context)
{
	static struct native_observer observer = { .event = count };
	struct sim_oracles *oracles;
	struct sim_report *report;

	if (l->watchers & ORACLES)
		must(sim_oracles_new(context, &oracles), "oracles");
	if (l->watchers & REPORT)
		must(sim_report_new(context, NULL, &report), "report");
	native_observe(&observer);
}

/* In a process of its own, whose end frees everything. */
static void run(const struct load *l)
{
	static const char *const no_settings[] = { NULL };
	struct sim_context context = { .seed = SEED, .is_wd40 = true };
	struct sim_workload *workload;
	struct sim_machine *machine;
	struct topology *topology;
	struct sim_daemon *daemon;
	struct config *config;
	char why[SIM_WHY_SIZE];

	must(sim_machine_load(l->machine, why, &machine), l->machine);
	must(sim_workload_load(l->workload, machine, SEED, why, &workload), l->workload);
	must(sim_settings_new(no_settings, why, &config), "settings");
	must(sim_machine_topology(machine, 3, "", why, &topology), "domains");
	sim_machine_boot(machine, topology, 1 << 20, TICK_NS);
	context.topology = topology;
	context.values = config_values(config);
	must(sim_daemon_new(machine, config, topology, &daemon), "daemon");
	watch(l, &context);
	must(native_attach(sim_schedulers[0].ops), "wd40");
	sim_daemon_start(daemon);
	sim_workload_start(workload);
	native_run(BEGIN_NS);
	outcome->nr_events = 0;
	outcome->cpu_s = now();
	native_run((u64)(l->virtual_s * 1e9));
	outcome->cpu_s = now() - outcome->cpu_s;
	if (native.ended)
		native_die("wd40 ended: %s", native.exit_text);
}

/* Events a second. */
static double measure(const struct load *l)
{
	struct rusage usage;
	double rate;
	int status;
	pid_t child;

	memset(outcome, 0, sizeof(*outcome));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		run(l);
		_exit(0);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status)
		return 0;
	rate = (double)outcome->nr_events / outcome->cpu_s;
	printf("%-10s %-30s %8u %8.2f %-8s %12llu %9.2f %11.0f %9.0f %8.0f\n", l->machine,
	       l->workload, outcome->nr_tasks, l->virtual_s, who_looks_on[l->watchers],
	       outcome->nr_events, outcome->cpu_s, rate, 1e9 / rate,
	       (double)usage.ru_maxrss / 1024);
	return rate;
}

int main(int argc, char **argv)
{
	static const struct load table[] = {
		{ "desktop8", ALL_CPUS "64", 60, 0 },
		{ "desktop8", ALL_CPUS "64", 60, REPORT },
		{ "desktop8", ALL_CPUS "64", 60, ORACLES },
		{ "desktop8", ALL_CPUS "64", 60, REPORT | ORACLES },
		{ "desktop8", ALL_CPUS "200", 60, REPORT | ORACLES },
		{ "desktop8", ALL_CPUS "1000", 30, REPORT | ORACLES },
		{ "desktop8", ALL_CPUS "10000", 30, REPORT | ORACLES },
		{ "desktop8", ALL_CPUS "100000", 30, REPORT | ORACLES },
		{ "server2s", ALL_CPUS "2400", 5, REPORT | ORACLES },
		{ "big512", ALL_CPUS "12500", 1, REPORT | ORACLES },
		{ "big512", ALL_CPUS "100000", 1, REPORT | ORACLES },
		{ "huge4096", ALL_CPUS "12500", .2, REPORT | ORACLES },
		{ "huge4096", ALL_CPUS "100000", .2, 0 },
		{ "huge4096", ALL_CPUS "100000", .2, REPORT },
		{ "huge4096", ALL_CPUS "100000", .2, ORACLES },
		{ "huge4096", ALL_CPUS "100000", .2, REPORT | ORACLES },
		{ "big512", "skew:tasks=20000", 4, REPORT | ORACLES },
		{ "huge4096", "hogs:percent=50", 1, REPORT | ORACLES },
		{ "huge4096", "servers", .2, REPORT | ORACLES },
	};
	static const struct load full = { "huge4096", ALL_CPUS "100000", 10, REPORT | ORACLES };
	double slowest = INFINITY;
	size_t row;

	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (outcome == MAP_FAILED)
		return 1;
	printf("machine    workload                          tasks  virt. s looks on       events "
	       "    CPU s    events/s  ns/event      MiB\n");
	if (argc > 1 && !strcmp(argv[1], "full"))
		return measure(&full) > 0 ? 0 : 1;
	row = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (row && row <= ARRAY_SIZE(table))
		return measure(&table[row - 1]) > 0 ? 0 : 1;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		slowest = fmin(slowest, measure(&table[i]));
	return slowest >= MIN_EVENTS_PER_SEC ? 0 : 1;
}
