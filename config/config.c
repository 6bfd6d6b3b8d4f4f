/* SPDX-License-Identifier: GPL-2.0-only */
/* The layers of values; reading files is load.c's. */
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/layers.h"

static const char *const layer_names[] = {
	[LAYER_DEFAULT] = "default",
	[LAYER_FILE] = "file",
	[LAYER_COMMAND_LINE] = "command-line",
	[LAYER_RUNTIME] = "runtime",
};
_Static_assert(ARRAY_SIZE(layer_names) == NR_LAYERS, "each layer has a name");

const char *config_layer_name(enum config_layer layer)
{
	return layer_names[layer];
}

/* Merges the layers up to top and another one above them, which may be NULL. */
static void merge_up_to(const struct config *c, enum config_layer top, const struct layer *above,
			struct tunable_set *ret, size_t from[NR_TUNABLES])
{
	const struct layer *layers[NR_LAYERS + 1];
	size_t n = 0;

	for (int i = 0; i <= (int)top; i++)
		layers[n++] = &c->layers[i];
	if (above)
		layers[n++] = above;
	layers_merge(layers, n, ret, from);
}

void config_update(struct config *c)
{
	size_t from[NR_TUNABLES];

	merge_up_to(c, LAYER_RUNTIME, NULL, &c->effective, from);
	for (int id = 0; id < NR_TUNABLES; id++)
		c->from[id] = (enum config_layer)from[id];
}

static int set_defaults(struct layer *layer)
{
	char why[TUNABLE_WHY_MAX];

	for (int id = 0; id < NR_TUNABLES; id++) {
		struct slot *slot = &layer->slots[id];
		int r = tunable_parse(id, tunables[id].default_text, &slot->value, why);

		if (r < 0)
			return r;
		slot->set = true;
	}
	return 0;
}

int config_new(const char *root, struct config **ret)
{
	_cleanup_(config_freep) struct config *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->root = strdup(root);
	c->read = calloc(1, sizeof(*c->read));
	if (!c->root || !c->read)
		return -ENOMEM;
	r = set_defaults(&c->layers[LAYER_DEFAULT]);
	if (r < 0)
		return r;
	config_update(c);
	*ret = TAKE_PTR(c);
	return 0;
}

struct config *config_free(struct config *c)
{
	if (!c)
		return NULL;
	for (int i = 0; i < NR_LAYERS; i++)
		layer_done(&c->layers[i]);
	paths_free(c->read);
	free(c->root);
	free(c->file);
	free(c);
	return NULL;
}

static int replace_text(char **text, const char *by)
{
	char *copy = strdup(by);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

int config_set_root(struct config *c, const char *root)
{
	return replace_text(&c->root, root);
}

int config_set_file(struct config *c, const char *path)
{
	return replace_text(&c->file, path);
}

const char *const *config_files(const struct config *c)
{
	return (const char *const *)c->read;
}

int config_set_option(struct config *c, enum tunable_id id, const char *text,
		      struct config_problem *problem)
{
	struct slot *slot = &c->layers[LAYER_COMMAND_LINE].slots[id];
	char why[TUNABLE_WHY_MAX] = "";
	struct tunable_value value;
	int r;

	r = tunable_parse(id, text, &value, why);
	if (r < 0)
		return problem_fill_refused(problem, r, id, text, why);
	slot_done(id, slot);
	*slot = (struct slot){ .set = true, .value = value };
	config_update(c);
	return 0;
}

/* Refuses values that break a rule, in the name of the one from the highest layer. */
static int check_rules(const struct tunable_set *set, const size_t from[NR_TUNABLES],
		       struct config_problem *problem)
{
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];
	enum tunable_id first, second;

	if (tunable_set_conflicts(set, conflicts) == 0)
		return 0;
	first = conflicts[0].ids[0];
	second = conflicts[0].ids[1];
	return problem_fill_conflict(problem, &conflicts[0], set,
				     from[second] > from[first] ? second : first, "");
}

int config_check(const struct config *c, struct config_problem *problem)
{
	size_t from[NR_TUNABLES];
	struct tunable_set set;

	merge_up_to(c, LAYER_COMMAND_LINE, NULL, &set, from);
	return check_rules(&set, from, problem);
}

/* Checks each change for itself and puts it into layer. */
static int take_change(struct layer *layer, const struct config_change *change, uid_t uid,
		       struct config_problem *problem)
{
	struct slot slot = { .set = true, .uid = uid };
	_cleanup_(freep) char *text = NULL;
	char why[TUNABLE_WHY_MAX] = "";
	int r;

	r = tunable_normalize(change->id, &change->value, &slot.value, why);
	if (r == 0) {
		slot_move(change->id, &slot, &layer->slots[change->id]);
		return 0;
	}
	text = tunable_format(change->id, &change->value);
	if (!text)
		return -ENOMEM;
	return problem_fill_refused(problem, r, change->id, text, why);
}

int config_set_runtime(struct config *c, const struct config_change *changes, size_t n, uid_t uid,
		       bool dry_run, struct config_problem *problem)
{
	_cleanup_(layer_done) struct layer changed = { 0 };
	size_t from[NR_TUNABLES];
	struct tunable_set set;
	int r;

	for (size_t i = 0; i < n; i++) {
		r = take_change(&changed, &changes[i], uid, problem);
		if (r < 0)
			return r;
	}
	merge_up_to(c, LAYER_RUNTIME, &changed, &set, from);
	r = check_rules(&set, from, problem);
	if (r < 0 || dry_run)
		return r;
	for (int id = 0; id < NR_TUNABLES; id++)
		if (changed.slots[id].set)
			slot_move(id, &changed.slots[id], &c->layers[LAYER_RUNTIME].slots[id]);
	config_update(c);
	return 0;
}

const struct tunable_set *config_values(const struct config *c)
{
	return &c->effective;
}

struct config_origin config_origin(const struct config *c, enum tunable_id id)
{
	const struct slot *slot = &c->layers[c->from[id]].slots[id];

	return (struct config_origin){
		.layer = c->from[id],
		.path = slot->path,
		.line = slot->line,
		.uid = slot->uid,
	};
}
