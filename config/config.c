/* SPDX-License-Identifier: GPL-2.0-only */
/* The layers of values. Reading files is load.c's, changes at run time are runtime.c's. */
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

const char *config_origin_name(const struct config_origin *origin)
{
	if (origin->layer == LAYER_FILE && strstr(origin->path, "/wd40d.ini.d/"))
		return "drop-in";
	return config_layer_name(origin->layer);
}

void config_merge_below(const struct config *c, const struct layer *above, struct tunable_set *ret,
			size_t from[NR_TUNABLES])
{
	const struct layer *layers[NR_LAYERS];
	size_t n = 0;

	for (int i = 0; i < LAYER_RUNTIME; i++)
		layers[n++] = &c->layers[i];
	if (above)
		layers[n++] = above;
	layers_merge(layers, n, ret, from);
}

void config_update(struct config *c)
{
	size_t from[NR_TUNABLES];

	config_merge_below(c, &c->layers[LAYER_RUNTIME], &c->effective, from);
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

uint32_t config_nr_problems(const struct config *c)
{
	return c->nr_problems;
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

int config_check_rules(const struct tunable_set *set, const size_t from[NR_TUNABLES],
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

	config_merge_below(c, NULL, &set, from);
	return config_check_rules(&set, from, problem);
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
		.unit = slot->unit,
		.reason = slot->reason,
	};
}
