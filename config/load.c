/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading all files into one layer. Everything is made beside the configuration and put into it in
 * one step at the end, so running out of memory changes nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/files.h"
#include "config/layers.h"

struct load {
	struct reporter reporter;
	struct config_file_list list;
	struct layer *layers; /* one for each file in list */
	char **read;          /* NULL-terminated */
	size_t nr_read;
	tunable_mask without; /* values to be left out of the daemon's drop-in */
	tunable_mask held;    /* those of them that it had */
};

static void load_done(struct load *l)
{
	for (size_t i = 0; l->layers && i < l->list.n; i++)
		layer_done(&l->layers[i]);
	free(l->layers);
	paths_free(l->read);
	config_file_list_done(&l->list);
}

bool config_is_saved_path(const struct config *c, const char *path)
{
	size_t n = strlen(c->root);

	return strncmp(path, c->root, n) == 0 && strcmp(path + n, CONFIG_SAVED_PATH) == 0;
}

static void leave_out(struct load *l, struct layer *layer)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		if ((l->without & TUNABLE_BIT(id)) && layer->slots[id].set) {
			l->held |= TUNABLE_BIT(id);
			slot_done(id, &layer->slots[id]);
		}
}

static int load_files(struct load *l, const struct config *c)
{
	int r = config_file_list_make(c->root, c->file, &l->list);

	if (r < 0)
		return r;
	l->layers = calloc(l->list.n, sizeof(*l->layers));
	l->read = calloc(l->list.n + 1, sizeof(*l->read));
	if (!l->layers || !l->read)
		return -ENOMEM;
	for (size_t i = 0; i < l->list.n; i++) {
		struct config_file *file = &l->list.files[i];

		r = config_read_file(file, &l->layers[i], &l->reporter);
		if (r < 0)
			return r;
		if (config_is_saved_path(c, file->path))
			leave_out(l, &l->layers[i]);
		if (r > 0)
			l->read[l->nr_read++] = TAKE_PTR(file->path);
	}
	return 0;
}

/* Drops what the higher of two layers says on the conflict: one value, or both. */
static int drop_conflict(struct load *l, const struct tunable_conflict *conflict,
			 const struct tunable_set *set, const size_t from[NR_TUNABLES])
{
	enum tunable_id first = conflict->ids[0], second = conflict->ids[1];
	enum tunable_id told = from[second] > from[first] ? second : first;
	struct layer *top = &l->layers[from[told] - 1];
	struct config_problem p;

	if (problem_fill_conflict(&p, conflict, set, told, "; ignored") == -ENOMEM)
		return -ENOMEM;
	problem_set_place(&p, &top->slots[told]);
	config_report(&l->reporter, &p);
	slot_done(first, &top->slots[first]);
	slot_done(second, &top->slots[second]);
	return 0;
}

/*
 * Drops the highest value that breaks a rule or that the machine cannot have: 1, or 0 when there is
 * none. The machine is to have the defaults.
 */
static int drop_one(struct load *l, const struct config *c, const struct tunable_set *set,
		    const size_t from[NR_TUNABLES])
{
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];
	tunable_mask of_files = 0; /* the machine need not be looked at for others */
	struct config_problem p;
	enum tunable_id id;
	struct slot *slot;
	int r;

	if (tunable_set_conflicts(set, conflicts) > 0)
		return drop_conflict(l, &conflicts[0], set, from) < 0 ? -ENOMEM : 1;
	for (int i = 0; i < NR_TUNABLES; i++)
		of_files |= from[i] ? TUNABLE_BIT(i) : 0;
	r = config_judge(c, set, of_files, "; ignored", &id, &p);
	if (r != -EINVAL || !from[id])
		return r == -ENOMEM ? r : 0;
	slot = &l->layers[from[id] - 1].slots[id];
	problem_set_place(&p, slot);
	config_report(&l->reporter, &p);
	slot_done(id, slot);
	return 1;
}

/*
 * Makes the files fit each other and the machine. A layer's index in the merge is its height; that
 * of the defaults is 0, and they break no rule, so this comes to an end.
 */
static int settle_files(struct load *l, const struct config *c, const struct layer **layers,
			struct layer *ret)
{
	size_t from[NR_TUNABLES], n = l->list.n + 1;
	struct tunable_set set;
	int r;

