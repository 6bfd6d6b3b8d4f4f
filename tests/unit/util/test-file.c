/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading whole files. */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"

static char path[] = "/tmp/wd40d-test-file.XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	return unlink(path);
}

static void fill(size_t size)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "w");

	for (size_t i = 0; i < size; i++)
		fputc('a' + (int)(i % 26), f);
}

static void reads(size_t size)
{
	_cleanup_(freep) char *text = NULL;
	size_t got = 0;

	fill(size);
	assert_int_equal(file_read(path, 100000, &text, &got), 0);
	assert_int_equal(got, size);
	assert_int_equal(strlen(text), size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(text[i], 'a' + (int)(i % 26));
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 50000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		reads(sizes[i]);
}

static void test_too_long(void **state)
{
	_cleanup_(freep) char *text = NULL;

	fill(10);
	assert_int_equal(file_read(path, 9, &text, NULL), -EFBIG);
	assert_null(text);
	assert_int_equal(file_read(path, 10, &text, NULL), 0);
}

/* /proc says that its files have no size. */
static void test_proc(void **state)
{
	_cleanup_(freep) char *text = NULL;

	assert_int_equal(file_read("/proc/self/stat", 4096, &text, NULL), 0);
	assert_in_range(strlen(text), 10, 4096);
}

static void test_what_is_no_file(void **state)
{
	char *text = NULL;

	assert_int_equal(file_read("/tmp", 10, &text, NULL), -EISDIR);
	assert_int_equal(file_read("/dev/zero", 10, &text, NULL), -EINVAL);
	assert_int_equal(file_read("/nowhere/at/all", 10, &text, NULL), -ENOENT);
	assert_null(text);
}

/* A FIFO without a writer would hold up the daemon for ever. */
static void test_fifo(void **state)
{
	char *text = NULL;

	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_read(path, 10, &text, NULL), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_proc),  cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_fifo),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
