/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection to dbus/stats-socket.h. */
#pragma once

#include <sys/types.h>

#include "daemon/loop.h"
#include "daemon/manager.h"

struct stats_client;

/* What clients need of the socket. */
struct stats_server {
	struct loop *loop;
	struct manager *manager;
	struct stats_client *clients;
	struct loop_source *pace_timer;
};

/* Takes fd, also when it fails: -ENOMEM, the loop's errors. */
int stats_client_new(struct stats_server *s, int fd, uid_t uid);
void stats_client_drop(struct stats_client *c);

/* Goes on with all whose pause is over. */
void stats_clients_resume(struct stats_server *s);

uint32_t stats_clients_of(const struct stats_server *s, uid_t uid);
