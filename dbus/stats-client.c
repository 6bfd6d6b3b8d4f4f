/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "dbus/stats-client.h"
#include "dbus/stats-protocol.h"
#include "dbus/stats-socket.h"
#include "util/cleanup.h"

/* Kept for as long as he has clients or a pause: who connects again is no other. */
struct stats_user {
	struct stats_user *next;
	uid_t uid;
	uint32_t nr_clients;
	uint64_t resume_usec; /* the next answer is not before that */
};

struct stats_client {
	struct stats_server *server;
	struct stats_client *next;
	struct stats_user *user;
	int fd;
	struct loop_source *source;
	struct statistics_machine last; /* what it was told last */

	char in[STATS_REQUEST_MAX];
	size_t in_used;
	bool eof; /* nothing more comes */

	char *out; /* the answer that it has not taken yet */
	size_t out_size, out_done;
};

/* --- Users. ------------------------------------------------------------------------------------------- */

static void forget_idle_users(struct stats_server *s)
{
	struct stats_user **at = &s->users;

	while (*at) {
		struct stats_user *user = *at;

		if (user->nr_clients || loop_now_usec() < user->resume_usec) {
			at = &user->next;
			continue;
		}
		*at = user->next;
		free(user);
	}
}

static struct stats_user *find_user(const struct stats_server *s, uid_t uid)
{
	struct stats_user *user = s->users;

	while (user && user->uid != uid)
		user = user->next;
	return user;
}

static struct stats_user *user_of(struct stats_server *s, uid_t uid)
{
	struct stats_user *user = find_user(s, uid);

	if (user)
		return user;
	forget_idle_users(s);
	user = calloc(1, sizeof(*user));
	if (!user)
		return NULL;
	user->uid = uid;
	user->next = s->users;
	s->users = user;
	return user;
}

void stats_users_free(struct stats_server *s)
{
	for (struct stats_user *user = s->users, *next; user; user = next) {
		next = user->next;
		free(user);
	}
	s->users = NULL;
}

bool stats_may_connect(const struct stats_server *s, uid_t uid)
{
	const struct stats_user *root = find_user(s, 0), *user = find_user(s, uid);
	uint64_t all = manager_clients(s->manager)->socket_clients;
	uint64_t others = all - (root ? root->nr_clients : 0);

	if (uid == 0)
		return all < STATS_CLIENTS_MAX;
	return all < STATS_CLIENTS_MAX && others < STATS_CLIENTS_OF_OTHERS_MAX &&
	       (!user || user->nr_clients < STATS_CLIENTS_OF_UID_MAX);
}

static bool must_pause(const struct stats_client *c)
{
	uint64_t now_usec = loop_now_usec();

	return now_usec < c->user->resume_usec ||
	       (c->user->uid != 0 && now_usec < c->server->others_resume_usec);
}

static void begin_pause(struct stats_client *c)
{
	uint64_t now_usec = loop_now_usec();

	c->user->resume_usec = now_usec + STATS_PACE_USEC;
	if (c->user->uid != 0)
		c->server->others_resume_usec = now_usec + STATS_PACE_OF_OTHERS_USEC;
}

/* One snapshot does for all but root for as long as one of them pauses. */
static const struct statistics *snapshot_for(struct stats_server *s, uid_t uid)
{
	const struct tuner_decision *tuner = manager_tuner(s->manager);
	uint64_t now_usec = loop_now_usec(),
		 attached_usec = manager_attached_monotonic_usec(s->manager);

	if (!s->now || uid == 0 || tuner != s->tuner || attached_usec > s->taken_usec ||
	    now_usec - s->taken_usec >= STATS_PACE_USEC) {
		s->now = manager_statistics(s->manager);
		s->taken_usec = now_usec;
		s->tuner = tuner;
	}
	return s->now;
}

/* --- Clients. ----------------------------------------------------------------------------------------- */

static struct stats_client *client_free(struct stats_client *c)
{
	if (!c)
		return NULL;
	loop_source_remove(c->source);
	closep(&c->fd);
	free(c->out);
	free(c);
	return NULL;
}
DEFINE_CLEANUP(struct stats_client, client_free)

