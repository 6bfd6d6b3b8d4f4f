/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/request.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config/limits.h"
#include "ctl/client.h"
#include "ctl/exit-codes.h"
#include "ctl/verbs.h"
#include "util/duration.h"
#include "util/text.h"

/* What getopt_long returns for options without a letter. */
enum {
	CODE_FIRST = 256
};

struct option_row {
	const char *name;
	char letter;
	const char *value; /* its name, or NULL: it takes none */
	unsigned int bit;  /* of enum request_option, or 0: every verb takes it */
	const char *help;
	int (*take)(const char *value, struct request *q); /* NULL: the bit says all */
};

/* A duration between these, in the user's words when it is not. */
static int take_duration(const char *option, const char *value, uint64_t min_usec,
			 uint64_t max_usec, uint64_t *ret_usec)
{
	char min[DURATION_MAX], max[DURATION_MAX];
	int r = duration_parse(value, ret_usec);

	if (r == -EINVAL)
		return client_fail(CTL_USAGE, "--%s: \"%s\" is no duration like 500ms or 2min",
				   option, value);
	if (r == -ERANGE || *ret_usec < min_usec || *ret_usec > max_usec)
		return client_fail(CTL_REFUSED, "--%s: %s is out of range (allowed: %s to %s)",
				   option, value, duration_format(min_usec, min),
				   duration_format(max_usec, max));
	return CTL_OK;
}

static int take_for(const char *value, struct request *q)
{
	return take_duration("for", value, TRIAL_SHORTEST_USEC, TRIAL_LONGEST_USEC, &q->for_usec);
}

int request_parse_number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno ? -EINVAL : 0;
}

static int take_expected_generation(const char *value, struct request *q)
{
	if (request_parse_number(value, &q->expected_generation) < 0 || q->expected_generation == 0)
		return client_fail(CTL_USAGE, "--expected-generation: \"%s\" is no generation",
				   value);
	return CTL_OK;
}

static int take_expected_instance(const char *value, struct request *q)
{
	q->expected_instance = value;
	return CTL_OK;
}

static int take_interval(const char *value, struct request *q)
{
	return take_duration("interval", value, SUBSCRIPTION_INTERVAL_MIN_USEC,
			     SUBSCRIPTION_INTERVAL_MAX_USEC, &q->interval_usec);
}

static int take_count(const char *value, struct request *q)
{
	if (request_parse_number(value, &q->count) < 0 || q->count == 0)
		return client_fail(CTL_USAGE, "--count: \"%s\" is no number of samples", value);
	return CTL_OK;
}

static int take_reason(const char *value, struct request *q)
{
	q->reason = value;
	return CTL_OK;
}

static int take_host(const char *value, struct request *q)
{
	q->host = value;
	return CTL_OK;
}

static int take_address(const char *value, struct request *q)
{
	q->address = value;
	return CTL_OK;
}

static int take_no_ask_password(const char *value, struct request *q)
{
	q->ask_password = false;
	return CTL_OK;
}

static int take_help(const char *value, struct request *q);
static int take_version(const char *value, struct request *q);

static const struct option_row rows[] = {
	{ "json", 'j', NULL, OPT_JSON, "print JSON" },
	{ "no-legend", 0, NULL, OPT_NO_LEGEND, "print tables without titles" },
	{ "value", 0, NULL, OPT_VALUE, "print values without their names" },
	{ "save", 0, NULL, OPT_SAVE, "also write it into wd40d's drop-in, for the next start" },
	{ "for", 0, "TIME", OPT_FOR, "take it back after TIME (5s, 2min) unless it is confirmed",
	  take_for },
	{ "dry-run", 'n', NULL, OPT_DRY_RUN, "only check whether it would be accepted" },
	{ "expected-generation", 0, "N", OPT_EXPECTED_GENERATION,
	  "refuse it when somebody has changed something since generation N",
	  take_expected_generation },
	{ "expected-instance", 0, "ID", OPT_EXPECTED_INSTANCE,
	  "refuse it when wd40d was restarted since it was instance ID", take_expected_instance },
	{ "reason", 0, "TEXT", OPT_REASON, "why, for the journal and 'describe'", take_reason },
	{ "strict", 0, NULL, OPT_STRICT, "refuse files with problems" },
	{ "openmetrics", 0, NULL, OPT_OPENMETRICS, "print statistics as OpenMetrics text" },
	{ "watch", 'w', NULL, OPT_WATCH, "go on, with what has happened since the last sample" },
	{ "interval", 0, "TIME", OPT_INTERVAL, "time between two samples (default 1s)",
	  take_interval },
	{ "count", 0, "N", OPT_COUNT, "end after N samples", take_count },
	{ "host", 'H', "[USER@]HOST", 0, "talk to wd40d on another machine, over ssh", take_host },
	{ "address", 0, "ADDRESS", 0, "talk to wd40d on the bus at ADDRESS", take_address },
	{ "no-ask-password", 0, NULL, 0, "never let polkit ask for a password",
	  take_no_ask_password },
	{ "help", 'h', NULL, 0, "print this and exit", take_help },
	{ "version", 0, NULL, 0, "print the version and exit", take_version },
};

