/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration file with any content. Whatever it holds, the values in force are valid and keep the
 * rules; each can be written as text and read back; what is wrong is told in printable text.
 */
#include "config/config.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/memory-files.h"

#define PATH "/memory/fuzz.ini"

static void on_problem(const struct config_problem *p, void *userdata)
{
	int *n = userdata;

	claim(p->error > CONFIG_OK && p->error < NR_CONFIG_ERRORS);
	claim_printable(p->path, sizeof(p->path));
	claim_printable(p->key, sizeof(p->key));
	claim_printable(p->value, sizeof(p->value));
	claim_printable(p->message, sizeof(p->message));
	claim(*p->message);
	(*n)++;
}

static void check_value(const struct config *c, enum tunable_id id)
{
	const struct tunable_value *value = &config_values(c)->values[id];
	_cleanup_(freep) char *text = NULL;
	struct tunable_value again = { 0 }, normal = { 0 };
	struct config_origin origin = config_origin(c, id);
	char why[TUNABLE_WHY_MAX];

	claim((origin.layer == LAYER_FILE) == (origin.path != NULL) &&
	      (origin.layer == LAYER_FILE) == (origin.line != 0));
	if (origin.layer != LAYER_FILE)
		return;
	text = tunable_format(id, value);
	claim(tunable_normalize(id, value, &normal, why) == 0);
	claim(tunable_value_equal(id, value, &normal));
	claim(tunable_parse(id, text, &again, why) == 0);
	claim(tunables[id].type == TUNABLE_PERCENT || tunable_value_equal(id, value, &again));
	tunable_value_done(id, &normal);
	tunable_value_done(id, &again);
}

static void check_values(const struct config *c)
{
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];

	claim(tunable_set_conflicts(config_values(c), conflicts) == 0);
	for (int id = 0; id < NR_TUNABLES; id++)
		check_value(c, id);
}

/* One file for all runs. */
static void write_file(const uint8_t *data, size_t size)
{
	static struct memory_file *file;

	if (!file) {
		memory_files_below("/memory");
		file = memory_file_add(PATH);
	}
	memory_file_write(file, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(config_freep) struct config *c = NULL;
	int tried = 0, found = 0;

	write_file(data, size);
	claim(config_new("/memory", &c) == 0);
	claim(config_set_file(c, PATH) == 0);
	claim(config_try_load(c, on_problem, &tried) == tried);
	claim(config_load(c, on_problem, &found) == found && found == tried);
	check_values(c);
	return 0;
}
