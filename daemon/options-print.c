/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command line tells its user. */
#include "daemon/options.h"

#include <errno.h>
#include <string.h>

#include "daemon/exit-codes.h"
#include "daemon/options-table.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define HELP_COLUMN 37

static const char *const unit_values[] = {
	[UNIT_NONE] = "N",
	[UNIT_USEC] = "US",
	[UNIT_SEC] = "SECONDS",
	[UNIT_PERCENT] = "PERCENT",
};
_Static_assert(ARRAY_SIZE(unit_values) == NR_TUNABLE_UNITS, "each unit has a name");

const char *options_value_name(enum tunable_id id)
{
	const struct tunable *t = &tunables[id];

	if (t->type == TUNABLE_BOOL)
		return "yes|no";
	if (t->type == TUNABLE_LIST)
		return "CPUS";
	return unit_values[t->unit];
}

/* An option with its help beside it. value is the text behind the name. */
static void print_option(FILE *f, char letter, const char *name, const char *value,
			 const char *help)
{
	int used;

	if (letter)
		used = fprintf(f, "  -%c, --%s%s", letter, name, value);
	else
		used = fprintf(f, "      --%s%s", name, value);
	fprintf(f, "%*s%s\n", HELP_COLUMN - used, "", help);
}

static void print_tunable(FILE *f, enum tunable_id id)
{
	const struct tunable *t = &tunables[id];
	_cleanup_(freep) char *range = tunable_range_text(id);
	const char *initial = *t->default_text ? t->default_text : "none";
	char text[80];

	snprintf(text, sizeof(text), t->type == TUNABLE_BOOL ? "[=%s]" : "=%s",
		 options_value_name(id));
	print_option(f, t->letter, t->key, text, t->help);
	if (t->type == TUNABLE_BOOL)
		fprintf(f, "%*s(default: %s)\n", HELP_COLUMN, "", initial);
	else
		fprintf(f, "%*s(default: %s; %s)\n", HELP_COLUMN, "", initial, range ? range : "");
	if (!t->negative_key)
		return;
	snprintf(text, sizeof(text), "same as --%s=no", t->key);
	print_option(f, 0, t->negative_key, "", text);
}

static void print_fixed(FILE *f)
{
	for (int i = 0; i < NR_FIXED_OPTIONS; i++) {
		char value[32] = "";

		if (fixed_options[i].value)
			snprintf(value, sizeof(value), "=%s", fixed_options[i].value);
		print_option(f, fixed_options[i].letter, fixed_options[i].name, value,
			     fixed_options[i].help);
	}
}

void options_print_help(FILE *f)
{
	static const char *const titles[] = {
		[APPLIED_LIVE] = "Tunables, which can be changed while it runs:",
		[APPLIED_REATTACH] = "Tunables that the scheduler reads when it is attached:",
	};

	fputs("Usage: wd40d [OPTION]...\n"
	      "Schedules this machine by sched_ext until it is told to stop. Needs root.\n",
	      f);
	for (size_t applied = 0; applied < ARRAY_SIZE(titles); applied++) {
		fprintf(f, "\n%s\n", titles[applied]);
		for (int id = 0; id < NR_TUNABLES; id++)
			if (tunables[id].applied == applied)
				print_tunable(f, id);
	}
	fputs("\nOther options:\n", f);
	print_fixed(f);
	fputs("\nTimes may have units of their own: 4ms, 1s 500ms.\n"
	      "Options win over configuration files. See wd40d(8) and wd40d.ini(5).\n",
	      f);
}

void options_print_version(FILE *f)
{
	fprintf(f, "wd40d %s\n", WD40D_VERSION);
}

int options_print_refusal(const char *why, FILE *f)
{
	fprintf(f, "wd40d: %s\nTry 'wd40d --help'.\n", why);
	return EXIT_CODE_USAGE;
}

static void print_problem(const struct config_problem *problem, void *userdata)
{
	FILE *f = userdata;

	if (!problem->path[0])
		fprintf(f, "command line: %s\n", problem->message);
	else if (problem->line)
		fprintf(f, "%s:%u: %s\n", problem->path, problem->line, problem->message);
	else
		fprintf(f, "%s: %s\n", problem->path, problem->message);
}

int options_check(struct config *c, FILE *f)
{
	struct config_problem problem;
	unsigned int nr_files = 0;
	int nr_problems, r;

	nr_problems = config_load(c, print_problem, f);
	r = nr_problems < 0 ? nr_problems : config_check(c, &problem);
	if (r == 0)
		r = config_check_machine(c, &problem);
	if (r == -EINVAL) {
		print_problem(&problem, f);
		nr_problems++;
	} else if (r < 0) {
		fprintf(f, "wd40d: cannot check: %s\n", strerror(-r));
		return EXIT_CODE_INTERNAL;
	}
	while (config_files(c)[nr_files])
		nr_files++;
	fprintf(f, "wd40d: configuration %s (files read: %u, problems: %d)\n",
		nr_problems ? "has problems" : "is good", nr_files, nr_problems);
	return nr_problems ? EXIT_CODE_CONFIG : EXIT_CODE_OK;
}
