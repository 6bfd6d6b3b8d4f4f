/* SPDX-License-Identifier: GPL-2.0-only */
/* What reaches stderr, for a person and for the journal. */
#include "util/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int saved_stderr;
static FILE *captured;

static int capture(void **state)
{
	captured = tmpfile();
	saved_stderr = dup(STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	log_set_level(LOG_INFO);
	return captured && dup2(fileno(captured), STDERR_FILENO) >= 0 ? 0 : -1;
}

static int release(void **state)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	return fclose(captured);
}

static void pretend_journal(unsigned long dev_offset, unsigned long ino_offset)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)st.st_dev + dev_offset,
		 (unsigned long)st.st_ino + ino_offset);
	setenv("JOURNAL_STREAM", stream, 1);
}

static void assert_captured(const char *expected)
{
	char text[512];
	size_t n;

	rewind(captured);
	n = fread(text, 1, sizeof(text) - 1, captured);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void test_plain(void **state)
{
	log_error("%s is %d", "it", 3);
	log_info("done");
	assert_captured("wd40d: it is 3\nwd40d: done\n");
}

static void test_journal(void **state)
{
	pretend_journal(0, 0);
	log_error("a");
	log_warning("b");
	log_notice("c");
	log_info("d");
	assert_captured("<3>a\n<4>b\n<5>c\n<6>d\n");
}

/* JOURNAL_STREAM is inherited by programs whose stderr goes elsewhere. */
static void test_other_journal(void **state)
{
	pretend_journal(0, 1);
	log_error("a");
	pretend_journal(1, 0);
	log_error("b");
	assert_captured("wd40d: a\nwd40d: b\n");
}

static void test_damaged_journal_stream(void **state)
{
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_error("a");
	assert_captured("wd40d: a\n");
}

static void test_each_line_has_its_prefix(void **state)
{
	pretend_journal(0, 0);
	log_error("one\ntwo\n\nfour\n");
	assert_captured("<3>one\n<3>two\n<3>\n<3>four\n");
}

static void test_level(void **state)
{
	log_debug("hidden");
	log_set_level(LOG_DEBUG);
	assert_int_equal(log_get_level(), LOG_DEBUG);
	log_debug("shown");
	log_set_level(LOG_ERR);
	log_warning("hidden");
	assert_int_equal(log_errno(LOG_WARNING, EIO, "hidden"), -EIO);
	assert_captured("wd40d: shown\n");
}

static void test_errno_of_either_sign(void **state)
{
	assert_int_equal(log_errno(LOG_ERR, EACCES, "open %s", "x"), -EACCES);
	assert_int_equal(log_errno(LOG_ERR, -EACCES, "open %s", "x"), -EACCES);
	assert_captured("wd40d: open x: Permission denied\nwd40d: open x: Permission denied\n");
}

static void test_errno_survives(void **state)
{
	errno = EXDEV;
	log_error("a");
	log_errno(LOG_ERR, EIO, "b");
	assert_int_equal(errno, EXDEV);
}

static const char *const fields[] = { "WD40_X=1", NULL };

static void test_event_for_a_person(void **state)
{
	log_event(LOG_NOTICE, "00112233445566778899aabbccddeeff", fields, "%s is %d", "it", 3);
	log_event(LOG_DEBUG, "00112233445566778899aabbccddeeff", fields, "hidden");
	assert_captured("wd40d: it is 3\n");
}

/* Without a journal to send it to it is not lost. */
static void test_event_without_a_journal(void **state)
{
	if (access("/run/systemd/journal/socket", F_OK) == 0) {
		print_message("a journal runs here\n");
		skip();
	}
	pretend_journal(0, 0);
	log_event(LOG_NOTICE, "00112233445566778899aabbccddeeff", fields, "a\nb");
	assert_captured("<5>a\n<5>b\n");
}

#define log_test(name) cmocka_unit_test_setup_teardown(name, capture, release)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		log_test(test_plain),
		log_test(test_journal),
		log_test(test_other_journal),
		log_test(test_damaged_journal_stream),
		log_test(test_each_line_has_its_prefix),
		log_test(test_level),
		log_test(test_errno_of_either_sign),
		log_test(test_errno_survives),
		log_test(test_event_for_a_person),
		log_test(test_event_without_a_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
