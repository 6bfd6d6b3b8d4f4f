// SPDX-License-Identifier: GPL-2.0-only
/* A smaller run as a person repeats it: two files and a command line. */
#include <stdlib.h>

#include "tests/sim/shrink.h"

static void print_cpus(const struct cpuset *cpus, FILE *to)
{
	_cleanup_(freep) char *text = cpuset_format(cpus);

	fputs(text ?: "?", to);
}

static void print_action(const struct sim_action *a, FILE *to)
{
	fprintf(to, " --at %lluns %s:", a->at_ns, sim_act_name(a->act));
	if (a->act == SIM_ACT_SET)
		fputs(a->settings, to);
	else
		print_cpus(a->cpus, to);
	if (a->act == SIM_ACT_OCCUPY)
		fprintf(to, ":%s:%lluns", a->thief == NATIVE_RT ? "rt" : "irq", a->ns);
	if (a->act == SIM_ACT_FREQUENCY)
		fprintf(to, ":%u", a->frequency);
}

void sim_shrunk_print(const struct sim_shrunk *s, const struct sim_run *run, FILE *to)
{
	fprintf(to, "\nmade smaller in %u runs: %s\n", s->nr_runs, s->violation);
	fprintf(to, "sim -t machine.txt -w workload.json -d %lluns -S %llu", s->duration_ns,
		run->seed);
	if (run->tick_ns)
		fprintf(to, " --tick %lluns", run->tick_ns);
	for (u32 i = 0; s->settings[i]; i++)
		fprintf(to, " -s %s", s->settings[i]);
	for (u32 i = 0; i < s->script.nr; i++)
		print_action(&s->script.actions[i], to);
	fputs("\n\nmachine.txt:\n", to);
	sim_machine_print(run->machine, to);
	fprintf(to, "\nworkload.json:\n%s\n", s->workload);
}
