/* SPDX-License-Identifier: GPL-2.0-only */
/* sim: the scheduler and the daemon's policies on a machine and a workload of one's choice. See sim.1. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/run.h"
#include "tests/sim/shrink.h"
#include "util/macro.h"

/* A run that ended in a violation is made smaller for so long, and by so many runs. */
#define SHRINK_S    30
#define SHRINK_RUNS 150

enum exit_code {
	EXIT_OK,
	EXIT_VIOLATION,
	EXIT_USAGE,
};

enum what {
	WHAT_RUN,
	WHAT_PRINT_TOPOLOGY,
	WHAT_PRINT_WORKLOAD,
	WHAT_LIST,
	WHAT_CAPTURE,
	WHAT_HELP,
	WHAT_VERSION,
};

struct command {
	enum what what;
	const char *topology, *workload, *scheduler, *trace, *root;
	const char **settings; /* NULL-terminated */
	size_t nr_settings;
	struct sim_script script;
	u64 seed, duration_ns, tick_ns;
	bool json, no_shrink;
};

static void command_done(struct command *c)
{
	free(c->settings);
	sim_script_done(&c->script);
}

_printf_(1, 2) static int complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("sim: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return EXIT_USAGE;
}

/* --- The command line. -------------------------------------------------------------------------- */

enum option_code {
	OPTION_TOPOLOGY = 't',
	OPTION_WORKLOAD = 'w',
	OPTION_DURATION = 'd',
	OPTION_SET = 's',
	OPTION_SEED = 'S',
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_TRACE = 256,
	OPTION_JSON,
	OPTION_SCHEDULER,
	OPTION_AT,
	OPTION_TICK,
	OPTION_LIST,
	OPTION_CAPTURE,
	OPTION_PRINT_TOPOLOGY,
	OPTION_PRINT_WORKLOAD,
	OPTION_NO_SHRINK,
};

