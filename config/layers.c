/* SPDX-License-Identifier: GPL-2.0-only */
/* Slots and layers of values. */
#include "config/layers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void slot_done(enum tunable_id id, struct slot *slot)
{
	if (slot->set)
		tunable_value_done(id, &slot->value);
	free(slot->path);
	free(slot->unit);
	free(slot->reason);
	*slot = (struct slot){ 0 };
}

void layer_done(struct layer *layer)
{
	for (int id = 0; id < NR_TUNABLES; id++)
		slot_done(id, &layer->slots[id]);
}

/* A text that may be NULL. */
static int copy_text(const char *from, char **ret)
{
	*ret = from ? strdup(from) : NULL;
	return from && !*ret ? -ENOMEM : 0;
}

int slot_copy(enum tunable_id id, const struct slot *from, struct slot *slot)
{
	struct slot copy = { .line = from->line, .uid = from->uid };
	int r;

	r = copy_text(from->path, &copy.path);
	if (r == 0)
		r = copy_text(from->unit, &copy.unit);
	if (r == 0)
		r = copy_text(from->reason, &copy.reason);
	if (r == 0 && from->set)
		r = tunable_value_copy(id, &from->value, &copy.value);
	if (r < 0) {
		slot_done(id, &copy);
		return r;
	}
	copy.set = from->set;
	slot_done(id, slot);
	*slot = copy;
	return 0;
}

void slot_move(enum tunable_id id, struct slot *from, struct slot *slot)
{
	slot_done(id, slot);
	*slot = *from;
	*from = (struct slot){ 0 };
}

void paths_free(char **paths)
{
	for (char **path = paths; path && *path; path++)
		free(*path);
	free(paths);
}

void layers_merge(const struct layer *const *layers, size_t n, struct tunable_set *ret,
		  size_t from[NR_TUNABLES])
{
	for (size_t i = 0; i < n; i++) {
		for (int id = 0; id < NR_TUNABLES; id++) {
			if (!layers[i]->slots[id].set)
				continue;
			ret->values[id] = layers[i]->slots[id].value;
			from[id] = i;
		}
	}
}
