/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving values that were set at run time, in a drop-in that is the daemon's own. The administrator's
 * files are read, never written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/files.h"
#include "config/layers.h"
#include "util/file.h"

#define HEADER_LINES 2
static const char header[] =
	"# Values saved by D-Bus. wd40d replaces this file: write into another one.\n"
	"[wd40d]\n";

/* The drop-in as it is to become. Values are borrowed from what it held and the runtime layer. */
struct save {
	char *path;
	struct layer held;
	struct layer wanted; /* borrowed */
	char *text;
	size_t size;
	unsigned int lines[NR_TUNABLES]; /* where each value stands, 0: nowhere */
	char *paths[NR_TUNABLES];        /* for the slots of values that move */
	char *listed, **read;            /* for the list of files, with room for one more */
};

static void save_done(struct save *s)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		free(s->paths[id]);
	layer_done(&s->held);
	free(s->listed);
	free(s->read);
	free(s->text);
	free(s->path);
}

static int begin(struct save *s, const struct config *c)
{
	struct reporter silent = { 0 };
	struct config_file file = { .optional = true };
	int r;

	if (asprintf(&s->path, "%s%s", c->root, CONFIG_SAVED_PATH) < 0) {
		s->path = NULL;
		return -ENOMEM;
	}
	file.path = s->path;
	r = config_read_file(&file, &s->held, &silent);
	s->wanted = s->held;
	return r < 0 ? r : 0;
}

/* When the file of that path is read: before ours (below 0), in its stead (0), or after it. */
static int compare_with_ours(const char *path)
{
	const char *name = strrchr(path, '/') + 1, *ours = strrchr(CONFIG_SAVED_PATH, '/') + 1;

	return strstr(path, "/wd40d.ini.d/") ? strcmp(name, ours) : -1;
}

static int check_read_at_all(const struct config *c, struct config_problem *problem)
{
	if (!c->file)
		return 0;
	problem_fill(problem, CONFIG_NOT_SAVED, NULL, 0, "", "",
		     "the daemon reads no drop-ins, but %.200s alone (--config)", c->file);
	return -EINVAL;
}

/* Something above the drop-in would hide the saved value. */
static int check_visible(const struct config *c, enum tunable_id id, struct config_problem *problem)
{
	const struct slot *file = &c->layers[LAYER_FILE].slots[id];

	if (c->layers[LAYER_COMMAND_LINE].slots[id].set)
		problem_fill(problem, CONFIG_NOT_SAVED, NULL, 0, tunables[id].key, "",
			     "the command line sets it, over anything that is saved");
	else if (file->set && compare_with_ours(file->path) > 0)
		problem_fill(problem, CONFIG_NOT_SAVED, NULL, 0, tunables[id].key, "",
			     "%.200s:%u sets it, over anything that is saved", file->path,
			     file->line);
	else
		return 0;
	return -EINVAL;
}

/* A part of what was set may break a rule that the whole keeps. */
static int check_after_restart(const struct config *c, const struct layer *moving,
			       struct config_problem *problem)
{
	const struct layer *const layers[] = {
		&c->layers[LAYER_DEFAULT],
		&c->layers[LAYER_FILE],
		moving,
		&c->layers[LAYER_COMMAND_LINE],
	};
	size_t from[NR_TUNABLES];
	struct tunable_set set;

	layers_merge(layers, ARRAY_SIZE(layers), &set, from);
	return config_check_rules(&set, from, problem);
}

static int want(struct save *s, const struct config *c, tunable_mask ids,
		struct config_problem *problem)
{
	struct layer moving = { 0 };
	int r = check_read_at_all(c, problem);

	if (r < 0)
		return r;
	for (int id = 0; id < NR_TUNABLES; id++) {
		if (!(ids & TUNABLE_BIT(id)))
			continue;
		r = check_visible(c, id, problem);
		if (r < 0)
			return r;
		s->paths[id] = strdup(s->path);
		if (!s->paths[id])
			return -ENOMEM;
		moving.slots[id] = s->wanted.slots[id] = c->layers[LAYER_RUNTIME].slots[id];
	}
	return check_after_restart(c, &moving, problem);
}

static int write_value(FILE *f, enum tunable_id id, const struct tunable_value *value)
{
	_cleanup_(freep) char *text = tunable_format(id, value);
	const char *quote = tunables[id].type == TUNABLE_LIST ? "\"" : "";

	if (!text)
		return -ENOMEM;
	fprintf(f, "%s = %s%s%s\n", tunables[id].key, quote, text, quote);
	return 0;
}

static int make_text(struct save *s)
{
	_cleanup_(fclosep) FILE *f = open_memstream(&s->text, &s->size);
	unsigned int line = HEADER_LINES;
	int r = 0;

	if (!f)
		return -ENOMEM;
	fputs(header, f);
	for (int id = 0; r == 0 && id < NR_TUNABLES; id++) {
		if (!s->wanted.slots[id].set)
			continue;
		s->lines[id] = ++line;
		r = write_value(f, id, &s->wanted.slots[id].value);
	}
	return r == 0 && fflush(f) != 0 ? -ENOMEM : r;
}

static int make_room(struct save *s, const struct config *c)
{
	size_t n = 0;

	while (c->read[n])
		n++;
	s->listed = strdup(s->path);
	s->read = calloc(n + 2, sizeof(*s->read));
	return s->listed && s->read ? 0 : -ENOMEM;
}

