/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration: layers of values over the table, lowest to highest
 *
 *	default < vendor file < /etc file < drop-ins < command line < runtime
 *
 * with the provenance of each value. Knows files and text; nothing of the bus or the scheduler.
 * A change is checked as a whole (ranges and cross-checks on the result) and taken as a whole.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/tunables.h"
#include "util/cleanup.h"

struct config; /* not thread-safe: iniparser is not */

enum config_layer {
	LAYER_DEFAULT,
	LAYER_FILE, /* all files; among them the later wins */
	LAYER_COMMAND_LINE,
	LAYER_RUNTIME,
	NR_LAYERS
};

/* "default", "file", "command-line" or "runtime". */
const char *config_layer_name(enum config_layer layer);

/* Where a value comes from. Strings are owned by the config. */
struct config_origin {
	enum config_layer layer;
	const char *path;  /* NULL unless layer is LAYER_FILE */
	unsigned int line; /* likewise 0 */
	/* of LAYER_RUNTIME: who asked, from which unit of the service manager, and why; may be NULL */
	uid_t uid;
	const char *unit, *reason;
};

/* "default", "file", "drop-in", "command-line" or "runtime". */
const char *config_origin_name(const struct config_origin *origin);

/* What can be wrong with a value, a key or a file. */
enum config_error {
	CONFIG_OK,
	CONFIG_UNKNOWN_KEY,
	CONFIG_WRONG_TYPE, /* not a number, not a boolean, NaN, trailing garbage, overflow */
	CONFIG_OUT_OF_RANGE,
	CONFIG_CONFLICT,   /* each value is fine, together they are not */
	CONFIG_DUPLICATE,  /* key given twice in one file; the last one counts */
	CONFIG_SYNTAX,     /* a line that is no section, key or comment; binary garbage */
	CONFIG_UNREADABLE, /* the file cannot be read */
	CONFIG_NOT_SAVED,  /* the values cannot be saved, or would not count after it */
	NR_CONFIG_ERRORS
};

/*
 * One finding. message is a whole sentence that begins with the key and names value and allowed
 * range. Texts are printable ASCII, whatever the file holds.
 */
struct config_problem {
	enum config_error error;
	char path[256]; /* "" when it does not come from a file */
	unsigned int line;
	char key[64];
	char value[128];
	char message[512];
};

/* What uid may be told of it: of a file that not everybody may read, others than root get path and line only. */
struct config_problem config_problem_for(uid_t uid, const struct config_problem *problem);

/* Receives problems as they are found. */
typedef void (*config_report_fn)(const struct config_problem *problem, void *userdata);

/*
 * New configuration holding the defaults. root is put before every path but that of
 * config_set_file ("" in production). -ENOMEM.
 */
int config_new(const char *root, struct config **ret);
struct config *config_free(struct config *c);
DEFINE_CLEANUP(struct config, config_free)

/* Several tunables at once: bit ID for each. */
typedef uint64_t tunable_mask;
#define TUNABLE_BIT(id) (UINT64_C(1) << (id))
#define TUNABLES_ALL    (~UINT64_C(0))
_Static_assert(NR_TUNABLES <= 64, "a bit for each tunable");

/*
 * Judges values that only the machine knows to be possible; those of changed are new. Returns 0, or
 * -EINVAL with the tunable to blame and why, which goes behind "key: "; -ENOMEM.
 */
#define CONFIG_WHY_MAX 256
typedef int (*config_judge_fn)(const struct tunable_set *values, tunable_mask changed,
			       void *userdata, enum tunable_id *blamed, char why[CONFIG_WHY_MAX]);

/* From now on files and changes at run time are judged too; the rest is config_check_machine's. */
void config_set_judge(struct config *c, config_judge_fn judge, void *userdata);

/* Another root, for the next config_load. -ENOMEM. */
int config_set_root(struct config *c, const char *root);

/* Reads file instead of the /etc file and all drop-ins from now on (--config). -ENOMEM. */
int config_set_file(struct config *c, const char *path);

/*
 * Reads all files anew. Each bad value is reported and keeps the layer below; the rest of its file
 * counts. Values that break a rule together are reported and dropped, those of the highest file
 * involved first, until the rule holds; so are those that the machine cannot have. Files never win over
 * the command line or a runtime value: where they conflict with one, the files' former values stay (the
 * defaults at the first load).
 * Returns the number of problems, or -ENOMEM. On -ENOMEM nothing has changed.
 */
