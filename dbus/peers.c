/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>

#include "dbus/peers.h"
#include "util/cleanup.h"

/* Names that come are of no interest, so nobody wakes us up by them. */
#define MATCH                                                                       \
	"type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus'," \
	"interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''"

struct peers {
	struct peers_listener *listeners;
	sd_bus_slot *match;
	peers_failed_fn failed;
	void *userdata;
};
DEFINE_CLEANUP(struct peers, peers_free)

static int on_vanished(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct peers *p = userdata;
	struct peers_listener *next;
	const char *name;

	if (sd_bus_message_read(m, "s", &name) < 0)
		return 0;
	for (struct peers_listener *l = p->listeners; l; l = next) {
		next = l->next;
		l->vanished(name, l->userdata);
	}
	return 0;
}

static int on_installed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct peers *p = userdata;

	if (sd_bus_message_is_method_error(m, NULL))
		p->failed(-sd_bus_message_get_errno(m), p->userdata);
	return 0;
}

int peers_new(sd_bus *bus, peers_failed_fn failed, void *userdata, struct peers **ret)
{
	_cleanup_(peers_freep) struct peers *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->failed = failed;
	p->userdata = userdata;
	r = sd_bus_add_match_async(bus, &p->match, MATCH, on_vanished, on_installed, p);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(p);
	return 0;
}

struct peers *peers_free(struct peers *p)
{
	if (!p)
		return NULL;
	sd_bus_slot_unref(p->match);
	free(p);
	return NULL;
}

void peers_add_listener(struct peers *p, struct peers_listener *listener)
{
	listener->next = p->listeners;
	p->listeners = listener;
}

void peers_remove_listener(struct peers *p, struct peers_listener *listener)
{
	struct peers_listener **at = &p->listeners;

	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
}
