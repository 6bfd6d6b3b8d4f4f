/* SPDX-License-Identifier: GPL-2.0-only */
/* Ownership: given back at the end of the scope, once, and not after a hand-over. */
#include "util/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

struct thing {
	int freed;
};

static struct thing *thing_free(struct thing *t)
{
	t->freed++;
	return NULL;
}
DEFINE_CLEANUP(struct thing, thing_free)

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_freed_once_at_the_end_of_the_scope(void **state)
{
	struct thing thing = { 0 };

	{
		_cleanup_(thing_freep) struct thing *owner = &thing;
		_cleanup_(thing_freep) struct thing *nothing = NULL;

		(void)owner;
		(void)nothing;
		assert_int_equal(thing.freed, 0);
	}
	assert_int_equal(thing.freed, 1);
}

static void test_taken_pointer_is_not_freed(void **state)
{
	struct thing thing = { 0 }, *taken;

	{
		_cleanup_(thing_freep) struct thing *owner = &thing;

		taken = TAKE_PTR(owner);
		assert_null(owner);
	}
	assert_ptr_equal(taken, &thing);
	assert_int_equal(thing.freed, 0);
}

static void test_descriptors(void **state)
{
	int closed, taken;

	{
		_cleanup_(closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_(closep) int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_(closep) int none = -EBADF;

		(void)none;
		closed = fd;
		taken = TAKE_FD(other);
		assert_true(is_open(closed));
	}
	assert_false(is_open(closed));
	assert_true(is_open(taken));
	close(taken);
}

static void test_errno_survives_closing(void **state)
{
	errno = EXDEV;
	{
		_cleanup_(closep) int fd = 1000000; /* not open: close fails */
		_cleanup_(fclosep) FILE *none = NULL;

		(void)fd;
		(void)none;
	}
	assert_int_equal(errno, EXDEV);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freed_once_at_the_end_of_the_scope),
		cmocka_unit_test(test_taken_pointer_is_not_freed),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_errno_survives_closing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
