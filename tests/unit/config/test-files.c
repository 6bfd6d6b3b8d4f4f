/* SPDX-License-Identifier: GPL-2.0-only */
/* Which files count, and in which order. */
#include "config/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config/tree.h"

/* The list as one text: paths below the root, '?' behind optional ones, '!' behind failed ones. */
static void lists(const char *override, const char *expected)
{
	struct config_file_list list;
	char text[1000] = "";
	size_t used = 0;

	assert_int_equal(config_file_list_make(tree_root, override, &list), 0);
	for (size_t i = 0; i < list.n; i++) {
		const struct config_file *f = &list.files[i];
		bool below = strncmp(f->path, tree_root, strlen(tree_root)) == 0;

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s\n",
					 f->path + (below ? strlen(tree_root) : 0),
					 f->optional ? "?" : "", f->error ? "!" : "");
	}
	config_file_list_done(&list);
	assert_string_equal(text, expected);
}

static void test_empty_system(void **state)
{
	lists(NULL, VENDOR "?\n" ETC "?\n");
}

static void test_drop_ins_by_name(void **state)
{
	tree_write(RUN_DIR "/20-b.ini", "");
	tree_write(ETC_DIR "/30-c.ini", "");
	tree_write(ETC_DIR "/10-a.ini", "");
	lists(NULL, VENDOR "?\n" ETC "?\n" ETC_DIR "/10-a.ini\n" RUN_DIR "/20-b.ini\n" ETC_DIR
			   "/30-c.ini\n");
}

static void test_etc_hides_run(void **state)
{
	tree_write(RUN_DIR "/10-a.ini", "");
	tree_write(RUN_DIR "/20-b.ini", "");
	tree_write(ETC_DIR "/10-a.ini", "");
	lists(NULL, VENDOR "?\n" ETC "?\n" ETC_DIR "/10-a.ini\n" RUN_DIR "/20-b.ini\n");
}

static void test_link_to_null_masks(void **state)
{
	tree_write(RUN_DIR "/10-a.ini", "");
	tree_write(RUN_DIR "/20-b.ini", "");
	tree_link(ETC_DIR "/10-a.ini", "/dev/null");
	tree_link(RUN_DIR "/30-c.ini", "/dev/null");
	tree_link(RUN_DIR "/40-d.ini", "/dev/nullx");
	lists(NULL, VENDOR "?\n" ETC "?\n" RUN_DIR "/20-b.ini\n" RUN_DIR "/40-d.ini\n");
}

static void test_other_names_do_not_count(void **state)
{
	tree_write(ETC_DIR "/.hidden.ini", "");
	tree_write(ETC_DIR "/.ini", "");
	tree_write(ETC_DIR "/a.ini~", "");
	tree_write(ETC_DIR "/a.conf", "");
	tree_write(ETC_DIR "/ini", "");
	lists(NULL, VENDOR "?\n" ETC "?\n");
}

static void test_override(void **state)
{
	tree_write(ETC_DIR "/10-a.ini", "");
	tree_write(RUN_DIR "/20-b.ini", "");
	lists("/somewhere/own.ini", VENDOR "?\n/somewhere/own.ini\n");
}

/* A file where the directory should be cannot be listed, for root neither. */
static void test_directory_that_cannot_be_listed(void **state)
{
	tree_write(ETC_DIR, "");
	lists(NULL, VENDOR "?\n" ETC "?\n" ETC_DIR "!\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(test_empty_system),
		tree_test(test_drop_ins_by_name),
		tree_test(test_etc_hides_run),
		tree_test(test_link_to_null_masks),
		tree_test(test_other_names_do_not_count),
		tree_test(test_override),
		tree_test(test_directory_that_cannot_be_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