static void unlink_client(struct stats_client *c)
{
	struct stats_client **at = &c->server->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

static void link_last(struct stats_client *c)
{
	struct stats_client **at = &c->server->clients;

	while (*at)
		at = &(*at)->next;
	c->next = NULL;
	*at = c;
}

void stats_client_drop(struct stats_client *c)
{
	unlink_client(c);
	c->user->nr_clients--;
	manager_clients(c->server->manager)->socket_clients--;
	client_free(c);
}

/* Bytes of the first request, 0: it is not complete. What stands before the end counts as a line. */
static size_t request_length(const struct stats_client *c)
{
	const char *end = memchr(c->in, '\n', c->in_used);

	if (end)
		return (size_t)(end - c->in) + 1;
	return c->eof ? c->in_used : 0;
}

static int set_answer(struct stats_client *c, int r, char *text)
{
	if (r < 0)
		return r;
	c->out = text;
	c->out_size = strlen(text);
	c->out_done = 0;
	return 0;
}

static int answer(struct stats_client *c, size_t length)
{
	const struct statistics *now = snapshot_for(c->server, c->user->uid);
	char *text = NULL;
	int r = -ENOMEM;

	if (now)
		r = stats_protocol_answer(c->in, length, now, &c->last, &text);
	c->in_used -= length;
	memmove(c->in, c->in + length, c->in_used);
	begin_pause(c);
	unlink_client(c);
	link_last(c);
	manager_clients(c->server->manager)->socket_requests++;
	return set_answer(c, r, text);
}

/* A request that does not end is the last one. */
static int refuse_long(struct stats_client *c)
{
	char *text = NULL;
	int r = stats_protocol_refuse("the request is too long", &text);

	c->in_used = 0;
	c->eof = true;
	return set_answer(c, r, text);
}

/* 0: all is written, -EAGAIN: not yet. */
static int flush(struct stats_client *c)
{
	while (c->out && c->out_done < c->out_size) {
		ssize_t n =
			send(c->fd, c->out + c->out_done, c->out_size - c->out_done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		c->out_done += (size_t)n;
	}
	free(c->out);
	c->out = NULL;
	return 0;
}

/* Not later than it was to be already, whoever comes meanwhile. */
static int resume_later(struct stats_server *s)
{
	int r;

	if (s->resumes)
		return 0;
	r = loop_set_timer(s->pace_timer, STATS_PACE_OF_OTHERS_USEC, 0);
	s->resumes = r >= 0;
	return r;
}

/* Does all that can be done now. Returns the events to wait for, or -errno: it is to be dropped. */
static int advance(struct stats_client *c)
{
	for (;;) {
		size_t length;
		int r = flush(c);

		if (r == -EAGAIN)
			return EPOLLOUT;
		length = request_length(c);
		if (r >= 0 && length && must_pause(c)) {
			return resume_later(c->server);
		}
		if (r >= 0 && length)
			r = answer(c, length);
		else if (r >= 0 && c->eof)
			r = -ECONNRESET;
		else if (r >= 0 && c->in_used == sizeof(c->in))
			r = refuse_long(c);
		else if (r >= 0)
			return EPOLLIN;
		if (r < 0)
			return r;
	}
}

static void go_on(struct stats_client *c)
{
	int events = advance(c);

	if (events < 0 || loop_set_fd_events(c->source, (uint32_t)events) < 0)
		stats_client_drop(c);
}

static int fill(struct stats_client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_used, sizeof(c->in) - c->in_used, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->eof = n == 0;
	c->in_used += (size_t)n;
	return 0;
}

static int on_ready(struct loop_source *source, int fd, uint32_t events, void *userdata)
{
	struct stats_client *c = userdata;
	int r = events & (EPOLLHUP | EPOLLERR) ? -ECONNRESET : 0;

	if (r >= 0 && events & EPOLLIN)
		r = fill(c);
	if (r < 0)
		stats_client_drop(c);
	else
		go_on(c);
	return 0;
}

void stats_clients_resume(struct stats_server *s)
{
	s->resumes = false;
	for (struct stats_client *c = s->clients, *next; c; c = next) {
		next = c->next;
		if (!c->out && request_length(c))
			go_on(c);
	}
}

int stats_client_new(struct stats_server *s, int fd, uid_t uid)
{
	_cleanup_(client_freep) struct stats_client *c = calloc(1, sizeof(*c));
	const struct statistics *now = snapshot_for(s, uid);
	struct stats_user *user = user_of(s, uid);
	int r;

	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	if (!now || !user)
		return -ENOMEM;
	c->server = s;
	c->user = user;
	c->last = now->machine;
	r = loop_add_fd(s->loop, "stats-client", fd, EPOLLIN, on_ready, c, &c->source);
	if (r < 0)
		return r;
	user->nr_clients++;
	link_last(TAKE_PTR(c));
	manager_clients(s->manager)->socket_clients++;
	return 0;
}
