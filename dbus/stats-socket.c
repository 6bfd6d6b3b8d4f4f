/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "dbus/stats-client.h"
#include "dbus/stats-listen.h"
#include "dbus/stats-socket.h"
#include "util/cleanup.h"
#include "util/log.h"

#define RETRY_USEC 10000000ull

struct stats_socket {
	struct stats_server server;
	char path[PATH_MAX];
	int fd; /* negative while it does not listen */
	struct stats_file file;
	struct loop_source *source, *retry_timer, *accept_timer;
	uint32_t nr_accepted; /* since the last pause */
	bool complained;      /* about what goes on */
};
DEFINE_CLEANUP(struct stats_socket, stats_socket_free)

static void complain(struct stats_socket *s, int err)
{
	int level = s->complained ? LOG_DEBUG : LOG_WARNING;

	s->complained = true;
	if (err == -EADDRINUSE)
		log_write(level, "another scheduler serves statistics at %s, waiting for it",
			  s->path);
	else
		log_errno(level, err, "no statistics at %s", s->path);
	loop_set_timer(s->retry_timer, RETRY_USEC, 0);
}

static void welcome(struct stats_socket *s, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	if (!stats_may_connect(&s->server, peer.uid))
		close(fd);
	else if (stats_client_new(&s->server, fd, peer.uid) >= 0)
		return;
	manager_clients(s->server.manager)->socket_refused++;
}

/* The pause is for all, as whose a connection is shows only when it is accepted; root comes in after those before. */
static int pace_accepting(struct stats_socket *s)
{
	int r;

	if (++s->nr_accepted < STATS_ACCEPT_MAX)
		return 0;
	s->nr_accepted = 0;
	r = loop_set_fd_events(s->source, 0);
	return r < 0 ? r : loop_set_timer(s->accept_timer, STATS_ACCEPT_PAUSE_USEC, 0);
}

static int on_accept_again(struct loop_source *source, void *userdata)
{
	struct stats_socket *s = userdata;

	return s->fd < 0 ? 0 : loop_set_fd_events(s->source, EPOLLIN);
}

/* Without descriptors to accept by it would be called again and again. */
static int on_connection(struct loop_source *source, int fd, uint32_t events, void *userdata)
{
	struct stats_socket *s = userdata;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client >= 0) {
		welcome(s, client);
		return pace_accepting(s);
	}
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		complain(s, -errno);
		return loop_set_fd_events(source, 0);
	}
	return 0;
}

static int start_listening(struct stats_socket *s)
{
	int fd = stats_listen(s->path, &s->file);

	if (fd < 0) {
		complain(s, fd);
		return 0;
	}
	s->fd = fd;
	s->complained = false;
	return loop_add_fd(s->server.loop, "stats-socket", fd, EPOLLIN, on_connection, s,
			   &s->source);
}

static int on_retry(struct loop_source *source, void *userdata)
{
	struct stats_socket *s = userdata;

	if (s->fd < 0)
		return start_listening(s);
	s->complained = false;
	return loop_set_fd_events(s->source, EPOLLIN);
}

static int on_pace(struct loop_source *source, void *userdata)
{
	stats_clients_resume(userdata);
	return 0;
}

int stats_socket_new(struct loop *loop, struct manager *m, const char *root,
		     struct stats_socket **ret)
{
	_cleanup_(stats_socket_freep) struct stats_socket *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->fd = -EBADF;
	s->server.loop = loop;
	s->server.manager = m;
	snprintf(s->path, sizeof(s->path), "%s%s", root, STATS_SOCKET_PATH);
	r = loop_add_timer(loop, "stats-retry", on_retry, s, &s->retry_timer);
	if (r >= 0)
		r = loop_add_timer(loop, "stats-pace", on_pace, &s->server, &s->server.pace_timer);
	if (r >= 0)
		r = loop_add_timer(loop, "stats-accept", on_accept_again, s, &s->accept_timer);
	if (r >= 0)
		r = start_listening(s);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

struct stats_socket *stats_socket_free(struct stats_socket *s)
{
	if (!s)
		return NULL;
	while (s->server.clients)
		stats_client_drop(s->server.clients);
	stats_users_free(&s->server);
	if (s->fd >= 0)
		stats_unlink(s->path, &s->file);
	loop_source_remove(s->source);
	loop_source_remove(s->server.pace_timer);
	loop_source_remove(s->retry_timer);
	loop_source_remove(s->accept_timer);
	closep(&s->fd);
	free(s);
	return NULL;
}
