/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/callers.h"
#include "util/cleanup.h"

#define DRIVER "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"

/* The bus answers at once, but has to come to it: it is busy when somebody floods it. */
#define PATIENCE_USEC (25ull * 1000 * 1000)

#define NR_BUCKETS 1024u /* a power of two */

/* What callers_find() returns is the first member. */
struct entry {
	struct caller caller;
	struct callers *all;
	struct entry *next; /* in the bucket */
	sd_bus_slot *question;
	char *name, *unit;
};

struct callers {
	sd_bus *bus;
	struct peers *peers;
	struct peers_listener listener;
	const struct callers_events *events;
	void *userdata;
	struct entry *buckets[NR_BUCKETS];
	unsigned int nr, hand; /* hand: the bucket that is looked at first when room is needed */
};

static struct entry *entry_free(struct entry *e)
{
	if (!e)
		return NULL;
	sd_bus_slot_unref(e->question);
	free(e->name);
	free(e->unit);
	free(e);
	return NULL;
}
DEFINE_CLEANUP(struct entry, entry_free)

/* FNV-1a. */
static struct entry **bucket_of(struct callers *cs, const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &cs->buckets[hash % NR_BUCKETS];
}

static struct entry *entry_find(struct callers *cs, const char *name)
{
	struct entry *e = *bucket_of(cs, name);

	while (e && strcmp(e->name, name) != 0)
		e = e->next;
	return e;
}

static void entry_forget(struct entry *e)
{
	struct callers *cs = e->all;
	struct entry **at = bucket_of(cs, e->name);

	cs->events->forgotten(&e->caller, cs->userdata);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	cs->nr--;
	entry_free(e);
}

static void on_vanished(const char *name, void *userdata)
{
	struct entry *e = entry_find(userdata, name);

	if (e)
		entry_forget(e);
}

/* In which unit the process is: for the log, so it does not matter when there is none. */
static char *unit_of(pid_t pid)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	const char *unit;

	if (!pid || sd_bus_creds_new_from_pid(&creds, pid, SD_BUS_CREDS_UNIT) < 0 ||
	    sd_bus_creds_get_unit(creds, &unit) < 0)
		return NULL;
	return strdup(unit);
}

/* What the bus knows of the sender: uid -1 and pid 0 where it does not say. */
static int read_credentials(sd_bus_message *m, uid_t *uid, pid_t *pid)
{
	const char *key;
	uint32_t value;
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		bool is_uid;

		r = sd_bus_message_read(m, "s", &key);
		if (r < 0)
			return r;
		is_uid = strcmp(key, "UnixUserID") == 0;
		if (!is_uid && strcmp(key, "ProcessID") != 0)
			r = sd_bus_message_skip(m, "v");
		else if ((r = sd_bus_message_read(m, "v", "u", &value)) >= 0 && is_uid)
			*uid = value;
		else if (r >= 0)
			*pid = (pid_t)value;
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static int on_credentials(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct entry *e = userdata;
	pid_t pid = 0;
	int r = sd_bus_message_is_method_error(m, NULL) ? -sd_bus_message_get_errno(m)
							: read_credentials(m, &e->caller.uid, &pid);

	if (r >= 0) {
		e->caller.unit = e->unit = unit_of(pid);
		e->caller.known = true;
	}
	e->all->events->identified(&e->caller, r, e->all->userdata);
	if (r < 0)
		entry_forget(e);
	return 0;
}

static int ask(struct entry *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_method_call(e->all->bus, &m, DRIVER, "GetConnectionCredentials");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", e->name);
	return r < 0 ? r
		     : sd_bus_call_async(e->all->bus, &e->question, m, on_credentials, e,
					 PATIENCE_USEC);
}

/* Forgets one that is not needed now. The hand goes round, so that this is quick however many there are. */
static bool make_room(struct callers *cs)
{
	for (unsigned int i = 0; i < NR_BUCKETS; i++) {
		struct entry *e = cs->buckets[cs->hand];

		while (e && (e->caller.nr_calls || !e->caller.known))
			e = e->next;
		cs->hand = (cs->hand + 1) % NR_BUCKETS;
		if (e) {
			entry_forget(e);
			return true;
		}
	}
	return false;
}

static int add(struct callers *cs, const char *name, struct caller **ret)
{
	_cleanup_(entry_freep) struct entry *e = calloc(1, sizeof(*e));
	struct entry **bucket = bucket_of(cs, name);
	int r;

	if (!e)
		return -ENOMEM;
	e->all = cs;
	e->caller.name = e->name = strdup(name);
	e->caller.uid = (uid_t)-1;
	if (!e->name)
		return -ENOMEM;
	r = ask(e);
	if (r < 0)
		return r;
	e->next = *bucket;
	*ret = &e->caller;
	*bucket = TAKE_PTR(e);
	cs->nr++;
	return 0;
}

int callers_find(struct callers *cs, const char *name, struct caller **ret)
{
	struct entry *e = entry_find(cs, name);

	if (e) {
		*ret = &e->caller;
		return 0;
	}
	if (cs->nr >= CALLERS_MAX && !make_room(cs))
		return -ENOBUFS;
	return add(cs, name, ret);
}

const struct caller *callers_get(struct callers *cs, const char *name)
{
	struct entry *e = entry_find(cs, name);

	return e ? &e->caller : NULL;
}

int callers_new(sd_bus *bus, struct peers *peers, const struct callers_events *events,
		void *userdata, struct callers **ret)
{
	struct callers *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return -ENOMEM;
	cs->bus = bus;
	cs->peers = peers;
	cs->events = events;
	cs->userdata = userdata;
	cs->listener = (struct peers_listener){ .vanished = on_vanished, .userdata = cs };
	peers_add_listener(peers, &cs->listener);
	*ret = cs;
	return 0;
}

struct callers *callers_free(struct callers *cs)
{
	if (!cs)
		return NULL;
	for (unsigned int i = 0; i < NR_BUCKETS; i++)
		while (cs->buckets[i])
			entry_forget(cs->buckets[i]);
	peers_remove_listener(cs->peers, &cs->listener);
	free(cs);
	return NULL;
}
