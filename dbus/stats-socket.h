/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Serves statistics to the tools of the scx project (dbus/stats-protocol.h) on a unix socket. Reading is
 * free. A user has one request answered each STATS_PACE_USEC, however many connections he has or had, and
 * all users but root one each STATS_PACE_OF_OTHERS_USEC. A client has room for one request and one answer
 * here: who does not read what he asked for, asks too much or says nothing harms nobody but himself.
 * Connections are accepted so many at a time, and there is room for those of root.
 */
#pragma once

#include "daemon/loop.h"
#include "daemon/manager.h"

#define STATS_CLIENTS_MAX           64u
#define STATS_CLIENTS_OF_OTHERS_MAX 48u /* than root, who may have all */
#define STATS_CLIENTS_OF_UID_MAX    8u
#define STATS_PACE_USEC             20000ull
#define STATS_PACE_OF_OTHERS_USEC   10000ull

/* Connections that are accepted at once; then none for that long. */
#define STATS_ACCEPT_MAX        16u
#define STATS_ACCEPT_PAUSE_USEC 10000ull

struct stats_socket;

/*
 * Listens at STATS_SOCKET_PATH below root ("" in production). loop and manager are borrowed. When that
 * cannot be had, because another scheduler serves there or for any other reason, it is logged and tried
 * again. Only -ENOMEM and the loop's errors.
 */
int stats_socket_new(struct loop *loop, struct manager *m, const char *root,
		     struct stats_socket **ret);
struct stats_socket *stats_socket_free(struct stats_socket *s); /* and removes the socket's file */
