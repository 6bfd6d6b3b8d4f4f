/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, made from the table of tunables and the few options that are none. */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/options-table.h"
#include "util/cleanup.h"
#include "util/macro.h"
#include "util/text.h"

const struct fixed_option_row fixed_options[] = {
	[OPTION_CONFIG] = { "config", 0, "FILE", "read FILE instead of what is in /etc and /run" },
	[OPTION_CHECK] = { "check", 0, NULL, "check the configuration, and exit" },
	[OPTION_PROBE] = { "probe", 0, NULL, "tell whether this machine can run it, and exit" },
	[OPTION_BUS_INTROSPECT] = { "bus-introspect", 0, NULL,
				    "print the D-Bus interfaces as XML, and exit" },
	[OPTION_ROOT] = { "root", 0, "DIR",
			  "look for configuration and sysfs below DIR (for tests)" },
	[OPTION_ADDRESS] = { "address", 0, "ADDRESS",
			     "serve the D-Bus at ADDRESS, not the system bus (for tests)" },
	[OPTION_VERBOSE] = { "verbose", 'v', NULL, "print debugging messages, too" },
	[OPTION_HELP] = { "help", 'h', NULL, "print this help, and exit" },
	[OPTION_VERSION] = { "version", 'V', NULL, "print the version, and exit" },
};
_Static_assert(ARRAY_SIZE(fixed_options) == NR_FIXED_OPTIONS, "each option is described");

/* What getopt_long returns: a letter, or one of these plus an index. */
#define CODE_TUNABLE  256
#define CODE_NEGATIVE 512
#define CODE_FIXED    1024

struct parser {
	struct config *config;
	struct options options;
	bool done;                /* nothing behind counts */
	char *lists[NR_TUNABLES]; /* lists so far: each use of such an option adds to them */
	char *why;

	struct option long_options[2 * NR_TUNABLES + NR_FIXED_OPTIONS + 1];
	size_t nr_long_options;
	char letters[2 * (NR_TUNABLES + NR_FIXED_OPTIONS) + 2];
	size_t nr_letters;
};

static void parser_done(struct parser *p)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		free(p->lists[id]);
}

static int _printf_(2, 3) refuse(struct parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, OPTIONS_WHY_MAX, format, args);
	va_end(args);
	text_copy_printable(p->why, OPTIONS_WHY_MAX, p->why);
	return -EINVAL;
}

static void add_option(struct parser *p, const char *name, char letter, int has_arg, int code)
{
	p->long_options[p->nr_long_options++] =
		(struct option){ .name = name, .has_arg = has_arg, .val = code };
	if (!letter)
		return;
	p->letters[p->nr_letters++] = letter;
	if (has_arg == required_argument)
		p->letters[p->nr_letters++] = ':';
}

/* A boolean's letter takes no value, so that letters can stand together: -kf. */
static void make_tables(struct parser *p)
{
	p->letters[p->nr_letters++] = ':'; /* a missing value is told apart */
	for (int id = 0; id < NR_TUNABLES; id++) {
		const struct tunable *t = &tunables[id];
		bool boolean = t->type == TUNABLE_BOOL;

		add_option(p, t->key, t->letter, boolean ? optional_argument : required_argument,
			   CODE_TUNABLE + id);
		if (t->negative_key)
			add_option(p, t->negative_key, 0, no_argument, CODE_NEGATIVE + id);
	}
	for (int i = 0; i < NR_FIXED_OPTIONS; i++)
		add_option(p, fixed_options[i].name, fixed_options[i].letter,
			   fixed_options[i].value ? required_argument : no_argument,
			   CODE_FIXED + i);
}

static int set_tunable(struct parser *p, enum tunable_id id, const char *text)
{
	struct config_problem problem;
	int r;

	r = config_set_option(p->config, id, text, &problem);
	return r == -EINVAL ? refuse(p, "--%s", problem.message) : r;
}

/* Each use of the option adds a set to the list. */
static int add_to_list(struct parser *p, enum tunable_id id, const char *text)
{
	char **list = &p->lists[id], *longer;

	if (asprintf(&longer, "%s%s%s", *list ? *list : "", *list ? ";" : "", text) < 0)
		return -ENOMEM;
	free(*list);
	*list = longer;
	return set_tunable(p, id, longer);
}

