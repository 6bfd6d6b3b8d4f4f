/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The account of what clients have been sent and may not have read. A bus holds it for them, and one that
 * holds too much takes nothing more from the sender (dbus-daemon: from 127 MiB on), for whomever it is. So
 * each client, each user and all of them together have a credit. Taking from it needs no proof; getting it
 * back does: that the client has read, whoever says so. Pure: no bus, no clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/cleanup.h"

/* What may lie unread, in bytes. One message may be larger where nothing else is unread. */
#define CREDIT_OF_CLIENT_BYTES (4u << 20)
#define CREDIT_OF_USER_BYTES   (8u << 20)
#define CREDIT_OF_ROOT_BYTES   (32u << 20) /* apart from the others' */
#define CREDIT_OF_ALL_BYTES    (48u << 20) /* but root */

/* From so many bytes on it is worth asking whether the client has read. */
#define CREDIT_ASK_BYTES (256u << 10)

/* The later the more important, and the more of the credit it may use. */
enum credit_purpose {
	CREDIT_SAMPLE,  /* half of it */
	CREDIT_REPLY,   /* all */
	CREDIT_REFUSAL, /* an eighth more */
};

struct credit_user {
	struct credit_user *next;
	uid_t uid;
	uint32_t nr_clients;
	uint64_t unread_bytes;
	uint64_t
		large_from_usec; /* when there may be another large reply; dbus/delivery.c sets it */
};

struct credit {
	struct credit_user *users;
	uint64_t unread_bytes; /* of all but root */
};

/* Zero before credit_join(). */
struct credit_client {
	struct credit_user *user;
	uint64_t unread_bytes;
	uint64_t
		asked_bytes; /* of these, what was sent before the question; meaningless without one */
};

/* From joining to leaving a client belongs to a user. -ENOMEM. */
int credit_join(struct credit *c, struct credit_client *client, uid_t uid);
void credit_leave(struct credit *c, struct credit_client *client); /* also without having joined */

/* Whether so much may be sent now; then it counts as sent. */
bool credit_take(struct credit *c, struct credit_client *client, enum credit_purpose purpose,
		 uint32_t bytes);

/* A question is put to the bus or to the client now: the answer is about what has been sent up to here. */
void credit_ask(struct credit_client *client);

/* The answer: so much has not been read, of it and of what others have sent, which does not count here. */
void credit_answer(struct credit *c, struct credit_client *client, uint64_t unread_bytes);
