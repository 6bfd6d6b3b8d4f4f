/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading one file into a layer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/files.h"
#include "config/ini.h"
#include "config/layers.h"
#include "util/file.h"

#define SECTION       "wd40d"
#define FILE_SIZE_MAX (64 * 1024)

/* A file while it is parsed. */
struct reading {
	struct reporter *reporter;
	const char *path;
	struct layer *layer;
	unsigned int seen_line[NR_TUNABLES]; /* 0: not seen */
	bool foreign;                        /* in a section that is not ours, which was reported */
};

static void report_unknown_key(struct reading *f, const struct ini_item *item)
{
	const char *nearest = tunable_nearest_key(item->key);
	struct config_problem p;

	if (nearest)
		problem_fill(&p, CONFIG_UNKNOWN_KEY, f->path, item->line, item->key, item->value,
			     "unknown key, did you mean \"%s\"?", nearest);
	else
		problem_fill(&p, CONFIG_UNKNOWN_KEY, f->path, item->line, item->key, item->value,
			     "unknown key");
	config_report(f->reporter, &p);
}

static void report_duplicate(struct reading *f, const struct ini_item *item, unsigned int first)
{
	struct config_problem p;

	problem_fill(&p, CONFIG_DUPLICATE, f->path, item->line, item->key, item->value,
		     "given on line %u and again on line %u, which counts", first, item->line);
	config_report(f->reporter, &p);
}

/* The value of a list is cut at its first ';' when it has no quotes: never meant so. */
static int parse_item(const struct ini_item *item, enum tunable_id id, struct tunable_value *ret,
		      char why[TUNABLE_WHY_MAX])
{
	if (tunables[id].type == TUNABLE_LIST && item->cut) {
		strcpy(why, "ends at ';', a comment unless the value is in quotes");
		return -EINVAL;
	}
	return tunable_parse(id, item->value, ret, why);
}

static int take_value(struct reading *f, const struct ini_item *item, enum tunable_id id)
{
	struct slot slot = { .path = strdup(f->path), .line = item->line };
	char why[TUNABLE_WHY_MAX] = "";
	struct config_problem p;
	int r;

	if (!slot.path)
		return -ENOMEM;
	r = parse_item(item, id, &slot.value, why);
	slot.set = r == 0;
	if (slot.set) {
		slot_move(id, &slot, &f->layer->slots[id]);
		return 0;
	}
	r = problem_fill_refused(&p, r, id, item->value, why);
	if (r != -ENOMEM) {
		problem_set_place(&p, &slot);
		config_report(f->reporter, &p);
	}
	slot_done(id, &slot);
	return r == -ENOMEM ? r : 0;
}

static int on_value(struct reading *f, const struct ini_item *item)
{
	struct config_problem p;
	int id;

	if (f->foreign)
		return 0;
	if (item->section[0] == '\0') {
		problem_fill(&p, CONFIG_SYNTAX, f->path, item->line, item->key, item->value,
			     "stands before any section, ignored; [%s] has to come first", SECTION);
		config_report(f->reporter, &p);
		return 0;
	}
	id = tunable_by_key(item->key);
	if (id < 0) {
		report_unknown_key(f, item);
		return 0;
	}
	if (f->seen_line[id])
		report_duplicate(f, item, f->seen_line[id]);
	f->seen_line[id] = item->line;
	slot_done(id, &f->layer->slots[id]);
	return take_value(f, item, id);
}

static void on_section(struct reading *f, const struct ini_item *item)
{
	struct config_problem p;
	char key[sizeof(p.key)];

	f->foreign = strcmp(item->section, SECTION) != 0;
	if (!f->foreign)
		return;
	snprintf(key, sizeof(key), "[%.60s]", item->section);
	problem_fill(&p, CONFIG_UNKNOWN_KEY, f->path, item->line, key, "",
		     "unknown section, ignored with its keys; keys belong into [%s]", SECTION);
	config_report(f->reporter, &p);
}

static void on_bad_line(struct reading *f, const struct ini_item *item)
{
	bool long_line = strlen(item->value) > INI_LINE_MAX;
	struct config_problem p;

	if (long_line)
		problem_fill(&p, CONFIG_SYNTAX, f->path, item->line, "", item->value,
			     "line is longer than %d bytes, ignored", INI_LINE_MAX);
	else
		problem_fill(&p, CONFIG_SYNTAX, f->path, item->line, "", item->value,
			     "line is neither a section, nor \"key = value\", nor a comment");
	config_report(f->reporter, &p);
}

static int on_item(const struct ini_item *item, void *userdata)
{
	struct reading *f = userdata;

	switch (item->kind) {
	case INI_SECTION: on_section(f, item); return 0;
	case INI_BAD_LINE: on_bad_line(f, item); return 0;
	default: return on_value(f, item);
	}
}

static unsigned int count_lines(const char *text, const char *end)
{
	unsigned int line = 1;

	for (; text < end; text++)
		line += *text == '\n';
	return line;
}

static void report_unreadable(struct reporter *reporter, const char *path, int err)
{
	struct config_problem p;

	if (err == -EFBIG)
		problem_fill(&p, CONFIG_UNREADABLE, path, 0, "", "",
			     "file is longer than %d bytes, ignored", FILE_SIZE_MAX);
	else
		problem_fill(&p, CONFIG_UNREADABLE, path, 0, "", "", "cannot be read: %s",
			     err == -EINVAL ? "Not a regular file" : strerror(-err));
	config_report(reporter, &p);
}

static int parse_text(const char *path, const char *text, size_t size, struct layer *layer,
		      struct reporter *reporter)
{
	struct reading f = { .reporter = reporter, .path = path, .layer = layer };
	const char *nul = memchr(text, '\0', size);
	struct config_problem p;

	if (!nul)
		return ini_parse(text, on_item, &f);
	problem_fill(&p, CONFIG_SYNTAX, path, count_lines(text, nul), "", "",
		     "file is not text, ignored: it has a NUL byte");
	config_report(reporter, &p);
	return 0;
}

int config_read_file(const struct config_file *file, struct layer *layer, struct reporter *reporter)
{
	_cleanup_(freep) char *text = NULL;
	size_t size = 0;
	int r = file->error;

	if (r == 0)
		r = file_read(file->path, FILE_SIZE_MAX, &text, &size);
	if (r == -ENOMEM)
		return r;
	if (file->optional && (r == -ENOENT || r == -ENOTDIR))
		return 0;
	if (r < 0) {
		report_unreadable(reporter, file->path, r);
		return 0;
	}
	r = parse_text(file->path, text, size, layer, reporter);
	return r < 0 ? r : 1;
}