	do {
		layers_merge(layers, n, &set, from);
		r = drop_one(l, c, &set, from);
	} while (r > 0);
	if (r < 0)
		return r;
	for (int id = 0; id < NR_TUNABLES; id++)
		if (from[id] > 0)
			slot_move(id, &l->layers[from[id] - 1].slots[id], &ret->slots[id]);
	return 0;
}

/* All files as one layer. */
static int flatten_files(struct load *l, const struct config *c, struct layer *ret)
{
	_cleanup_(freep) const struct layer **layers = calloc(l->list.n + 1, sizeof(*layers));

	if (!layers)
		return -ENOMEM;
	layers[0] = &c->layers[LAYER_DEFAULT];
	for (size_t i = 0; i < l->list.n; i++)
		layers[i + 1] = &l->layers[i];
	return settle_files(l, c, layers, ret);
}

/* The tunable of the conflict that the layer sets, or -ENOENT. */
static int involved(const struct layer *layer, const struct tunable_conflict *conflict)
{
	for (int i = 0; i < 2; i++)
		if (layer->slots[conflict->ids[i]].set)
			return (int)conflict->ids[i];
	return -ENOENT;
}

/* Takes the files' former values where the new ones conflict with layers above. */
static int keep_former(struct load *l, const struct layer *former, struct layer *files,
		       const struct tunable_conflict *conflict, const struct tunable_set *set)
{
	struct config_problem p;
	int id = involved(files, conflict);

	if (id < 0)
		id = involved(former, conflict);
	if (id < 0)
		return 0; /* the files have no part in it */
	if (problem_fill_conflict(&p, conflict, set, id, "; the former value stays") == -ENOMEM)
		return -ENOMEM;
	problem_set_place(&p, &files->slots[id]);
	config_report(&l->reporter, &p);
	for (int i = 0; i < 2; i++) {
		enum tunable_id one = conflict->ids[i];

		if (slot_copy(one, &former->slots[one], &files->slots[one]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* No tunable is in two rules, and the former values keep them all: once through is enough. */
static int settle_with_layers_above(struct load *l, const struct config *c, struct layer *files)
{
	const struct layer *const layers[NR_LAYERS] = {
		&c->layers[LAYER_DEFAULT],
		files,
		&c->layers[LAYER_COMMAND_LINE],
		&c->layers[LAYER_RUNTIME],
	};
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];
	size_t from[NR_TUNABLES], n;
	struct tunable_set set;
	int r = 0;

	layers_merge(layers, NR_LAYERS, &set, from);
	n = tunable_set_conflicts(&set, conflicts);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = keep_former(l, &c->layers[LAYER_FILE], files, &conflicts[i], &set);
	return r;
}

static void commit(struct config *c, struct load *l, const struct layer *files)
{
	layer_done(&c->layers[LAYER_FILE]);
	c->layers[LAYER_FILE] = *files;
	paths_free(c->read);
	c->read = TAKE_PTR(l->read);
	c->nr_problems = (uint32_t)l->reporter.nr_problems;
	config_update(c);
}

static int load(struct load *l, const struct config *c, struct layer *files)
{
	int r;

	r = load_files(l, c);
	if (r == 0)
		r = flatten_files(l, c, files);
	if (r == 0)
		r = settle_with_layers_above(l, c, files);
	return r;
}

int config_load(struct config *c, config_report_fn report, void *userdata)
{
	_cleanup_(load_done) struct load l = { .reporter = { report, userdata, 0 } };
	struct layer files = { 0 };
	int r;

	r = load(&l, c, &files);
	if (r < 0) {
		layer_done(&files);
		return r;
	}
	commit(c, &l, &files);
	return l.reporter.nr_problems;
}

int config_try_load(const struct config *c, config_report_fn report, void *userdata)
{
	_cleanup_(load_done) struct load l = { .reporter = { report, userdata, 0 } };
	_cleanup_(layer_done) struct layer files = { 0 };
	int r = load(&l, c, &files);

	return r < 0 ? r : l.reporter.nr_problems;
}

int config_read_without(const struct config *c, tunable_mask ids, config_report_fn report,
			void *userdata, struct layer *ret, tunable_mask *held)
{
	_cleanup_(load_done) struct load l = { .reporter = { report, userdata, 0 },
					       .without = ids };
	int r;

	r = load_files(&l, c);
	if (r == 0)
		r = flatten_files(&l, c, ret);
	*held |= l.held;
	return r;
}
