/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our event loop: epoll over file descriptors, timers (timerfd, CLOCK_MONOTONIC), signals
 * (signalfd) and one "prepare" hook run before each wait (sd-bus wants its events and deadline read
 * anew each time). Level-triggered, single-threaded, allocates only when a source is added. A handler
 * may remove any source, itself too. Handlers return 0, or a negative errno that ends the loop.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>

#include "util/cleanup.h"

struct loop;
struct loop_source;

typedef int (*loop_fd_fn)(struct loop_source *s, int fd, uint32_t epoll_events, void *userdata);
typedef int (*loop_timer_fn)(struct loop_source *s, void *userdata);
typedef int (*loop_signal_fn)(struct loop_source *s, const struct signalfd_siginfo *si,
			      void *userdata);
/*
 * Returns until when the loop may wait at most: an instant of CLOCK_MONOTONIC in microseconds, which
 * may have passed (do not wait), or UINT64_MAX for no limit.
 */
typedef uint64_t (*loop_prepare_fn)(void *userdata);

int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *l); /* removes the sources that are left */
DEFINE_CLEANUP(struct loop, loop_free)

/*
 * name appears in messages; must outlive the source. The loop never closes fd; whoever does removes
 * the source first.
 */
int loop_add_fd(struct loop *l, const char *name, int fd, uint32_t epoll_events, loop_fd_fn fn,
		void *userdata, struct loop_source **ret);
int loop_set_fd_events(struct loop_source *s, uint32_t epoll_events);

/*
 * A disarmed timer. first_usec from now (0 = at once), then every period_usec, 0 = one shot. Setting
 * it again replaces what was set. Periods that were missed count as one.
 */
int loop_add_timer(struct loop *l, const char *name, loop_timer_fn fn, void *userdata,
		   struct loop_source **ret);
int loop_set_timer(struct loop_source *s, uint64_t first_usec, uint64_t period_usec);
int loop_stop_timer(struct loop_source *s);

/* Blocks the signals in mask, for good, and delivers them here. One source a loop: -EEXIST. */
int loop_add_signals(struct loop *l, const sigset_t *mask, loop_signal_fn fn, void *userdata,
		     struct loop_source **ret);

void loop_set_prepare(struct loop *l, loop_prepare_fn fn, void *userdata);

/* Accepts NULL, returns NULL. The handler of a removed source is not called any more. */
struct loop_source *loop_source_remove(struct loop_source *s);
DEFINE_CLEANUP(struct loop_source, loop_source_remove)

/*
 * Runs until loop_exit or an error; returns the exit code given or the negative errno. An error that
 * a handler returns is logged with the source's name. Not to be called by a handler. After loop_exit,
 * be it before the first round, no handler is called any more until the next loop_run.
 */
int loop_run(struct loop *l);
void loop_exit(struct loop *l, int code);

uint64_t loop_now_usec(void); /* CLOCK_MONOTONIC */
