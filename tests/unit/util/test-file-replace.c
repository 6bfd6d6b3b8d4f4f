/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/file.h"

static char top[] = "/tmp/wd40d-test-file-replace.XXXXXX";
static bool directories_fail; /* to be synced */

/* Stands before the C library's. */
int fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	if (directories_fail && S_ISDIR(st.st_mode)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static const char *at(const char *path)
{
	static char full[2][256];
	static int i;

	i = !i;
	snprintf(full[i], sizeof(full[i]), "%s/%s", top, path);
	return full[i];
}

static int replace(const char *path, const char *text)
{
	return file_replace(at(path), text, strlen(text), 0644);
}

static void assert_holds(const char *path, const char *text)
{
	_cleanup_(freep) char *found = NULL;

	assert_int_equal(file_read(at(path), 100, &found, NULL), 0);
	assert_string_equal(found, text);
}

static void test_made_and_replaced(void **state)
{
	struct stat st;

	assert_int_equal(replace("a/b/file", "one"), 0);
	assert_int_equal(replace("a/b/file", "two"), 0);
	assert_holds("a/b/file", "two");
	assert_int_equal(stat(at("a/b/file"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat(at("a/b"), &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(unlink(at("a/b/file")), 0);
	assert_int_equal(rmdir(at("a/b")), 0); /* nothing else was left there */
}

/* The new one is there already: to say that it is not would be a lie. */
static void test_directory_that_cannot_be_synced(void **state)
{
	int r;

	assert_int_equal(replace("c/file", "one"), 0);
	directories_fail = true;
	r = replace("c/file", "two");
	directories_fail = false;
	assert_int_equal(r, 0);
	assert_holds("c/file", "two");
}

static void test_links(void **state)
{
	assert_int_equal(replace("d/file", "one"), 0);
	assert_int_equal(symlink("file", at("d/link")), 0);
	assert_int_equal(replace("d/link", "two"), -ELOOP);
	assert_int_equal(symlink("d", at("to-d")), 0);
	assert_int_equal(replace("to-d/file", "two"), -ENOTDIR);
	assert_int_equal(replace("to-d/new", "two"), -ENOTDIR);
	assert_int_equal(access(at("d/new"), F_OK), -1);
	assert_holds("d/file", "one");
}

static void test_what_is_no_file(void **state)
{
	assert_int_equal(replace("e/f/file", "one"), 0);
	assert_int_equal(replace("e/f", "two"), -EEXIST);
	assert_int_equal(replace("e/f/file/x", "two"), -ENOTDIR);
	assert_int_equal(file_replace("name", "x", 1, 0644), -EINVAL);
}

static int make_top(void **state)
{
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -r %s", top);
	return system(command);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_and_replaced),
		cmocka_unit_test(test_directory_that_cannot_be_synced),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
