/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>

#include "dbus/credit.h"

static struct credit_user *find_user(const struct credit *c, uid_t uid)
{
	struct credit_user *user = c->users;

	while (user && user->uid != uid)
		user = user->next;
	return user;
}

int credit_join(struct credit *c, struct credit_client *client, uid_t uid)
{
	struct credit_user *user = find_user(c, uid);

	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user)
			return -ENOMEM;
		user->uid = uid;
		user->next = c->users;
		c->users = user;
	}
	user->nr_clients++;
	client->user = user;
	return 0;
}

static void user_drop(struct credit *c, struct credit_user *user)
{
	struct credit_user **at = &c->users;

	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	free(user);
}

/* From now on the client has so much unread, and the sums go with it. */
static void set_unread(struct credit *c, struct credit_client *client, uint64_t bytes)
{
	uint64_t change = bytes - client->unread_bytes; /* modulo 2^64, as the sums are */

	client->unread_bytes = bytes;
	client->user->unread_bytes += change;
	if (client->user->uid != 0)
		c->unread_bytes += change;
}

void credit_leave(struct credit *c, struct credit_client *client)
{
	if (!client->user)
		return;
	set_unread(c, client, 0);
	if (--client->user->nr_clients == 0)
		user_drop(c, client->user);
	client->user = NULL;
}

static uint64_t share(enum credit_purpose purpose, uint64_t credit_bytes)
{
	switch (purpose) {
	case CREDIT_SAMPLE: return credit_bytes / 2;
	case CREDIT_REFUSAL: return credit_bytes + credit_bytes / 8;
	default: return credit_bytes;
	}
}

static bool fits(uint64_t unread_bytes, uint32_t bytes, uint64_t limit_bytes)
{
	return unread_bytes == 0 || unread_bytes + bytes <= limit_bytes;
}

bool credit_take(struct credit *c, struct credit_client *client, enum credit_purpose purpose,
		 uint32_t bytes)
{
	const struct credit_user *user = client->user;
	bool root = user->uid == 0;

	if (!fits(client->unread_bytes, bytes, share(purpose, CREDIT_OF_CLIENT_BYTES)) ||
	    !fits(user->unread_bytes, bytes,
		  share(purpose, root ? CREDIT_OF_ROOT_BYTES : CREDIT_OF_USER_BYTES)) ||
	    (!root && !fits(c->unread_bytes, bytes, share(purpose, CREDIT_OF_ALL_BYTES))))
		return false;
	set_unread(c, client, client->unread_bytes + bytes);
	return true;
}

void credit_ask(struct credit_client *client)
{
	client->asked_bytes = client->unread_bytes;
}

void credit_answer(struct credit *c, struct credit_client *client, uint64_t unread_bytes)
{
	uint64_t since_bytes = client->unread_bytes - client->asked_bytes;
	uint64_t left_bytes =
		unread_bytes < client->asked_bytes ? unread_bytes : client->asked_bytes;

	set_unread(c, client, left_bytes + since_bytes);
}
