/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop. A handler may remove any source while events of other sources, or of the same
 * one, wait in the batch that epoll returned: a removed source is marked dead, which is looked at
 * before each call, and freed after the batch.
 */
#include "daemon/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "util/log.h"
#include "util/macro.h"

#define USEC_PER_SEC  1000000ull
#define NSEC_PER_USEC 1000ull
#define BATCH         16

enum source_kind {
	SOURCE_FD,
	SOURCE_TIMER,
	SOURCE_SIGNALS
};

struct loop_source {
	struct loop *loop;
	struct loop_source *prev, *next; /* in loop->sources, or next alone in loop->dead */
	enum source_kind kind;
	const char *name;
	int fd; /* borrowed for SOURCE_FD, else owned */
	bool dead;
	void *userdata;
	union {
		loop_fd_fn on_fd;
		loop_timer_fn on_timer;
		loop_signal_fn on_signal;
	};
};

struct loop {
	int epoll_fd;
	struct loop_source *sources, *dead;
	bool dispatching; /* dead sources must stay in memory */
	bool exiting;
	int exit_code;
	loop_prepare_fn prepare;
	void *prepare_userdata;
};

uint64_t loop_now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
}

int loop_new(struct loop **ret)
{
	_cleanup_(freep) struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return -errno;
	*ret = TAKE_PTR(l);
	return 0;
}

static void free_dead(struct loop *l)
{
	while (l->dead) {
		struct loop_source *s = l->dead;

		l->dead = s->next;
		free(s);
	}
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	while (l->sources)
		loop_source_remove(l->sources);
	free_dead(l);
	close(l->epoll_fd);
	free(l);
	return NULL;
}

static void link_source(struct loop_source *s)
{
	struct loop *l = s->loop;

	s->next = l->sources;
	if (s->next)
		s->next->prev = s;
	l->sources = s;
}

static void unlink_source(struct loop_source *s)
{
	if (s->next)
		s->next->prev = s->prev;
	if (s->prev)
		s->prev->next = s->next;
	else
		s->loop->sources = s->next;
}

/* A source for fd, which it closes in the end unless kind is SOURCE_FD; not so on failure. */
static int add_source(struct loop *l, enum source_kind kind, const char *name, int fd,
		      uint32_t epoll_events, void *userdata, struct loop_source **ret)
{
	_cleanup_(freep) struct loop_source *s = calloc(1, sizeof(*s));
	struct epoll_event event = { .events = epoll_events, .data.ptr = s };

	if (!s)
		return -ENOMEM;
	*s = (struct loop_source){
		.loop = l,
		.kind = kind,
		.name = name,
		.fd = fd,
		.userdata = userdata,
	};
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	link_source(s);
	*ret = TAKE_PTR(s);
	return 0;
}

int loop_add_fd(struct loop *l, const char *name, int fd, uint32_t epoll_events, loop_fd_fn fn,
		void *userdata, struct loop_source **ret)
{
	int r = add_source(l, SOURCE_FD, name, fd, epoll_events, userdata, ret);

	if (r == 0)
		(*ret)->on_fd = fn;
	return r;
}

int loop_set_fd_events(struct loop_source *s, uint32_t epoll_events)
{
	struct epoll_event event = { .events = epoll_events, .data.ptr = s };

	return epoll_ctl(s->loop->epoll_fd, EPOLL_CTL_MOD, s->fd, &event) < 0 ? -errno : 0;
}

int loop_add_timer(struct loop *l, const char *name, loop_timer_fn fn, void *userdata,
		   struct loop_source **ret)
{
	_cleanup_(closep) int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int r;

	if (fd < 0)
		return -errno;
	r = add_source(l, SOURCE_TIMER, name, fd, EPOLLIN, userdata, ret);
	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	(*ret)->on_timer = fn;
	return 0;
}

static struct timespec usec_to_timespec(uint64_t usec)
{
	return (struct timespec){
		.tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_nsec = (long)(usec % USEC_PER_SEC * NSEC_PER_USEC),
	};
}

