/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection to dbus/stats-socket.h. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/loop.h"
#include "daemon/manager.h"

struct stats_client;
struct stats_user;

/* What clients need of the socket. */
struct stats_server {
	struct loop *loop;
	struct manager *manager;
	struct stats_client *clients; /* the one that was answered last is the last */
	struct stats_user *users;
	uint64_t others_resume_usec; /* the next answer to any user but root is not before that */
	struct loop_source *pace_timer;
	bool resumes;                 /* when pace_timer is due, those who wait go on */
	const struct statistics *now; /* the manager's, which may be newer by now; NULL: none yet */
	uint64_t taken_usec;          /* CLOCK_MONOTONIC */
	const struct tuner_decision *tuner; /* whose masks it has */
};

/* Takes fd, also when it fails: -ENOMEM, the loop's errors. */
int stats_client_new(struct stats_server *s, int fd, uid_t uid);
void stats_client_drop(struct stats_client *c);

/* Goes on with all whose pause is over. */
void stats_clients_resume(struct stats_server *s);

/* Whether one more may be served: a user has his share, and there is room for root. */
bool stats_may_connect(const struct stats_server *s, uid_t uid);

/* Forgets the users; there are no clients any more. */
void stats_users_free(struct stats_server *s);