static int write_out(struct save *s, const struct config *c, struct config_problem *problem)
{
	int r = make_text(s);

	if (r == 0)
		r = make_room(s, c);
	if (r < 0)
		return r;
	r = file_replace(s->path, s->text, s->size, 0644);
	if (r == 0 || r == -ENOMEM)
		return r;
	problem_fill(problem, CONFIG_NOT_SAVED, s->path, 0, "", "", "%.300s cannot be written: %s",
		     s->path,
		     r == -ELOOP     ? "it is a symbolic link"
		     : r == -EEXIST  ? "it is not a file"
		     : r == -ENOTDIR ? "its folder is a symbolic link, or is none"
				     : strerror(-r));
	return -EINVAL;
}

/* Ours is among the files now, where the next load finds it. */
static void update_files(struct save *s, struct config *c)
{
	size_t i = 0, n = 0;

	while (c->read[i] && compare_with_ours(c->read[i]) < 0)
		s->read[n++] = c->read[i++];
	s->read[n++] = TAKE_PTR(s->listed);
	if (c->read[i] && compare_with_ours(c->read[i]) == 0)
		free(c->read[i++]);
	while (c->read[i])
		s->read[n++] = c->read[i++];
	free(c->read);
	c->read = TAKE_PTR(s->read);
}

/* The drop-in's other values may stand elsewhere now. */
static void update_lines(const struct save *s, struct config *c)
{
	for (int id = 0; id < NR_TUNABLES; id++) {
		struct slot *slot = &c->layers[LAYER_FILE].slots[id];

		if (slot->set && strcmp(slot->path, s->path) == 0)
			slot->line = s->lines[id];
	}
}

/* Cannot fail any more: the values are in the file. */
static void move_saved(struct save *s, struct config *c, tunable_mask ids)
{
	struct layer *files = &c->layers[LAYER_FILE], *runtime = &c->layers[LAYER_RUNTIME];

	for (int id = 0; id < NR_TUNABLES; id++) {
		struct slot *slot = &runtime->slots[id];

		if (!(ids & TUNABLE_BIT(id)))
			continue;
		free(slot->unit);
		free(slot->reason);
		slot->unit = slot->reason = NULL;
		slot->path = TAKE_PTR(s->paths[id]);
		slot_move(id, slot, &files->slots[id]);
	}
	update_files(s, c);
	update_lines(s, c);
	config_update(c);
}

/* Who asks for all of them gets those that can be, if any. */
static tunable_mask saveable(const struct config *c, tunable_mask ids)
{
	tunable_mask set = ids & config_runtime(c), visible = set;
	struct config_problem unused;

	if (ids != TUNABLES_ALL)
		return set;
	for (int id = 0; id < NR_TUNABLES; id++)
		if ((set & TUNABLE_BIT(id)) && check_visible(c, id, &unused) < 0)
			visible &= ~TUNABLE_BIT(id);
	return visible ?: set;
}

int config_save(struct config *c, tunable_mask ids, tunable_mask *saved,
		struct config_problem *problem)
{
	_cleanup_(save_done) struct save s = { 0 };
	int r;

	*saved = 0;
	ids = saveable(c, ids);
	if (!ids)
		return 0;
	r = begin(&s, c);
	if (r == 0)
		r = want(&s, c, ids, problem);
	if (r == 0)
		r = write_out(&s, c, problem);
	if (r < 0)
		return r;
	move_saved(&s, c, ids);
	*saved = ids;
	return 0;
}

int config_can_save(const struct config *c, tunable_mask ids, struct config_problem *problem)
{
	_cleanup_(save_done) struct save s = { 0 };
	int r;

	ids = saveable(c, ids);
	if (!ids)
		return 0;
	r = begin(&s, c);
	return r < 0 ? r : want(&s, c, ids, problem);
}

/* *held: what the drop-in has of ids. */
static int want_none(struct save *s, const struct config *c, tunable_mask ids, tunable_mask *held,
		     struct config_problem *problem)
{
	int r = begin(s, c);

	*held = 0;
	if (r < 0)
		return r;
	for (int id = 0; id < NR_TUNABLES; id++) {
		if (!(ids & TUNABLE_BIT(id)) || !s->held.slots[id].set)
			continue;
		s->wanted.slots[id] = (struct slot){ 0 };
		*held |= TUNABLE_BIT(id);
	}
	return *held ? check_read_at_all(c, problem) : 0;
}

int config_forget(struct config *c, tunable_mask ids, tunable_mask *forgotten,
		  struct config_problem *problem)
{
	_cleanup_(save_done) struct save s = { 0 };
	tunable_mask held;
	int r;

	*forgotten = 0;
	r = want_none(&s, c, ids, &held, problem);
	if (r < 0 || !held)
		return r;
	r = write_out(&s, c, problem);
	if (r < 0)
		return r;
	update_files(&s, c);
	update_lines(&s, c);
	*forgotten = held;
	return 0;
}

int config_can_forget(const struct config *c, tunable_mask ids, struct config_problem *problem)
{
	_cleanup_(save_done) struct save s = { 0 };
	tunable_mask held;

	return want_none(&s, c, ids, &held, problem);
}