int loop_set_timer(struct loop_source *s, uint64_t first_usec, uint64_t period_usec)
{
	struct itimerspec spec = {
		.it_value = usec_to_timespec(first_usec),
		.it_interval = usec_to_timespec(period_usec),
	};

	if (first_usec == 0)
		spec.it_value.tv_nsec = 1; /* 0 would disarm it */
	return timerfd_settime(s->fd, 0, &spec, NULL) < 0 ? -errno : 0;
}

int loop_stop_timer(struct loop_source *s)
{
	const struct itimerspec never = { 0 };

	return timerfd_settime(s->fd, 0, &never, NULL) < 0 ? -errno : 0;
}

static bool has_signals(const struct loop *l)
{
	for (const struct loop_source *s = l->sources; s; s = s->next)
		if (s->kind == SOURCE_SIGNALS)
			return true;
	return false;
}

int loop_add_signals(struct loop *l, const sigset_t *mask, loop_signal_fn fn, void *userdata,
		     struct loop_source **ret)
{
	_cleanup_(closep) int fd = -EBADF;
	int r;

	if (has_signals(l))
		return -EEXIST;
	r = -pthread_sigmask(SIG_BLOCK, mask, NULL);
	if (r < 0)
		return r;
	fd = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = add_source(l, SOURCE_SIGNALS, "signals", fd, EPOLLIN, userdata, ret);
	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	(*ret)->on_signal = fn;
	return 0;
}

struct loop_source *loop_source_remove(struct loop_source *s)
{
	struct loop *l;

	if (!s || s->dead)
		return NULL;
	l = s->loop;
	unlink_source(s);
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL); /* the owner may have closed it */
	if (s->kind != SOURCE_FD)
		close(s->fd);
	s->dead = true;
	s->next = l->dead;
	l->dead = s;
	if (!l->dispatching)
		free_dead(l);
	return NULL;
}

void loop_set_prepare(struct loop *l, loop_prepare_fn fn, void *userdata)
{
	l->prepare = fn;
	l->prepare_userdata = userdata;
}

/* Reading tells how many periods have passed; they count as one. */
static int dispatch_timer(struct loop_source *s)
{
	uint64_t periods;

	if (read(s->fd, &periods, sizeof(periods)) < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return s->on_timer(s, s->userdata);
}

static int dispatch_signal(struct loop_source *s)
{
	struct signalfd_siginfo info;

	if (read(s->fd, &info, sizeof(info)) < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return s->on_signal(s, &info, s->userdata);
}

static int dispatch(struct loop_source *s, uint32_t epoll_events)
{
	switch (s->kind) {
	case SOURCE_FD: return s->on_fd(s, s->fd, epoll_events, s->userdata);
	case SOURCE_TIMER: return dispatch_timer(s);
	case SOURCE_SIGNALS: return dispatch_signal(s);
	}
	return 0;
}

static int dispatch_batch(struct loop *l, const struct epoll_event *events, int n)
{
	int r = 0;

	l->dispatching = true;
	for (int i = 0; i < n && r >= 0 && !l->exiting; i++) {
		struct loop_source *s = events[i].data.ptr;

		if (s->dead)
			continue;
		r = dispatch(s, events[i].events);
		if (r < 0)
			log_errno(LOG_ERR, r, "Event source %s failed", s->name);
	}
	l->dispatching = false;
	free_dead(l);
	return r < 0 ? r : 0;
}

/* Rounds up, so as not to spin through the last part of a millisecond. */
static int timeout_ms(uint64_t until_usec)
{
	uint64_t now, ms;

	if (until_usec == UINT64_MAX)
		return -1;
	now = loop_now_usec();
	if (until_usec <= now)
		return 0;
	ms = (until_usec - now - 1) / 1000 + 1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

static int run_once(struct loop *l)
{
	struct epoll_event events[BATCH];
	uint64_t until_usec = l->prepare ? l->prepare(l->prepare_userdata) : UINT64_MAX;
	int n;

	if (l->exiting)
		return 0;
	n = epoll_wait(l->epoll_fd, events, ARRAY_SIZE(events), timeout_ms(until_usec));
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return dispatch_batch(l, events, n);
}

int loop_run(struct loop *l)
{
	while (!l->exiting) {
		int r = run_once(l);

		if (r < 0)
			return r;
	}
	l->exiting = false;
	return l->exit_code;
}

void loop_exit(struct loop *l, int code)
{
	l->exiting = true;
	l->exit_code = code;
}
