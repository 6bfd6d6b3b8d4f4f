/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values set at run time and saved in the drop-in, whatever that held before. A change that is refused
 * changes nothing; what is saved is what the next start reads, with nothing to complain about.
 */
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <sys/stat.h>

#include "config/config.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/memory-files.h"

#define CHANGES_MAX 8u
#define TEXT_MAX    64u

/* --- A folder for all runs. --------------------------------------------------------------------- */

static char root[] = "/dev/shm/wd40d-fuzz-save.XXXXXX";

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", root, name);
	claim(mkdir(path, 0755) == 0);
}

/* The drop-in, which is in the folder; what it holds is in memory. */
static struct memory_file *set_up(void)
{
	char path[128];
	FILE *f;

	claim(mkdtemp(root));
	make_folder("/etc");
	make_folder("/etc/wd40d");
	make_folder("/etc/wd40d/wd40d.ini.d");
	atexit(remove_root);
	snprintf(path, sizeof(path), "%s%s", root, CONFIG_SAVED_PATH);
	f = fopen(path, "w");
	claim(f && fclose(f) == 0);
	memory_files_below(root);
	return memory_file_add(path);
}

/* --- Changes. ----------------------------------------------------------------------------------- */

static uint64_t any_number(struct fuzz_bytes *in)
{
	static const uint64_t ends[] = { 0, 1, 100, 1000, 20000, 1000000, UINT32_MAX, UINT64_MAX };

	return fuzz_below(in, 2) ? FUZZ_ONE_OF(in, ends) : fuzz_number(in, 8);
}

static struct tunable_value any_value(struct fuzz_bytes *in, enum tunable_type type,
				      char text[TEXT_MAX + 1])
{
	struct tunable_value value = { 0 };
	uint64_t number = any_number(in);
	uint32_t n = 0;

	switch (type) {
	case TUNABLE_BOOL: value.b = number & 1; break;
	case TUNABLE_UINT: value.u = (uint32_t)number; break;
	case TUNABLE_PERCENT: memcpy(&value.percent, &number, sizeof(number)); break;
	case TUNABLE_USEC: value.usec = number; break;
	default:
		for (uint32_t left = fuzz_below(in, TEXT_MAX); left; left--)
			text[n++] = (char)fuzz_below(in, 256);
		text[n] = '\0';
		value.list = text;
	}
	return value;
}

static void check_problem(const struct config_problem *p)
{
	claim(*p->message);
	claim_printable(p->message, sizeof(p->message));
	claim_printable(p->key, sizeof(p->key));
	claim_printable(p->value, sizeof(p->value));
}

static void change(struct config *c, struct fuzz_bytes *in)
{
	static char texts[CHANGES_MAX][TEXT_MAX + 1];
	struct config_change changes[CHANGES_MAX];
	const struct config_author author = { .uid = 7, .unit = "a.service", .reason = "why" };
	struct tunable_set before;
	enum tunable_id ids[NR_TUNABLES];
	struct config_problem problem;
	size_t n = 1 + fuzz_below(in, CHANGES_MAX);

	for (size_t i = 0; i < n; i++) {
		changes[i].id = fuzz_below(in, NR_TUNABLES);
		changes[i].value = any_value(in, tunables[changes[i].id].type, texts[i]);
	}
	claim(tunable_set_copy(config_values(c), &before) == 0);
	if (config_set_runtime(c, changes, n, &author, &problem) < 0) {
		check_problem(&problem);
		claim(tunable_set_diff(&before, config_values(c), ids) == 0);
	}
	tunable_set_done(&before);
}

/* --- Runs. -------------------------------------------------------------------------------------- */

static void on_problem(const struct config_problem *p, void *userdata)
{
	check_problem(p);
}

static void fail(const struct config_problem *p, void *userdata)
{
	fprintf(stderr, "%s:%u: %s\n", p->path, p->line, p->message);
	claim(false);
}

/* Percents are saved to nine decimals. */
static bool is_near(enum tunable_id id, const struct tunable_set *a, const struct tunable_set *b)
{
	return tunables[id].type == TUNABLE_PERCENT &&
	       fabs(a->values[id].percent - b->values[id].percent) < 1e-9;
}

/* Of all saved nothing is left unsaved; a new start has the same values, and nothing to complain about. */
static void save(struct config *c, tunable_mask ids)
{
	_cleanup_(config_freep) struct config *again = NULL;
	struct config_problem problem;
	enum tunable_id differ[NR_TUNABLES];
	tunable_mask saved;

	if (config_save(c, ids, &saved, &problem) < 0) {
		check_problem(&problem);
		return;
	}
	if (ids != TUNABLES_ALL || !saved)
		return;
	claim(config_unsaved(c) == 0);
	claim(config_new(root, &again) == 0);
	claim(config_load(again, fail, NULL) == 0);
	for (size_t n = tunable_set_diff(config_values(c), config_values(again), differ); n; n--)
		claim(is_near(differ[n - 1], config_values(c), config_values(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct fuzz_bytes in = { data, data + size };
	static struct memory_file *drop_in;
	uint32_t nr_changes = fuzz_below(&in, 4);
	tunable_mask some = fuzz_number(&in, 3);
	size_t text = fuzz_number(&in, 2) % (size_t)(in.end - in.at + 1);

	if (!drop_in)
		drop_in = set_up();
	memory_file_write(drop_in, in.end - text, text);
	in.end -= text;
	claim(config_new(root, &c) == 0);
	claim(config_load(c, on_problem, NULL) >= 0);
	for (; nr_changes; nr_changes--)
		change(c, &in);
	save(c, some);
	save(c, TUNABLES_ALL);
	return 0;
}