int config_load(struct config *c, config_report_fn report, void *userdata);

/* config_load up to where it would change something: what it would report. */
int config_try_load(const struct config *c, config_report_fn report, void *userdata);

/*
 * The files that were read, and the drop-in once it is written, NULL-terminated, in order. Owned by the
 * config until the next load or change of the drop-in.
 */
const char *const *config_files(const struct config *c);

/* How many problems the last load found in them. */
uint32_t config_nr_problems(const struct config *c);

/*
 * Sets a value of the command line layer from text. Rules between values are config_check's.
 * -EINVAL and *problem filled when refused; -ENOMEM.
 */
int config_set_option(struct config *c, enum tunable_id id, const char *text,
		      struct config_problem *problem);

/*
 * Whether the values below the runtime layer keep the rules, once options and files are in: only
 * the command line can break one. -EINVAL and *problem filled.
 */
int config_check(const struct config *c, struct config_problem *problem);

/* Whether the machine can have the values in force: only the command line can make it impossible. */
int config_check_machine(const struct config *c, struct config_problem *problem);

/* One wanted value of a runtime change. */
struct config_change {
	enum tunable_id id;
	struct tunable_value value; /* list is borrowed */
};

/* Who changes something. Strings are borrowed, and may be NULL. */
struct config_author {
	uid_t uid;
	const char *unit, *reason;
};

/*
 * Checks the changes against ranges and, on the result, the cross-checks; sets all or none in the
 * runtime layer. -EINVAL and *problem filled when refused; -ENOMEM.
 */
int config_set_runtime(struct config *c, const struct config_change *changes, size_t n,
		       const struct config_author *author, struct config_problem *problem);

/* Takes the values of ids out of the runtime layer, all or none. -EINVAL and *problem; -ENOMEM. */
int config_reset_runtime(struct config *c, tunable_mask ids, struct config_problem *problem);

/*
 * The same, as if the daemon's drop-in had no values of ids either; config_forget makes it so. Of what
 * it had the files are read anew, and report hears of their problems; nothing else is taken from them.
 */
int config_reset_saved(struct config *c, tunable_mask ids, config_report_fn report, void *userdata,
		       struct config_problem *problem);

/* The tunables that the runtime layer sets; those of them that a restart would change. */
tunable_mask config_runtime(const struct config *c);
tunable_mask config_unsaved(const struct config *c);

/* A copy of the runtime layer and of what the files say, to come back to. -ENOMEM. */
struct config_memory;
int config_remember(const struct config *c, struct config_memory **ret);
struct config_memory *config_memory_free(struct config_memory *memory);
DEFINE_CLEANUP(struct config_memory, config_memory_free)

/* Swaps those layers and the memory: once to go back, twice to undo that. Never fails. */
void config_swap(struct config *c, struct config_memory *memory);

/*
 * Moves values of ids from the runtime layer into the drop-in that belongs to the daemon, which is
 * replaced as a whole or not at all; what it held of other tunables stays. Ids without a runtime
 * value have nothing to be saved. No other file is written. -EINVAL and *problem when the file cannot
 * be written, or the saved values would not count after a restart; -ENOMEM. TUNABLES_ALL leaves out
 * those that would not count, unless that is all of them. *saved: what was, 0 on errors. The other: as
 * far as can be told without writing.
 */
int config_save(struct config *c, tunable_mask ids, tunable_mask *saved,
		struct config_problem *problem);
int config_can_save(const struct config *c, tunable_mask ids, struct config_problem *problem);

/*
 * Takes values of ids out of that drop-in, behind config_reset_saved. Errors and *forgotten as
 * config_save. The other: whether the daemon would write it, without doing so.
 */
int config_forget(struct config *c, tunable_mask ids, tunable_mask *forgotten,
		  struct config_problem *problem);
int config_can_forget(const struct config *c, tunable_mask ids, struct config_problem *problem);

/* The path of the drop-in, behind the root. */
#define CONFIG_SAVED_PATH "/etc/wd40d/wd40d.ini.d/90-runtime.ini"

/* Effective values, owned by the config; pointers in it live until the next change. */
const struct tunable_set *config_values(const struct config *c);

/* Where the effective value of id comes from. */
struct config_origin config_origin(const struct config *c, enum tunable_id id);