static const struct option options[] = {
	{ "topology", required_argument, NULL, OPTION_TOPOLOGY },
	{ "workload", required_argument, NULL, OPTION_WORKLOAD },
	{ "duration", required_argument, NULL, OPTION_DURATION },
	{ "set", required_argument, NULL, OPTION_SET },
	{ "seed", required_argument, NULL, OPTION_SEED },
	{ "trace", required_argument, NULL, OPTION_TRACE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "no-shrink", no_argument, NULL, OPTION_NO_SHRINK },
	{ "scheduler", required_argument, NULL, OPTION_SCHEDULER },
	{ "at", required_argument, NULL, OPTION_AT },
	{ "tick", required_argument, NULL, OPTION_TICK },
	{ "list", no_argument, NULL, OPTION_LIST },
	{ "capture", optional_argument, NULL, OPTION_CAPTURE },
	{ "print-topology", no_argument, NULL, OPTION_PRINT_TOPOLOGY },
	{ "print-workload", no_argument, NULL, OPTION_PRINT_WORKLOAD },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static const char help[] =
	"usage: sim --topology T --workload W [option ...]\n"
	"       sim --list | --capture[=ROOT] | --print-topology | --print-workload\n"
	"\n"
	"  -t, --topology T       a built-in machine, a text file, or a capture\n"
	"  -w, --workload W       GENERATOR[:KEY=VALUE,...], or a file of rt-app\n"
	"  -d, --duration TIME    how long (default: 10s)\n"
	"  -s, --set KEY=VALUE    a tunable of the daemon; again for more\n"
	"  -S, --seed N           what is random (default: 1)\n"
	"      --at TIME ACTION   meanwhile: set:KEY=VALUE[,...], offline:CPUS, online:CPUS,\n"
	"                         occupy:CPUS:rt|irq:TIME, frequency:CPUS:N; again for more\n"
	"      --scheduler NAME   another one than wd40, to compare\n"
	"      --tick TIME        slices end at ticks, as in a kernel of that HZ (default: at once)\n"
	"      --json             the report as JSON\n"
	"      --trace FILE       a trace for Perfetto or chrome://tracing\n"
	"      --no-shrink        do not look for a smaller run with the same violation\n"
	"      --list             machines, workloads, schedulers\n"
	"      --capture[=ROOT]   the sysfs of this machine, or below ROOT, as a topology\n"
	"      --print-topology   the machine as text, with its domains\n"
	"      --print-workload   the workload as a file of rt-app\n"
	"  -h, --help  -V, --version\n"
	"\n"
	"Status: 0 fine, 1 something that must hold did not, 2 wrong use. See sim(1).\n";

static int take_time(const char *option, u64 *ret_ns)
{
	if (sim_parse_duration(optarg, ret_ns) == 0)
		return EXIT_OK;
	return complain("--%s: \"%s\" is no time like 10s or 500ms", option, optarg);
}

static int take_seed(struct command *c)
{
	char *end;

	errno = 0;
	c->seed = strtoull(optarg, &end, 0);
	if (*optarg < '0' || *optarg > '9' || *end || errno)
		return complain("--seed: \"%s\" is not a number", optarg);
	return EXIT_OK;
}

static int take_setting(struct command *c)
{
	const char **larger = reallocarray(c->settings, c->nr_settings + 2, sizeof(*larger));

	if (!larger)
		return complain("out of memory");
	c->settings = larger;
	larger[c->nr_settings++] = optarg;
	larger[c->nr_settings] = NULL;
	return EXIT_OK;
}

/* --at has two arguments, and getopt knows of one. */
static int take_action(struct command *c, int argc, char **argv)
{
	const char *time = optarg, *action = optind < argc ? argv[optind++] : NULL;
	char why[SIM_WHY_SIZE] = "out of memory";

	if (!action)
		return complain("--at needs a time and an action");
	if (sim_script_add(&c->script, time, action, why) < 0)
		return complain("--at %s %s: %s", time, action, why);
	return EXIT_OK;
}

static int take_what(struct command *c, enum what what)
{
	c->what = what;
	return EXIT_OK;
}

static int take_option(struct command *c, int code, int argc, char **argv)
{
	switch (code) {
	case OPTION_TOPOLOGY: c->topology = optarg; return EXIT_OK;
	case OPTION_WORKLOAD: c->workload = optarg; return EXIT_OK;
	case OPTION_DURATION: return take_time("duration", &c->duration_ns);
	case OPTION_SET: return take_setting(c);
	case OPTION_SEED: return take_seed(c);
	case OPTION_TRACE: c->trace = optarg; return EXIT_OK;
	case OPTION_JSON: c->json = true; return EXIT_OK;
	case OPTION_NO_SHRINK: c->no_shrink = true; return EXIT_OK;
	case OPTION_SCHEDULER: c->scheduler = optarg; return EXIT_OK;
	case OPTION_AT: return take_action(c, argc, argv);
	case OPTION_TICK: return take_time("tick", &c->tick_ns);
	case OPTION_LIST: return take_what(c, WHAT_LIST);
	case OPTION_CAPTURE: c->root = optarg ?: ""; return take_what(c, WHAT_CAPTURE);
	case OPTION_PRINT_TOPOLOGY: return take_what(c, WHAT_PRINT_TOPOLOGY);
	case OPTION_PRINT_WORKLOAD: return take_what(c, WHAT_PRINT_WORKLOAD);
	case OPTION_HELP: return take_what(c, WHAT_HELP);
	case OPTION_VERSION: return take_what(c, WHAT_VERSION);
	default: return EXIT_USAGE; /* getopt has said why */
	}
}

static int parse(struct command *c, int argc, char **argv)
{
	int r = EXIT_OK, code;

	while (r == EXIT_OK && c->what < WHAT_HELP) {
		code = getopt_long(argc, argv, "t:w:d:s:S:hV", options, NULL);
		if (code < 0)
			break;
		r = take_option(c, code, argc, argv);
	}
	if (r == EXIT_OK && c->what < WHAT_HELP && optind < argc)
		return complain("\"%s\" is no option", argv[optind]);
	return r;
}

/* --- What is asked for. ------------------------------------------------------------------------- */

static int load_machine(const struct command *c, struct sim_machine **ret)
{
	char why[256];

	if (!c->topology)
		return complain("--topology is missing; --list shows what there is");
	if (sim_machine_load(c->topology, why, ret) < 0)
		return complain("%s", why);
	return EXIT_OK;
}

static int load_workload(const struct command *c, const struct sim_machine *m,
			 struct sim_workload **ret)
{
	char why[256];

	if (!c->workload)
		return complain("--workload is missing; --list shows what there is");
	if (sim_workload_load(c->workload, m, c->seed, why, ret) < 0)
		return complain("%s", why);
	return EXIT_OK;
}

static int check_script(const struct command *c, const struct sim_machine *m)
{
	char why[SIM_WHY_SIZE];

	return sim_script_fits(&c->script, m, c->duration_ns, why) < 0 ? complain("%s", why)
								       : EXIT_OK;
}

/* The machine, and as a comment what the daemon makes of it. */
static int print_topology(const struct command *c)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = NULL;
	_cleanup_(topology_freep) struct topology *t = NULL;
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(freep) char *description = NULL;
	const struct tunable_value *values;
	char why[SIM_WHY_SIZE];
	int r = load_machine(c, &m);

	if (r)
		return r;
	if (sim_settings_new(c->settings, why, &config) < 0)
		return complain("--set %s", why);
	values = config_values(config)->values;
	if (sim_machine_topology(m, values[TUNABLE_CACHE_LEVEL].u, values[TUNABLE_CPUMASKS].list,
				 why, &t) < 0)
		return complain("%s", why);
	description = topology_describe(t);
	printf("# %s\n", description ?: "");
	sim_machine_print(m, stdout);
	return EXIT_OK;
}

