/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sources of config/ share, and nobody else: values by layer, and problems. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/files.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* A layer's value of one tunable. path is owned, and set when the value comes from a file. */
struct slot {
	bool set;
	struct tunable_value value;
	char *path;
	unsigned int line;
	uid_t uid;
	char *unit, *reason; /* owned, may be NULL */
};

struct layer {
	struct slot slots[NR_TUNABLES];
};

struct config {
	char *root;
	char *file;  /* of --config, or NULL */
	char **read; /* NULL-terminated */
	uint32_t nr_problems;
	struct layer layers[NR_LAYERS];

	/* derived from the layers: borrowed values, and the layer each is from */
	struct tunable_set effective;
	enum config_layer from[NR_TUNABLES];

	config_judge_fn judge; /* or NULL */
	void *judge_userdata;
};

/* Empties what owns something; harmless when it is empty. */
void slot_done(enum tunable_id id, struct slot *slot);
void layer_done(struct layer *layer);

/* Replace what slot holds by a copy of from (-ENOMEM), or by from itself, which is empty then. */
int slot_copy(enum tunable_id id, const struct slot *from, struct slot *slot);
void slot_move(enum tunable_id id, struct slot *from, struct slot *slot);

/* Frees a NULL-terminated array of paths, which may be NULL. */
void paths_free(char **paths);

/* The values on top of n layers, lowest first, borrowed from them; from[id]: index of the layer. */
void layers_merge(const struct layer *const *layers, size_t n, struct tunable_set *ret,
		  size_t from[NR_TUNABLES]);

/* Derives the effective values anew. */
void config_update(struct config *c);

/* The values of the layers below the runtime one, with above on top, which may be NULL; borrowed. */
void config_merge_below(const struct config *c, const struct layer *above, struct tunable_set *ret,
			size_t from[NR_TUNABLES]);

/* Refuses values that break a rule, in the name of the one from the highest layer: -EINVAL, -ENOMEM. */
int config_check_rules(const struct tunable_set *set, const size_t from[NR_TUNABLES],
		       struct config_problem *problem);

/*
 * Refuses values that the machine cannot have: -EINVAL, the tunable to blame and the problem, whose
 * message ends with consequence; -ENOMEM. The other: what set has that is not in force.
 */
int config_judge(const struct config *c, const struct tunable_set *set, tunable_mask changed,
		 const char *consequence, enum tunable_id *blamed, struct config_problem *problem);
int config_judge_change(const struct config *c, const struct tunable_set *set,
			struct config_problem *problem);

/*
 * Fills a problem. path may be NULL and key "": it belongs to no file, or to no key. format makes
 * the message behind "key: ". Texts from users become printable ASCII and are shortened to fit,
 * but for those that go through format.
 */
void problem_fill(struct config_problem *p, enum config_error error, const char *path,
		  unsigned int line, const char *key, const char *value, const char *format, ...)
	_printf_(7, 8);

/* Text refused with err and why, as tunable_parse does. Returns -EINVAL, or -ENOMEM. */
int problem_fill_refused(struct config_problem *p, int err, enum tunable_id id, const char *text,
			 const char *why);

/*
 * A rule that the values of set break, told for id, one of the two. consequence ends the message.
 * Returns -EINVAL, or -ENOMEM.
 */
int problem_fill_conflict(struct config_problem *p, const struct tunable_conflict *conflict,
			  const struct tunable_set *set, enum tunable_id id,
			  const char *consequence);

/* Adds where the slot's value was found, if it was in a file. */
void problem_set_place(struct config_problem *p, const struct slot *slot);

/*
 * What the files say by now, as one layer, but for values of ids in the daemon's drop-in: those it had
 * are added to *held. -ENOMEM. *ret: layer_done.
 */
int config_read_without(const struct config *c, tunable_mask ids, config_report_fn report,
			void *userdata, struct layer *ret, tunable_mask *held);

/* Whether path is that of the daemon's drop-in. */
bool config_is_saved_path(const struct config *c, const char *path);

/* Who hears of problems, and how many there were. */
struct reporter {
	config_report_fn fn; /* may be NULL */
	void *userdata;
	int nr_problems;
};

void config_report(struct reporter *reporter, const struct config_problem *problem);

/*
 * Reads a file into an empty layer and reports each problem. Returns 1, or 0 when the file was not
 * read, because of a problem or because it need not exist; -ENOMEM.
 */
int config_read_file(const struct config_file *file, struct layer *layer,
		     struct reporter *reporter);
