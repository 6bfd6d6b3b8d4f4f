/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes at run time: the layer above all others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/layers.h"

struct config_memory {
	struct layer files, runtime;
};

static int set_author(struct slot *slot, const struct config_author *author)
{
	slot->uid = author->uid;
	slot->unit = author->unit ? strdup(author->unit) : NULL;
	slot->reason = author->reason ? strdup(author->reason) : NULL;
	return (author->unit && !slot->unit) || (author->reason && !slot->reason) ? -ENOMEM : 0;
}

static int refuse_change(const struct config_change *change, int err, const char *why,
			 struct config_problem *problem)
{
	_cleanup_(freep) char *text = tunable_show(change->id, &change->value);

	return text ? problem_fill_refused(problem, err, change->id, text, why) : -ENOMEM;
}

/* Checks each change for itself and puts it into layer. */
static int take_change(struct layer *layer, const struct config_change *change,
		       const struct config_author *author, struct config_problem *problem)
{
	char why[TUNABLE_WHY_MAX] = "";
	struct slot slot = { 0 };
	int r;

	r = tunable_normalize(change->id, &change->value, &slot.value, why);
	if (r < 0)
		return refuse_change(change, r, why, problem);
	slot.set = true;
	r = set_author(&slot, author);
	if (r == 0)
		slot_move(change->id, &slot, &layer->slots[change->id]);
	slot_done(change->id, &slot);
	return r;
}

/* With changed on top of the runtime layer, so that a conflict is told of what was asked for. */
static int check_result(const struct config *c, const struct layer *files,
			const struct layer *runtime, const struct layer *changed,
			struct config_problem *problem)
{
	const struct layer *const layers[] = {
		&c->layers[LAYER_DEFAULT], files, &c->layers[LAYER_COMMAND_LINE], runtime, changed,
	};
	size_t from[NR_TUNABLES];
	struct tunable_set set;
	int r;

	layers_merge(layers, ARRAY_SIZE(layers), &set, from);
	r = config_check_rules(&set, from, problem);
	return r < 0 ? r : config_judge_change(c, &set, problem);
}

int config_set_runtime(struct config *c, const struct config_change *changes, size_t n,
		       const struct config_author *author, struct config_problem *problem)
{
	_cleanup_(layer_done) struct layer changed = { 0 };
	struct layer *runtime = &c->layers[LAYER_RUNTIME];
	int r;

	for (size_t i = 0; i < n; i++) {
		r = take_change(&changed, &changes[i], author, problem);
		if (r < 0)
			return r;
	}
	r = check_result(c, &c->layers[LAYER_FILE], runtime, &changed, problem);
	if (r < 0)
		return r;
	for (int id = 0; id < NR_TUNABLES; id++)
		if (changed.slots[id].set)
			slot_move(id, &changed.slots[id], &runtime->slots[id]);
	config_update(c);
	return 0;
}

/* What is left of a layer without the values of ids; borrowed from it. */
static struct layer layer_without(const struct layer *layer, tunable_mask ids)
{
	struct layer rest = *layer;

	for (int id = 0; id < NR_TUNABLES; id++)
		if (ids & TUNABLE_BIT(id))
			rest.slots[id] = (struct slot){ 0 };
	return rest;
}

static void clear_runtime(struct config *c, tunable_mask ids)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		if (ids & TUNABLE_BIT(id))
			slot_done(id, &c->layers[LAYER_RUNTIME].slots[id]);
	config_update(c);
}

int config_reset_runtime(struct config *c, tunable_mask ids, struct config_problem *problem)
{
	struct layer rest = layer_without(&c->layers[LAYER_RUNTIME], ids), none = { 0 };
	int r = check_result(c, &c->layers[LAYER_FILE], &rest, &none, problem);

	if (r < 0)
		return r;
	clear_runtime(c, ids);
	return 0;
}

/* Those of ids whose value in force, as far as files go, is from the daemon's drop-in. */
static tunable_mask from_saved(const struct config *c, tunable_mask ids)
{
	tunable_mask ret = 0;

	for (int id = 0; id < NR_TUNABLES; id++) {
		const struct slot *slot = &c->layers[LAYER_FILE].slots[id];

		if ((ids & TUNABLE_BIT(id)) && slot->set && config_is_saved_path(c, slot->path))
			ret |= TUNABLE_BIT(id);
	}
	return ret;
}

/* Makes what the files say of ids that of fresh, which is empty there then. */
static void take_from_files(struct config *c, tunable_mask ids, struct layer *fresh)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		if (ids & TUNABLE_BIT(id))
			slot_move(id, &fresh->slots[id], &c->layers[LAYER_FILE].slots[id]);
}

int config_reset_saved(struct config *c, tunable_mask ids, config_report_fn report, void *userdata,
		       struct config_problem *problem)
{
	_cleanup_(layer_done) struct layer fresh = { 0 };
	struct layer rest = layer_without(&c->layers[LAYER_RUNTIME], ids), none = { 0 }, files;
	tunable_mask saved = from_saved(c, ids);
	int r;

	r = config_read_without(c, ids, report, userdata, &fresh, &saved);
	if (r < 0)
		return r;
	files = c->layers[LAYER_FILE];
	for (int id = 0; id < NR_TUNABLES; id++)
		if (saved & TUNABLE_BIT(id))
			files.slots[id] = fresh.slots[id];
	r = check_result(c, &files, &rest, &none, problem);
	if (r < 0)
		return r;
	take_from_files(c, saved, &fresh);
	clear_runtime(c, ids);
	return 0;
}

tunable_mask config_runtime(const struct config *c)
{
	tunable_mask ids = 0;

	for (int id = 0; id < NR_TUNABLES; id++)
		if (c->layers[LAYER_RUNTIME].slots[id].set)
			ids |= TUNABLE_BIT(id);
	return ids;
}

tunable_mask config_unsaved(const struct config *c)
{
	tunable_mask ids = config_runtime(c);
	size_t from[NR_TUNABLES];
	struct tunable_set below;

	config_merge_below(c, NULL, &below, from);
	for (int id = 0; id < NR_TUNABLES; id++)
		if (tunable_value_equal(id, &below.values[id], &c->effective.values[id]))
			ids &= ~TUNABLE_BIT(id);
	return ids;
}

static int copy_layer(const struct layer *from, struct layer *ret)
{
	int r = 0;

	for (int id = 0; r == 0 && id < NR_TUNABLES; id++)
		r = slot_copy(id, &from->slots[id], &ret->slots[id]);
	return r;
}

int config_remember(const struct config *c, struct config_memory **ret)
{
	_cleanup_(config_memory_freep) struct config_memory *memory = calloc(1, sizeof(*memory));

	if (!memory || copy_layer(&c->layers[LAYER_FILE], &memory->files) < 0 ||
	    copy_layer(&c->layers[LAYER_RUNTIME], &memory->runtime) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(memory);
	return 0;
}

struct config_memory *config_memory_free(struct config_memory *memory)
{
	if (!memory)
		return NULL;
	layer_done(&memory->files);
	layer_done(&memory->runtime);
	free(memory);
	return NULL;
}

static void swap_layers(struct layer *a, struct layer *b)
{
	struct layer layer = *a;

	*a = *b;
	*b = layer;
}

void config_swap(struct config *c, struct config_memory *memory)
{
	swap_layers(&c->layers[LAYER_FILE], &memory->files);
	swap_layers(&c->layers[LAYER_RUNTIME], &memory->runtime);
	config_update(c);
}