static void print_row(const char *left, const char *help)
{
	printf("  %-36s %s\n", left, help);
}

static int take_help(const char *value, struct request *q)
{
	char left[80];

	printf("wd40ctl [OPTION...] [VERB] [ARGUMENT...]\n"
	       "Reads and re-tunes wd40d while it runs.\n\nVerbs:\n");
	for (const struct verb *v = verbs; v->name; v++) {
		snprintf(left, sizeof(left), "%s %s", v->name, v->args);
		print_row(left, v->help);
	}
	printf("\nOptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char letter[] = { '-', rows[i].letter, ',', ' ', '\0' };

		snprintf(left, sizeof(left), "%s--%s%s%s", rows[i].letter ? letter : "    ",
			 rows[i].name, rows[i].value ? "=" : "", rows[i].value ?: "");
		print_row(left, rows[i].help);
	}
	printf("\nwd40ctl(1) has more.\n");
	return CTL_OK;
}

static int take_version(const char *value, struct request *q)
{
	puts("wd40ctl " WD40D_VERSION);
	return CTL_OK;
}

static void fill_getopt(struct option options[ARRAY_SIZE(rows) + 1],
			char letters[2 * ARRAY_SIZE(rows) + 2])
{
	char *at = letters;

	*at++ = ':';
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		options[i] = (struct option){ rows[i].name, rows[i].value != NULL, NULL,
					      CODE_FIRST + (int)i };
		if (!rows[i].letter)
			continue;
		*at++ = rows[i].letter;
		if (rows[i].value)
			*at++ = ':';
	}
	*at = '\0';
	options[ARRAY_SIZE(rows)] = (struct option){ 0 };
}

static const struct option_row *row_of(int code)
{
	if (code >= CODE_FIRST)
		return &rows[code - CODE_FIRST];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].letter == code)
			return &rows[i];
	return NULL;
}

static int usage(const char *what, const char *about)
{
	return client_fail(CTL_USAGE, "%s%s. Try 'wd40ctl --help'.", about, what);
}

static int refuse_option(int code, char **argv)
{
	const char *option = argv[optind - 1];
	char letter[] = { '-', (char)optopt, '\0' };

	if (optopt > 0 && optopt < CODE_FIRST)
		option = letter;
	return usage(code == ':' ? ": a value is missing" : ": there is no such option", option);
}

/* Whether the option was the last: it was answered, and nothing else is done. */
static bool is_answer(const struct option_row *row)
{
	return row->take == take_help || row->take == take_version;
}

static int take_options(int argc, char **argv, struct request *q, bool *answered)
{
	struct option options[ARRAY_SIZE(rows) + 1];
	char letters[2 * ARRAY_SIZE(rows) + 2];
	int code, r;

	fill_getopt(options, letters);
	while ((code = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct option_row *row = row_of(code);

		if (!row)
			return refuse_option(code, argv);
		r = row->take ? row->take(optarg, q) : CTL_OK;
		q->given |= row->bit;
		*answered = is_answer(row);
		if (r || *answered)
			return r;
	}
	return CTL_OK;
}

static int take_verb(struct request *q)
{
	const struct verb *v = q->verb;
	unsigned int wrong = q->given & ~v->options;

	if (q->nr_args < v->min_args)
		return usage(": something is missing behind it", v->name);
	if (v->max_args != ARGS_ANY && q->nr_args > v->max_args)
		return usage(": too much behind it", v->name);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].bit & wrong)
			return client_fail(CTL_USAGE,
					   "--%s does not go with %s. "
					   "Try 'wd40ctl --help'.",
					   rows[i].name, v->name);
	return CTL_OK;
}

/* What is said on the bus has to be UTF-8, so what is not is not found out there. */
static int check_texts(int argc, char **argv)
{
	char shown[64];

	for (int i = 1; i < argc; i++) {
		if (text_is_utf8(argv[i]))
			continue;
		text_copy_printable(shown, sizeof(shown), argv[i]);
		return client_fail(CTL_USAGE, "\"%s\" is not valid UTF-8", shown);
	}
	return CTL_OK;
}

int request_parse(int argc, char **argv, struct request *ret)
{
	bool answered = false;
	int r;

	*ret = (struct request){ .ask_password = true };
	opterr = 0;
	r = check_texts(argc, argv);
	if (!r)
		r = take_options(argc, argv, ret, &answered);
	if (r || answered)
		return r;
	ret->verb = &verbs[0];
	if (optind < argc) {
		ret->verb = verb_by_name(argv[optind]);
		if (!ret->verb)
			return usage(": there is no such verb", argv[optind]);
		ret->args = argv + optind + 1;
		ret->nr_args = argc - optind - 1;
	}
	return take_verb(ret);
}
