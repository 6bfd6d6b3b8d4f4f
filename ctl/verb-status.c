/* SPDX-License-Identifier: GPL-2.0-only */
/* status: what a person wants to know first, and what there is to do. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ctl/details.h"
#include "ctl/elapsed.h"
#include "ctl/exit-codes.h"
#include "ctl/output.h"
#include "ctl/tunable-text.h"
#include "ctl/verbs.h"
#include "util/duration.h"

static const char *text_of(json_object *properties, const char *name)
{
	return json_text(json_object_object_get(properties, name));
}

static uint64_t number_of(json_object *properties, const char *name)
{
	return json_object_get_uint64(json_object_object_get(properties, name));
}

static bool is_attached(json_object *properties)
{
	return strcmp(text_of(properties, "State"), "attached") == 0;
}

static enum color color_of_state(const char *state)
{
	if (strcmp(state, "attached") == 0)
		return COLOR_GREEN;
	return strcmp(state, "failed") == 0 ? COLOR_RED : COLOR_YELLOW;
}

static void print_date(uint64_t realtime_usec)
{
	time_t seconds = (time_t)(realtime_usec / 1000000);
	struct tm tm = { 0 };
	char date[64];

	localtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%a %Y-%m-%d %H:%M:%S %Z", &tm);
	printf(" since %s", date);
}

/* By the clocks as they are now. Those of a remote machine cannot be read. */
static void print_since(const struct client *c, json_object *properties)
{
	uint64_t realtime_usec = number_of(properties, "AttachedTimestamp"), elapsed;
	struct clocks now = clocks_now();
	char ago[DURATION_MAX];

	if (c->host) {
		print_date(realtime_usec);
		return;
	}
	elapsed = elapsed_usec(&now, realtime_usec,
			       number_of(properties, "AttachedTimestampMonotonic"));
	print_date(now.realtime_usec - elapsed);
	printf(", for %s", duration_format(elapsed, ago));
}

static void print_state(const struct client *c, json_object *properties)
{
	const char *state = text_of(properties, "State");
	uint64_t restarts = number_of(properties, "RestartCount");

	output_label(stdout, "State");
	output_colored(stdout, color_of_state(state), "%s", state);
	if (is_attached(properties))
		print_since(c, properties);
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

/* Kind, code, reason and, for those who may, message; kind "none" before the first. */
static void print_last_exit(json_object *properties)
{
	json_object *last = json_object_object_get(properties, "LastExit");
	const char *texts[4];

	for (size_t i = 0; i < 4; i++)
		texts[i] = json_text(json_at(last, i));
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
		const char *name = json_text(json_at(names, i));
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
	uint64_t now = clocks_now().monotonic_usec;
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
		puts(json_text(json_at(files, i)));
		label = "";
	}
}

static void print_status(const struct client *c, json_object *properties)
{
	output_colored(stdout, COLOR_BOLD, "wd40d %s", text_of(properties, "Version"));
	printf("%s%s\n", c->host ? " on " : "", c->host ?: "");
	print_state(c, properties);
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

static bool has_ended(json_object *properties)
{
	json_object *kind = json_at(json_object_object_get(properties, "LastExit"), 0);

	return kind && strcmp(json_text(kind), "none") != 0;
}

/* Of what has ended or is not attached there may be more to say. */
static void add_details(struct client *c, json_object *properties)
{
	_cleanup_(json_putp) json_object *details = NULL;

	if (has_ended(properties) || *text_of(properties, "StateReason"))
		details = details_get(c);
	details_add_to_state(properties, details);
}

int verb_status(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *properties = NULL;
	int r = client_get_all(c, CLIENT_INTERFACE, &properties);

	if (r)
		return r;
	add_details(c, properties);
	if (request_has(q, OPT_JSON))
		output_json(stdout, properties);
	else
		print_status(c, properties);
	return is_attached(properties) ? CTL_OK : CTL_NEGATIVE;
}
