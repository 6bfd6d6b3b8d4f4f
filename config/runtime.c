/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes at run time: the layer above all others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/layers.h"

struct config_memory {
	struct layer layer;
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
	_cleanup_(freep) char *text = tunable_format(change->id, &change->value);

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
static int check_result(const struct config *c, const struct layer *runtime,
			const struct layer *changed, struct config_problem *problem)
{
	const struct layer *const layers[] = {
		&c->layers[LAYER_DEFAULT],
		&c->layers[LAYER_FILE],
		&c->layers[LAYER_COMMAND_LINE],
		runtime,
		changed,
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
	r = check_result(c, runtime, &changed, problem);
	if (r < 0)
		return r;
	for (int id = 0; id < NR_TUNABLES; id++)
		if (changed.slots[id].set)
			slot_move(id, &changed.slots[id], &runtime->slots[id]);
	config_update(c);
	return 0;
}

int config_reset_runtime(struct config *c, tunable_mask ids, struct config_problem *problem)
{
	struct layer *runtime = &c->layers[LAYER_RUNTIME], result = *runtime, none = { 0 };
	int r;

	for (int id = 0; id < NR_TUNABLES; id++)
		if (ids & TUNABLE_BIT(id))
			result.slots[id] = (struct slot){ 0 };
	r = check_result(c, &result, &none, problem);
	if (r < 0)
		return r;
	for (int id = 0; id < NR_TUNABLES; id++)
		if (ids & TUNABLE_BIT(id))
			slot_done(id, &runtime->slots[id]);
	config_update(c);
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

int config_remember(const struct config *c, struct config_memory **ret)
{
	_cleanup_(config_memory_freep) struct config_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	for (int id = 0; id < NR_TUNABLES; id++) {
		const struct slot *slot = &c->layers[LAYER_RUNTIME].slots[id];

		if (slot_copy(id, slot, &memory->layer.slots[id]) < 0)
			return -ENOMEM;
	}
	*ret = TAKE_PTR(memory);
	return 0;
}

struct config_memory *config_memory_free(struct config_memory *memory)
{
	if (memory)
		layer_done(&memory->layer);
	free(memory);
	return NULL;
}

void config_swap(struct config *c, struct config_memory *memory)
{
	struct layer layer = memory->layer;

	memory->layer = c->layers[LAYER_RUNTIME];
	c->layers[LAYER_RUNTIME] = layer;
	config_update(c);
}
