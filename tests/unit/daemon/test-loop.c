/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/loop.h"
#include "util/log.h"
#include "util/macro.h"

/* What handlers see and do. */
struct scene {
	struct loop *loop;
	int pipe[2];
	struct loop_source *a, *b;
	int calls_a, calls_b;
	int exit_after; /* calls of a */
	uint64_t deadline_usec;
	int prepared;
};

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(pipe2(s->pipe, O_CLOEXEC | O_NONBLOCK), 0);
	s->exit_after = 1;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	loop_free(s->loop);
	close(s->pipe[0]);
	close(s->pipe[1]);
	free(s);
	return 0;
}

static int count_a(struct loop_source *source, void *userdata)
{
	struct scene *s = userdata;

	if (++s->calls_a >= s->exit_after)
		loop_exit(s->loop, 7);
	return 0;
}

static int count_a_fd(struct loop_source *source, int fd, uint32_t epoll_events, void *userdata)
{
	return count_a(source, userdata);
}

static int count_b_fd(struct loop_source *source, int fd, uint32_t epoll_events, void *userdata)
{
	((struct scene *)userdata)->calls_b++;
	return 0;
}

static void make_readable(struct scene *s)
{
	assert_int_equal(write(s->pipe[1], "x", 1), 1);
}

static void exit_code_is_returned(void **state)
{
	struct scene *s = *state;

	make_readable(s);
	assert_int_equal(loop_add_fd(s->loop, "pipe", s->pipe[0], EPOLLIN, count_a_fd, s, &s->a),
			 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_int_equal(s->calls_a, 1);
}

static void exit_before_the_first_round_counts(void **state)
{
	struct scene *s = *state;

	make_readable(s);
	assert_int_equal(loop_add_fd(s->loop, "pipe", s->pipe[0], EPOLLIN, count_a_fd, s, &s->a),
			 0);
	loop_exit(s->loop, 3);
	assert_int_equal(loop_run(s->loop), 3);
	assert_int_equal(s->calls_a, 0);
	assert_int_equal(loop_run(s->loop), 7);
}

/* Both are in one batch, in the order in which they became ready. */
static void exit_ends_the_batch(void **state)
{
	struct scene *s = *state;
	int twin = dup(s->pipe[0]);

	make_readable(s);
	assert_int_equal(loop_add_fd(s->loop, "a", s->pipe[0], EPOLLIN, count_a_fd, s, &s->a), 0);
	assert_int_equal(loop_add_fd(s->loop, "b", twin, EPOLLIN, count_b_fd, s, &s->b), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_int_equal(s->calls_b, 0);
	close(twin);
}

/* Level-triggered: what a handler did not read comes again. */
static void unread_input_comes_again(void **state)
{
	struct scene *s = *state;

	make_readable(s);
	s->exit_after = 3;
	assert_int_equal(loop_add_fd(s->loop, "pipe", s->pipe[0], EPOLLIN, count_a_fd, s, &s->a),
			 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_int_equal(s->calls_a, 3);
}

static int fail_fd(struct loop_source *source, int fd, uint32_t epoll_events, void *userdata)
{
	return -EXDEV;
}

static void error_of_a_handler_ends_the_loop(void **state)
{
	struct scene *s = *state;
	int level = log_get_level();

	make_readable(s);
	assert_int_equal(loop_add_fd(s->loop, "pipe", s->pipe[0], EPOLLIN, fail_fd, s, &s->a), 0);
	log_set_level(LOG_CRIT);
	assert_int_equal(loop_run(s->loop), -EXDEV);
	log_set_level(level);
}

static int note_events(struct loop_source *source, int fd, uint32_t epoll_events, void *userdata)
{
	struct scene *s = userdata;

	s->calls_b = (int)epoll_events;
	loop_exit(s->loop, 0);
	return 0;
}

static void events_can_be_changed(void **state)
{
	struct scene *s = *state;

	assert_int_equal(loop_add_fd(s->loop, "pipe", s->pipe[1], 0, note_events, s, &s->a), 0);
	assert_int_equal(loop_set_fd_events(s->a, EPOLLOUT), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls_b, EPOLLOUT);
}

static void descriptor_is_not_closed(void **state)
{
	struct scene *s = *state;

	assert_int_equal(loop_add_fd(s->loop, "pipe", s->pipe[0], EPOLLIN, count_a_fd, s, &s->a),
			 0);
	assert_null(loop_source_remove(s->a));
	assert_int_equal(fcntl(s->pipe[0], F_GETFD), FD_CLOEXEC);
	assert_null(loop_source_remove(NULL));
}

static void bad_descriptor_is_refused(void **state)
{
	struct scene *s = *state;
	struct loop_source *source = (struct loop_source *)0x1234;

	assert_int_equal(loop_add_fd(s->loop, "bad", -1, EPOLLIN, count_a_fd, s, &source), -EBADF);
	assert_ptr_equal(source, 0x1234);
}

static int remove_both(struct loop_source *source, int fd, uint32_t epoll_events, void *userdata)
{
	struct scene *s = userdata;

	s->calls_a++;
	s->a = loop_source_remove(s->a);
	s->b = loop_source_remove(s->b);
	return 0;
}

/*
 * Both are readable, so both are in one batch; whichever runs first removes itself and the other,
 * whose event must not be delivered. The timer ends the test.
 */
static void handler_may_remove_any_source(void **state)
{
	struct scene *s = *state;
	struct loop_source *end;
	int twin = dup(s->pipe[0]);

	make_readable(s);
	s->exit_after = 2;
	assert_int_equal(loop_add_fd(s->loop, "a", s->pipe[0], EPOLLIN, remove_both, s, &s->a), 0);
	assert_int_equal(loop_add_fd(s->loop, "b", twin, EPOLLIN, remove_both, s, &s->b), 0);
	assert_int_equal(loop_add_timer(s->loop, "end", count_a, s, &end), 0);
	assert_int_equal(loop_set_timer(end, 2000, 0), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_int_equal(s->calls_a, 2);
	assert_null(s->a);
	close(twin);
}

static int replace_b(struct loop_source *source, int fd, uint32_t epoll_events, void *userdata)
{
	struct scene *s = userdata;
	int b_fd = s->pipe[0];

	s->calls_a++;
	loop_source_remove(s->a);
	s->b = loop_source_remove(s->b);
	return loop_add_fd(s->loop, "new b", b_fd, EPOLLIN, note_events, s, &s->b);
}

/* A source added in a batch has memory of its own: the old event does not reach it. */
static void removed_source_may_be_replaced_at_once(void **state)
{
	struct scene *s = *state;
	int twin = dup(s->pipe[0]);

	make_readable(s);
	assert_int_equal(loop_add_fd(s->loop, "a", twin, EPOLLIN, replace_b, s, &s->a), 0);
	assert_int_equal(loop_add_fd(s->loop, "b", s->pipe[0], EPOLLIN, count_b_fd, s, &s->b), 0);
	assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->calls_a, 1);
	assert_int_equal(s->calls_b, EPOLLIN);
	close(twin);
}

static void timer_fires_once(void **state)
{
	struct scene *s = *state;
	uint64_t start = loop_now_usec();

	assert_int_equal(loop_add_timer(s->loop, "timer", count_a, s, &s->a), 0);
	assert_int_equal(loop_set_timer(s->a, 5000, 0), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_true(loop_now_usec() - start >= 5000);
	assert_int_equal(s->calls_a, 1);
}

static void timer_at_once(void **state)
{
	struct scene *s = *state;

	assert_int_equal(loop_add_timer(s->loop, "timer", count_a, s, &s->a), 0);
	assert_int_equal(loop_set_timer(s->a, 0, 0), 0);
	assert_int_equal(loop_run(s->loop), 7);
}

static void timer_repeats(void **state)
{
	struct scene *s = *state;
	uint64_t start = loop_now_usec();

	s->exit_after = 4;
	assert_int_equal(loop_add_timer(s->loop, "timer", count_a, s, &s->a), 0);
	assert_int_equal(loop_set_timer(s->a, 1000, 2000), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_true(loop_now_usec() - start >= 7000);
}

/* Twenty periods pass before the loop comes to it: one call, and then the next on time. */
static void missed_periods_count_as_one(void **state)
{
	struct scene *s = *state;

	s->exit_after = 2;
	assert_int_equal(loop_add_timer(s->loop, "timer", count_a, s, &s->a), 0);
	assert_int_equal(loop_set_timer(s->a, 1000, 100000), 0);
	usleep(250000);
	assert_int_equal(loop_run(s->loop), 7);
	assert_int_equal(s->calls_a, 2);
}

static uint64_t deadline(void *userdata)
{
	struct scene *s = userdata;

	s->prepared++;
	if (loop_now_usec() >= s->deadline_usec)
		loop_exit(s->loop, 5);
	return s->deadline_usec;
}

static void stopped_timer_does_not_fire(void **state)
{
	struct scene *s = *state;

	assert_int_equal(loop_add_timer(s->loop, "timer", count_a, s, &s->a), 0);
	assert_int_equal(loop_set_timer(s->a, 1000, 1000), 0);
	usleep(5000);
	assert_int_equal(loop_stop_timer(s->a), 0);
	s->deadline_usec = loop_now_usec() + 10000;
	loop_set_prepare(s->loop, deadline, s);
	assert_int_equal(loop_run(s->loop), 5);
	assert_int_equal(s->calls_a, 0);
}

/* The wait ends at the deadline, not before, and the loop neither spins nor oversleeps. */
static void prepare_bounds_the_wait(void **state)
{
	struct scene *s = *state;

	s->deadline_usec = loop_now_usec() + 20500;
	loop_set_prepare(s->loop, deadline, s);
	assert_int_equal(loop_run(s->loop), 5);
	assert_in_range(loop_now_usec() - s->deadline_usec, 0, 1000000);
	assert_in_range(s->prepared, 2, 4);
}

static int stop_timer_b(struct loop_source *source, void *userdata)
{
	struct scene *s = userdata;

	loop_exit(s->loop, 0);
	return loop_stop_timer(source == s->a ? s->b : s->a);
}

/* Both are due and in one batch; the first to run stops the other. */
static void timer_stopped_in_its_batch_does_not_fire(void **state)
{
	struct scene *s = *state;

	assert_int_equal(loop_add_timer(s->loop, "a", stop_timer_b, s, &s->a), 0);
	assert_int_equal(loop_add_timer(s->loop, "b", stop_timer_b, s, &s->b), 0);
	assert_int_equal(loop_set_timer(s->a, 0, 0), 0);
	assert_int_equal(loop_set_timer(s->b, 0, 0), 0);
	usleep(2000);
	assert_int_equal(loop_run(s->loop), 0);
	s->deadline_usec = loop_now_usec() + 3000;
	loop_set_prepare(s->loop, deadline, s);
	assert_int_equal(loop_run(s->loop), 5);
}

static int note_signal(struct loop_source *source, const struct signalfd_siginfo *si,
		       void *userdata)
{
	struct scene *s = userdata;

	s->calls_b = (int)si->ssi_signo;
	return count_a(source, userdata);
}

static void signals_arrive(void **state)
{
	struct scene *s = *state;
	struct loop_source *second;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	assert_int_equal(loop_add_signals(s->loop, &mask, note_signal, s, &s->a), 0);
	assert_int_equal(loop_add_signals(s->loop, &mask, note_signal, s, &second), -EEXIST);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_int_equal(s->calls_b, SIGHUP);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_int_equal(s->calls_b, SIGTERM);
}

static void free_accepts_null(void **state)
{
	assert_null(loop_free(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exit_code_is_returned),
		TEST(exit_before_the_first_round_counts),
		TEST(exit_ends_the_batch),
		TEST(unread_input_comes_again),
		TEST(error_of_a_handler_ends_the_loop),
		TEST(events_can_be_changed),
		TEST(descriptor_is_not_closed),
		TEST(bad_descriptor_is_refused),
		TEST(handler_may_remove_any_source),
		TEST(removed_source_may_be_replaced_at_once),
		TEST(timer_fires_once),
		TEST(timer_at_once),
		TEST(timer_repeats),
		TEST(missed_periods_count_as_one),
		TEST(stopped_timer_does_not_fire),
		TEST(prepare_bounds_the_wait),
		TEST(timer_stopped_in_its_batch_does_not_fire),
		TEST(signals_arrive),
		cmocka_unit_test(free_accepts_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
