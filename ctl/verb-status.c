/* SPDX-License-Identifier: GPL-2.0-only */
/* status: what a person wants to know first, and what there is to do. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "util/duration.h"
#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/tunable-text.h"
#include "ctl/verbs.h"

static const char *text_of(json_object *properties, const char *name)
{
	return json_object_get_string(json_object_object_get(properties, name)) ?: "";
}

static uint64_t number_of(json_object *properties, const char *name)
{
	return json_object_get_uint64(json_object_object_get(properties, name));
}

static bool is_attached(json_object *properties)
{
	return strcmp(text_of(properties, "State"), "attached") == 0;
}

static uint64_t now_usec(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static enum color color_of_state(const char *state)
{
	if (strcmp(state, "attached") == 0)
		return COLOR_GREEN;
	return strcmp(state, "failed") == 0 ? COLOR_RED : COLOR_YELLOW;
}

static void print_since(uint64_t since_usec)
{
	time_t seconds = (time_t)(since_usec / 1000000);
	uint64_t now = now_usec(CLOCK_REALTIME);
	char date[64], ago[DURATION_MAX];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%a %Y-%m-%d %H:%M:%S %Z", &tm);
	printf(" since %s, for %s", date,
	       duration_format(now > since_usec ? now - since_usec : 0, ago));
}

static void print_state(json_object *properties)
{
	const char *state = text_of(properties, "State");
	uint64_t restarts = number_of(properties, "RestartCount");

	output_label(stdout, "State");
	output_colored(stdout, color_of_state(state), "%s", state);
	if (is_attached(properties))
		print_since(number_of(properties, "AttachedTimestamp"));
	putchar('\n');
	if (*text_of(properties, "StateReason")) {
		output_label(stdout, "Reason");
		puts(text_of(properties, "StateReason"));
	}
	output_label(stdout, "Scheduler");
	printf("%s, %" PRIu64 " restart%s, enable sequence %" PRIu64 "\n",
	       text_of(properties, "OpsName"), restarts, restarts == 1 ? "" : "s",
	       number_of(properties, "EnableSequence"));
}

/* (sxss): kind, code, reason, message; kind "none" before the first. */
static void print_last_exit(json_object *properties)
{
	json_object *last = json_object_object_get(properties, "LastExit");
	const char *texts[4];

	for (size_t i = 0; i < 4; i++)
		texts[i] = json_object_get_string(json_at(last, i)) ?: "";
	if (strcmp(texts[0], "none") == 0)
		return;
	output_label(stdout, "Last exit");
	printf("%s: %s%s%s\n", texts[0], texts[2], *texts[3] ? ": " : "", texts[3]);
}

/* Names of tunables, if there are any, and the command that would do something about them. */
static void print_names(json_object *properties, const char *property, const char *label,
			const char *command)
{
	json_object *names = json_object_object_get(properties, property);
	size_t n = json_length(names);

	if (n == 0)
		return;
	output_label(stdout, label);
	for (size_t i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_at(names, i));
		int id = tunable_by_name(name);

		printf("%s%s", i ? ", " : "", id >= 0 ? tunables[id].key : name);
	}
	printf(" (%s)\n", command);
}

/* The deadline is of the machine's monotonic clock, so of a remote machine it means nothing here. */
static void print_trial(const struct client *c, json_object *properties)
{
	uint64_t generation = number_of(properties, "UnconfirmedGeneration");
	uint64_t deadline = number_of(properties, "RevertDeadlineUSec");
	uint64_t now = now_usec(CLOCK_MONOTONIC);
	char left[DURATION_MAX];

	if (!generation)
		return;
	output_label(stdout, "On trial");
	output_colored(stdout, COLOR_YELLOW, "generation %" PRIu64, generation);
	if (!c->host && deadline > now)
		printf(", for another %s", duration_format(deadline - now, left));
	printf(" (wd40ctl confirm %" PRIu64 ")\n", generation);
}

/* What is wrong was left out, so somebody may wait for it to count. */
static void print_problems(json_object *properties)
{
	uint64_t n = number_of(properties, "ConfigProblems");

	if (!n)
		return;
	output_label(stdout, "Problems");
	output_colored(stdout, COLOR_YELLOW, "%" PRIu64 " in the files", n);
	printf(" (wd40ctl check)\n");
}

static void print_files(json_object *properties)
{
	json_object *files = json_object_object_get(properties, "ConfigFiles");
	const char *label = "Files";

	for (size_t i = 0; i < json_length(files); i++) {
		output_label(stdout, label);
		puts(json_object_get_string(json_at(files, i)));
		label = "";
	}
}

static void print_status(const struct client *c, json_object *properties)
{
	output_colored(stdout, COLOR_BOLD, "wd40d %s", text_of(properties, "Version"));
	printf("%s%s\n", c->host ? " on " : "", c->host ?: "");
	print_state(properties);
	if (*text_of(properties, "Topology")) {
		output_label(stdout, "Machine");
		puts(text_of(properties, "Topology"));
	}
	print_last_exit(properties);
	output_label(stdout, "Generation");
	printf("%" PRIu64 "\n", number_of(properties, "Generation"));
	print_trial(c, properties);
	print_names(properties, "PendingReattach", "Pending", "wd40ctl reattach");
	print_names(properties, "UnsavedTunables", "Unsaved", "wd40ctl save");
	print_problems(properties);
	print_files(properties);
}

int verb_status(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *properties = NULL;
	int r = client_get_all(c, CLIENT_INTERFACE, &properties);

	if (r)
		return r;
	if (request_has(q, OPT_JSON))
		output_json(stdout, properties);
	else
		print_status(c, properties);
	return is_attached(properties) ? CTL_OK : CTL_NEGATIVE;
}