static int print_workload(const struct command *c)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = NULL;
	_cleanup_(sim_workload_freep) struct sim_workload *w = NULL;
	int r = load_machine(c, &m);

	if (r == EXIT_OK)
		r = load_workload(c, m, &w);
	if (r == EXIT_OK)
		sim_workload_print(w, stdout);
	return r;
}

static int list(void)
{
	puts("machines:");
	sim_machine_list(stdout);
	puts("\nworkloads:");
	sim_workload_list(stdout);
	puts("\nschedulers:");
	for (const struct sim_scheduler *s = sim_schedulers; s->name; s++)
		printf("%-14s %s\n", s->name, s->help);
	return EXIT_OK;
}

static int capture(const struct command *c)
{
	int r = sim_machine_capture(c->root, stdout);

	return r < 0 ? complain("%s/sys: %s", c->root, strerror(-r)) : EXIT_OK;
}

static void print_smaller(const struct sim_run *run, const char *violation)
{
	_cleanup_(sim_shrunk_done) struct sim_shrunk shrunk = { 0 };

	if (sim_shrink(run, violation, SHRINK_RUNS, SHRINK_S, &shrunk) == 0)
		sim_shrunk_print(&shrunk, run, stderr);
}

static int run_opened(const struct command *c, struct sim_run *run)
{
	struct sim_result result;
	int r = EXIT_OK;

	if (sim_run(run, &result) < 0)
		r = complain("%s", result.why);
	else if (result.restarts)
		fprintf(stderr, "sim: the scheduler asked for a restart after %llu ns\n",
			result.ran_ns);
	if (result.violation) {
		fprintf(stderr, "%s\n", result.violation);
		if (!c->no_shrink)
			print_smaller(run, result.violation);
		r = EXIT_VIOLATION;
	}
	sim_result_done(&result);
	return r;
}

static int run(const struct command *c)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = NULL;
	_cleanup_(sim_workload_freep) struct sim_workload *w = NULL;
	_cleanup_(fclosep) FILE *trace = NULL;
	const struct sim_scheduler *scheduler = sim_scheduler_find(c->scheduler);
	struct sim_run wanted;
	int r;

	if (!scheduler)
		return complain("--scheduler: there is no %s", c->scheduler);
	r = load_machine(c, &m);
	if (r == EXIT_OK)
		r = load_workload(c, m, &w);
	if (r == EXIT_OK)
		r = check_script(c, m);
	if (r)
		return r;
	trace = c->trace ? fopen(c->trace, "we") : NULL;
	if (c->trace && !trace)
		return complain("%s: %s", c->trace, strerror(errno));
	wanted = (struct sim_run){
		.machine = m,
		.workload = w,
		.settings = c->settings,
		.script = &c->script,
		.scheduler = scheduler,
		.seed = c->seed,
		.duration_ns = c->duration_ns,
		.tick_ns = c->tick_ns,
		.trace = trace,
		.report = stdout,
		.json = c->json,
	};
	return run_opened(c, &wanted);
}

int main(int argc, char **argv)
{
	_cleanup_(command_done) struct command c = {
		.seed = 1,
		.scheduler = WD40_OPS_NAME,
		.duration_ns = 10ull * 1000 * 1000 * 1000,
	};
	int r = parse(&c, argc, argv);

	if (r)
		return r;
	switch (c.what) {
	case WHAT_PRINT_TOPOLOGY: return print_topology(&c);
	case WHAT_PRINT_WORKLOAD: return print_workload(&c);
	case WHAT_LIST: return list();
	case WHAT_CAPTURE: return capture(&c);
	case WHAT_HELP: fputs(help, stdout); return EXIT_OK;
	case WHAT_VERSION: puts("sim of wd40d " WD40D_VERSION); return EXIT_OK;
	default: return run(&c);
	}
}
