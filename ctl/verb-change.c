/* SPDX-License-Identifier: GPL-2.0-only */
/* confirm, revert, reset and save: what else becomes of values that were set. */
#include <inttypes.h>

#include "ctl/change.h"
#include "ctl/exit-codes.h"
#include "ctl/origin.h"
#include "ctl/output.h"
#include "ctl/pick.h"
#include "ctl/tunable-text.h"
#include "ctl/verbs.h"

/* An object of one field, of which it takes another reference. */
static void print_json(const char *field, json_object *value)
{
	_cleanup_(json_putp) json_object *object = json_object_new_object();

	json_object_object_add(object, field, json_object_get(value));
	output_json(stdout, object);
}

static void print_trial(const struct request *q, uint64_t generation, const char *done)
{
	_cleanup_(json_putp) json_object *number = json_object_new_uint64(generation);

	if (request_has(q, OPT_JSON))
		print_json("generation", number);
	else
		printf("generation %" PRIu64 " is %s\n", generation, done);
}

static int end_trial(struct client *c, const struct request *q, const char *member,
		     const char *done)
{
	uint64_t generation;
	int r = change_generation(c, q, &generation);

	if (!r)
		r = client_call(c, CLIENT_CHANGES, member, NULL, "t", generation);
	if (!r)
		print_trial(q, generation, done);
	return r;
}

int verb_confirm(struct client *c, const struct request *q)
{
	return end_trial(c, q, "ConfirmTunables", "confirmed");
}

int verb_revert(struct client *c, const struct request *q)
{
	return end_trial(c, q, "RevertTunables", "taken back");
}

/* A method that takes names and options. */
static int call_with_names(struct client *c, const struct request *q, const char *member,
			   json_object **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = client_new_call(c, CLIENT_INTERFACE, member, &m);

	if (!r)
		r = pick_append_names(q, m);
	if (!r)
		r = change_append_options(q, m);
	return r ?: client_send_for_json(c, CLIENT_CHANGES, m, ret);
}

/* What a reset has made of values: rows of before and after it, and the generation that it had. */
struct reset {
	json_object *before, *after, *generation;
};

static void reset_done(struct reset *s)
{
	json_object_put(s->before);
	json_object_put(s->after);
	json_object_put(s->generation);
}

static json_object *current(json_object *rows, const char *name)
{
	return json_object_object_get(json_object_object_get(rows, name), "current");
}

static bool has_changed(const struct reset *s, const char *name)
{
	return !json_object_equal(current(s->before, name), current(s->after, name));
}

/* "perf = 0 (default), was 3" for each that has another value now. */
static void print_reset(const struct client *c, const struct request *q, const struct reset *s)
{
	printf("reset (generation %" PRIu64 "%s)\n", json_object_get_uint64(s->generation),
	       request_has(q, OPT_SAVE) ? ", no longer saved" : "");
	json_object_object_foreach (s->after, name, row) {
		_cleanup_(freep) char *now = NULL, *was = NULL, *origin = NULL;

		if (!has_changed(s, name))
			continue;
		now = tunable_text_with_unit(name, current(s->after, name));
		was = tunable_text_with_unit(name, current(s->before, name));
		origin = origin_text(row, !c->host);
		printf("%s = %s (%s), was %s\n", tunable_row_string(row, "key"), now ?: "?",
		       origin ?: "?", was ?: "?");
	}
}

static void print_reset_json(const struct reset *s)
{
	_cleanup_(json_putp) json_object *object = json_object_new_object();
	json_object *values = json_object_new_object();

	json_object_object_add(object, "generation", json_object_get(s->generation));
	json_object_object_add(object, "values", values);
	json_object_object_foreach (s->after, name, row)
		if (has_changed(s, name))
			json_object_object_add(values, tunable_row_string(row, "key"),
					       tunable_json(name, current(s->after, name)));
	output_json(stdout, object);
}

/* What somebody else changes in between is told too: it is what has become of the value. */
int verb_reset(struct client *c, const struct request *q)
{
	_cleanup_(reset_done) struct reset s = { 0 };
	int r = pick_rows(c, q, &s.before);

	if (!r)
		r = call_with_names(c, q, "ResetTunables", &s.generation);
	if (!r)
		r = pick_rows(c, q, &s.after);
	if (r)
		return r;
	if (request_has(q, OPT_JSON))
		print_reset_json(&s);
	else if (request_has(q, OPT_DRY_RUN))
		puts("would be accepted");
	else
		print_reset(c, q, &s);
	return CTL_OK;
}

/* What cannot be saved stays behind when all is asked for. */
static int print_left(struct client *c)
{
	_cleanup_(json_putp) json_object *left = NULL;
	int r = client_get(c, CLIENT_INTERFACE, "UnsavedTunables", &left);

	for (size_t i = 0; !r && i < json_length(left); i++) {
		int id = tunable_by_name(json_text(json_at(left, i)));

		if (id >= 0)
			printf("%s cannot be saved; why: wd40ctl save %s\n", tunables[id].key,
			       tunables[id].key);
	}
	return r;
}

int verb_save(struct client *c, const struct request *q)
{
	_cleanup_(json_putp) json_object *path = NULL;
	int r = call_with_names(c, q, "SaveTunables", &path);

	if (r)
		return r;
	if (request_has(q, OPT_JSON)) {
		print_json("path", path);
		return CTL_OK;
	}
	if (json_object_get_string_len(path))
		printf("saved in %s\n", json_text(path));
	else
		puts("nothing to save");
	return q->nr_args ? CTL_OK : print_left(c);
}
