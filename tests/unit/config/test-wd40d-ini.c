/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration file that is installed says what the table says. */
#include "config/config.h"
#include "util/file.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/problems.h"
#include "tests/unit/config/tree.h"

#define INI_FILE SOURCE_DIR "/config/wd40d.ini"

static char *read_ini(void)
{
	char *text = NULL;

	assert_int_equal(file_read(INI_FILE, 64 * 1024, &text, NULL), 0);
	return text;
}

/* Behind the section: a paragraph for each tunable, in the table's order, and nothing else. */
static void test_paragraphs_are_the_table(void **state)
{
	_cleanup_(freep) char *text = read_ini();
	_cleanup_(freep) char *expected = NULL;
	size_t size;
	FILE *f = open_memstream(&expected, &size);
	const char *section = strstr(text, "\n[wd40d]\n");

	fputs("\n[wd40d]\n", f);
	for (int id = 0; id < NR_TUNABLES; id++) {
		const struct tunable *t = &tunables[id];
		_cleanup_(freep) char *range = tunable_range_text(id);

		fprintf(f, "\n# %c%s (%s).\n", toupper((unsigned char)t->help[0]), t->help + 1,
			range);
		if (t->applied == APPLIED_REATTACH)
			fputs("# Read when the scheduler is attached.\n", f);
		fprintf(f, "#%s = %s\n", t->key, *t->default_text ? t->default_text : "\"\"");
	}
	fclose(f);
	assert_non_null(section);
	assert_string_equal(section, expected);
}

/* A '#' with a letter behind it, not a space, is a key. */
static void uncomment(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		bool begins_line = at == text || at[-1] == '\n';

		if (!(begins_line && at[0] == '#' && islower((unsigned char)at[1])))
			*to++ = *at;
	}
	*to = '\0';
}

static void loads_as(const char *text, enum config_layer layer)
{
	_cleanup_(config_freep) struct config *c = NULL;
	struct problems problems = { 0 };

	tree_write(ETC, text);
	assert_int_equal(config_new(tree_root, &c), 0);
	if (config_load(c, collect, &problems) > 0)
		fail_msg("%u: %s", problems.first[0].line, problems.first[0].message);
	for (int id = 0; id < NR_TUNABLES; id++) {
		_cleanup_(freep) char *value = tunable_format(id, &config_values(c)->values[id]);

		assert_string_equal(value, tunables[id].default_text);
		assert_int_equal(config_origin(c, id).layer, layer);
	}
}

static void test_as_installed_it_sets_nothing(void **state)
{
	_cleanup_(freep) char *text = read_ini();

	loads_as(text, LAYER_DEFAULT);
}

static void test_uncommented_it_sets_the_defaults(void **state)
{
	_cleanup_(freep) char *text = read_ini();

	uncomment(text);
	loads_as(text, LAYER_FILE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(test_paragraphs_are_the_table),
		tree_test(test_as_installed_it_sets_nothing),
		tree_test(test_uncommented_it_sets_the_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