static int take_tunable(struct parser *p, enum tunable_id id)
{
	if (tunables[id].type == TUNABLE_LIST)
		return add_to_list(p, id, optarg);
	return set_tunable(p, id, optarg ? optarg : "yes");
}

static int take_fixed(struct parser *p, enum fixed_option option)
{
	switch (option) {
	case OPTION_CONFIG: return config_set_file(p->config, optarg);
	case OPTION_ROOT: p->options.root = optarg; return config_set_root(p->config, optarg);
	case OPTION_ADDRESS: p->options.address = optarg; return 0;
	case OPTION_VERBOSE: p->options.verbose++; return 0;
	case OPTION_CHECK: p->options.action = ACTION_CHECK; return 0;
	case OPTION_PROBE: p->options.action = ACTION_PROBE; return 0;
	case OPTION_BUS_INTROSPECT: p->options.action = ACTION_BUS_INTROSPECT; return 0;
	case OPTION_HELP: p->options.action = ACTION_HELP; break;
	default: p->options.action = ACTION_VERSION; break;
	}
	p->done = true;
	return 0;
}

/* An option as the user knows it: from the code that getopt left in optopt. */
static int refuse_use(struct parser *p, const char *what)
{
	const char *name;

	if (optopt < CODE_TUNABLE)
		return refuse(p, "-%c %s", optopt, what);
	if (optopt >= CODE_FIXED)
		name = fixed_options[optopt - CODE_FIXED].name;
	else if (optopt >= CODE_NEGATIVE)
		name = tunables[optopt - CODE_NEGATIVE].negative_key;
	else
		name = tunables[optopt - CODE_TUNABLE].key;
	return refuse(p, "--%s %s", name, what);
}

static int refuse_unknown(struct parser *p, const char *word)
{
	int length = (int)strcspn(word, "=");
	const char *nearest;
	char name[64];

	if (optopt >= CODE_TUNABLE)
		return refuse_use(p, "takes no value");
	if (optopt)
		return refuse_use(p, "is no option");
	snprintf(name, sizeof(name), "%.*s", length, word);
	nearest = tunable_nearest_key(name + strlen("--"));
	if (nearest)
		return refuse(p, "%s is no option; did you mean --%s?", name, nearest);
	return refuse(p, "%s is no option, or may be short for several", name);
}

static int take_letter(struct parser *p, char letter)
{
	int id = tunable_by_letter(letter);

	if (id >= 0)
		return take_tunable(p, id);
	for (int i = 0; i < NR_FIXED_OPTIONS; i++)
		if (fixed_options[i].letter == letter)
			return take_fixed(p, i);
	return -EINVAL;
}

static int take_code(struct parser *p, int code, const char *word)
{
	if (code == '?')
		return refuse_unknown(p, word);
	if (code == ':')
		return refuse_use(p, "needs a value");
	if (code >= CODE_FIXED)
		return take_fixed(p, code - CODE_FIXED);
	if (code >= CODE_NEGATIVE)
		return set_tunable(p, code - CODE_NEGATIVE, "no");
	if (code >= CODE_TUNABLE)
		return take_tunable(p, code - CODE_TUNABLE);
	return take_letter(p, (char)code);
}

int options_parse(int argc, char **argv, struct config *c, struct options *ret,
		  char why[OPTIONS_WHY_MAX])
{
	_cleanup_(parser_done) struct parser p = { .config = c, .why = why, .options.root = "" };
	int r = 0, code;

	make_tables(&p);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while (r == 0 && !p.done) {
		code = getopt_long(argc, argv, p.letters, p.long_options, NULL);
		if (code < 0)
			break;
		r = take_code(&p, code, argv[optind - 1]);
	}
	if (r == 0 && !p.done && optind < argc)
		r = refuse(&p, "\"%.200s\" is no option, and nothing else is expected",
			   argv[optind]);
	if (r < 0)
		return r;
	*ret = p.options;
	return 0;
}
