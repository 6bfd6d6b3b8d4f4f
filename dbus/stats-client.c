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

struct stats_client {
	struct stats_server *server;
	struct stats_client *next;
	uid_t uid;
	int fd;
	struct loop_source *source;
	struct statistics_machine last; /* what it was told last */

	char in[STATS_REQUEST_MAX];
	size_t in_used;
	bool eof; /* nothing more comes */

	char *out; /* the answer that it has not taken yet */
	size_t out_size, out_done;
	uint64_t resume_usec; /* the next answer is not before that */
};

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

void stats_client_drop(struct stats_client *c)
{
	struct stats_client **at = &c->server->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	manager_clients(c->server->manager)->socket_clients--;
	client_free(c);
}

uint32_t stats_clients_of(const struct stats_server *s, uid_t uid)
{
	uint32_t n = 0;

	for (const struct stats_client *c = s->clients; c; c = c->next)
		n += c->uid == uid;
	return n;
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
	const struct statistics *now = manager_statistics(c->server->manager);
	char *text = NULL;
	int r = -ENOMEM;

	if (now)
		r = stats_protocol_answer(c->in, length, now, &c->last, &text);
	c->in_used -= length;
	memmove(c->in, c->in + length, c->in_used);
	c->resume_usec = loop_now_usec() + STATS_PACE_USEC;
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

/* Does all that can be done now. Returns the events to wait for, or -errno: it is to be dropped. */
static int advance(struct stats_client *c)
{
	for (;;) {
		size_t length;
		int r = flush(c);

		if (r == -EAGAIN)
			return EPOLLOUT;
		length = request_length(c);
		if (r >= 0 && length && loop_now_usec() < c->resume_usec) {
			r = loop_set_timer(c->server->pace_timer, STATS_PACE_USEC, 0);
			return r < 0 ? r : 0;
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
	for (struct stats_client *c = s->clients, *next; c; c = next) {
		next = c->next;
		if (!c->out && request_length(c))
			go_on(c);
	}
}

int stats_client_new(struct stats_server *s, int fd, uid_t uid)
{
	_cleanup_(client_freep) struct stats_client *c = calloc(1, sizeof(*c));
	const struct statistics *now = manager_statistics(s->manager);
	int r;

	if (!c || !now) {
		close(fd);
		return -ENOMEM;
	}
	c->server = s;
	c->fd = fd;
	c->uid = uid;
	c->last = now->machine;
	r = loop_add_fd(s->loop, "stats-client", fd, EPOLLIN, on_ready, c, &c->source);
	if (r < 0)
		return r;
	c->next = s->clients;
	s->clients = TAKE_PTR(c);
	manager_clients(s->manager)->socket_clients++;
	return 0;
}
