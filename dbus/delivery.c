/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/call-text.h"
#include "dbus/credit.h"
#include "dbus/delivery.h"
#include "dbus/errors.h"
#include "dbus/reply-size.h"
#include "util/cleanup.h"
#include "util/log.h"

#define DRIVER "org.freedesktop.DBus", "/org/freedesktop/DBus"

/* The bus answers at once, but has to come to it: it is busy when somebody floods it. */
#define PATIENCE_USEC (25ull * 1000 * 1000)

#define NR_BUCKETS 256u

/* Who has not read is asked about again after a pause, which doubles from the one to the other. */
#define PAUSE_FIRST_USEC 10000ull
#define PAUSE_LAST_USEC  2560000ull

/* How long after something was sent, or had to wait, the questions are put, and again. */
#define TURN_USEC 5000ull

#define BYTES_OF_REFUSAL 512u

/*
 * A large reply takes milliseconds to make on a machine with many domains, in which nobody else is served. So
 * each user but root has them at a pace, and others are served in between.
 */
#define LARGE_REPLY_BYTES    (16u << 10)
#define LARGE_BYTES_PER_USEC 10u

/* Calls that wait and are larger share a budget. */
#define SMALL_BYTES_MAX 4096u
#define LARGE_BYTES_MAX (8u << 20)

/* Calls of one who is not known yet, which he is at once: as many as a library makes without waiting. */
#define FIRST_CALLS_MAX 16u
#define FIRST_BYTES_MAX 2048u

struct call {
	struct call *next;
	sd_bus_message *message;
	size_t bytes; /* that it takes while it waits */
};

struct client {
	struct delivery *delivery;
	struct client *next; /* in the bucket */
	char *name;          /* the unique one */
	struct credit_client credit;
	struct call *waiting;  /* in the order in which they came */
	struct call *released; /* that come in again */
	uint32_t nr_waiting;
	sd_bus_slot *identity, *question; /* NULL: not asked now */
	uint64_t pause_usec, ask_from_usec;
};

struct delivery {
	sd_bus *bus;
	struct peers *peers;
	struct peers_listener listener;
	const struct gate *gate;
	const struct manager *manager;
	struct loop_source *timer;
	sd_bus_slot *filter;
	struct credit credit;
	bool bus_is_silent; /* about what is unread */
	bool turn_comes;
	bool somebody_waits;   /* for credit that others may have */
	uint32_t first_bucket; /* of the next turn, so that each is the first at times */
	size_t large_bytes;
	uint32_t nr_waiting,
		nr_unknown; /* calls: of users but root; of clients that are not known yet */
	struct client *buckets[NR_BUCKETS];
};
DEFINE_CLEANUP(struct delivery, delivery_free)

/* --- Calls that wait. --------------------------------------------------------------------------------- */

static int push(struct call **list, sd_bus_message *m, size_t bytes)
{
	struct call *c = malloc(sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct call){ .message = sd_bus_message_ref(m), .bytes = bytes };
	while (*list)
		list = &(*list)->next;
	*list = c;
	return 0;
}

static void drop(struct call **at)
{
	struct call *c = *at;

	*at = c->next;
	sd_bus_message_unref(c->message);
	free(c);
}

static uint32_t *count_of(struct client *c)
{
	if (!c->credit.user)
		return &c->delivery->nr_unknown;
	return c->credit.user->uid != 0 ? &c->delivery->nr_waiting : NULL;
}

static void count_waiting(struct client *c, int change)
{
	uint32_t *count = count_of(c);

	c->nr_waiting += (uint32_t)change;
	if (count)
		*count += (uint32_t)change;
}

/* Small ones are bounded by their number. */
static size_t large(size_t bytes)
{
	return bytes > SMALL_BYTES_MAX ? bytes : 0;
}

static bool has_room(const struct delivery *d, size_t bytes)
{
	return d->large_bytes + large(bytes) <= LARGE_BYTES_MAX;
}

static int let_wait(struct client *c, sd_bus_message *m, size_t bytes)
{
	int r = push(&c->waiting, m, bytes);

	if (r < 0)
		return r;
	c->delivery->large_bytes += large(bytes);
	count_waiting(c, 1);
	return 0;
}

static void drop_waiting(struct client *c)
{
	c->delivery->large_bytes -= large(c->waiting->bytes);
	drop(&c->waiting);
	count_waiting(c, -1);
}

static uint32_t waiting_of_user(const struct delivery *d, const struct credit_user *user)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < NR_BUCKETS; i++)
		for (const struct client *c = d->buckets[i]; c; c = c->next)
			n += c->credit.user == user ? c->nr_waiting : 0;
	return n;
}

/* The first calls of one who is not known yet always may, as he may be root. */
static bool is_among_first(const struct client *c, size_t bytes)
{
	return !c->credit.user &&
	       (!c->nr_waiting || (c->nr_waiting < FIRST_CALLS_MAX && bytes <= FIRST_BYTES_MAX));
}

static bool may_wait(struct client *c, size_t bytes)
{
	const struct credit_user *user = c->credit.user;
	const uint32_t *count = count_of(c);

	if (is_among_first(c, bytes))
		return true;
	if (c->nr_waiting >= DELIVERY_CALLS_OF_CLIENT_MAX ||
	    (count && *count >= DELIVERY_CALLS_MAX))
		return false;
	return !user || user->uid == 0 ||
	       waiting_of_user(c->delivery, user) < DELIVERY_CALLS_OF_USER_MAX;
}

/* --- Clients. ----------------------------------------------------------------------------------------- */

static struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	while (c->waiting)
		drop_waiting(c);
	while (c->released)
		drop(&c->released);
	credit_leave(&c->delivery->credit, &c->credit);
	sd_bus_slot_unref(c->identity);
	sd_bus_slot_unref(c->question);
	free(c->name);
	free(c);
	return NULL;
}
DEFINE_CLEANUP(struct client, client_free)

/* Calls a method of the bus about the client. */
static int ask_bus(struct client *c, const char *interface, const char *method,
		   sd_bus_message_handler_t on_answer, sd_bus_slot **ret)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	sd_bus *bus = c->delivery->bus;
	int r = sd_bus_message_new_method_call(bus, &m, DRIVER, interface, method);

	if (r >= 0)
		r = sd_bus_message_append(m, "s", c->name);
	return r < 0 ? r : sd_bus_call_async(bus, ret, m, on_answer, c, PATIENCE_USEC);
}

static struct client **bucket_of(struct delivery *d, const char *name)
{
	uint32_t hash = 0;

	while (*name)
		hash = hash * 31 + (unsigned char)*name++;
	return &d->buckets[hash % NR_BUCKETS];
}

/* Where the pointer to the client is, or the end of its bucket. */
static struct client **find(struct delivery *d, const char *name)
{
	struct client **at = bucket_of(d, name);

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static void client_drop(struct client *c)
{
	*find(c->delivery, c->name) = c->next;
	client_free(c);
}

static void on_vanished(const char *name, void *userdata)
{
	struct client *c = *find(userdata, name);

	if (c)
		client_drop(c);
}

static void go_on(struct client *c);

/* Mostly it has gone, and hears nothing of it. */
static void fail_waiting(struct client *c, int err)
{
	while (c->waiting) {
		(void)sd_bus_reply_method_errno(c->waiting->message, err, NULL);
		drop_waiting(c);
	}
}

static int on_identity(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct client *c = userdata;
	uint32_t uid, waiting = c->nr_waiting;
	int r = sd_bus_message_is_method_error(m, NULL) ? -sd_bus_message_get_errno(m)
							: sd_bus_message_read(m, "u", &uid);

	if (r >= 0)
		r = credit_join(&c->delivery->credit, &c->credit, uid);
	if (r < 0) {
		fail_waiting(c, r);
		client_drop(c);
		return 0;
	}
	c->identity = sd_bus_slot_unref(c->identity);
	c->delivery->nr_unknown -= waiting;
	c->delivery->nr_waiting += uid != 0 ? waiting : 0;
	go_on(c);
	return 0;
}

static int client_new(struct delivery *d, const char *name, struct client **ret)
{
	_cleanup_(client_freep) struct client *c = calloc(1, sizeof(*c));
	struct client **at = bucket_of(d, name);
	int r;

	if (!c)
		return -ENOMEM;
	c->delivery = d;
	c->pause_usec = PAUSE_FIRST_USEC;
	c->name = strdup(name);
	if (!c->name)
		return -ENOMEM;
	r = ask_bus(c, "org.freedesktop.DBus", "GetConnectionUnixUser", on_identity, &c->identity);
	if (r < 0)
		return r;
	c->next = *at;
	*ret = *at = TAKE_PTR(c);
	return 0;
}

/* --- Has it read? ---------------------------------------------------------------------------------------- */

static uint64_t longer(uint64_t pause_usec)
{
	return pause_usec * 2 < PAUSE_LAST_USEC ? pause_usec * 2 : PAUSE_LAST_USEC;
}

/* Whoever has read nothing since is asked ever more seldom. */
static void answered(struct client *c, uint64_t unread_bytes)
{
	bool read = !unread_bytes || unread_bytes < c->credit.unread_bytes;

	credit_answer(&c->delivery->credit, &c->credit, unread_bytes);
	c->question = sd_bus_slot_unref(c->question);
	c->ask_from_usec = read ? 0 : loop_now_usec() + c->pause_usec;
	c->pause_usec = read ? PAUSE_FIRST_USEC : longer(c->pause_usec);
	go_on(c);
}

/* The value of an entry of a{sv} that is a u; 0 when there is none. */
static int read_entry(sd_bus_message *m, const char *wanted, uint32_t *ret)
{
	const char *key;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	*ret = 0;
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read(m, "s", &key);
		if (r >= 0)
			r = strcmp(key, wanted) == 0 ? sd_bus_message_read(m, "v", "u", ret)
						     : sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

/* A bus that is slow is not one that does not know. */
static bool is_no_answer(sd_bus_message *m)
{
	return sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY) ||
	       sd_bus_message_is_method_error(m, SD_BUS_ERROR_TIMEOUT) ||
	       sd_bus_message_is_method_error(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

/* One that denies it has limits that are reached, where dbus-broker charges who does not read. */
static void note_silence(struct delivery *d, sd_bus_message *m)
{
	if (!d->bus_is_silent && sd_bus_message_is_method_error(m, SD_BUS_ERROR_ACCESS_DENIED))
		log_warning("replies that nobody reads are not limited, as the bus's policy denies "
			    "org.freedesktop.DBus.Debug.Stats");
	d->bus_is_silent = true;
}

static int on_word_of_bus(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct client *c = userdata;
	uint32_t unread_bytes;

	if (is_no_answer(m)) {
		answered(c, c->credit.asked_bytes);
		return 0;
	}
	if (!sd_bus_message_is_method_error(m, NULL) &&
	    read_entry(m, "OutgoingBytes", &unread_bytes) >= 0) {
		answered(c, unread_bytes);
		return 0;
	}
	note_silence(c->delivery, m);
	answered(c, c->credit.asked_bytes);
	return 0;
}

/* An error that comes from the client proves as much. */
static int on_pong(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct client *c = userdata;
	const char *sender = sd_bus_message_get_sender(m);
	bool read = sender && strcmp(sender, c->name) == 0;

	answered(c, read ? 0 : c->credit.asked_bytes);
	return 0;
}

/* Waits for as long as the client does not read: a second Ping would wait behind the first. */
static int send_ping(struct client *c)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(c->delivery->bus, &m, c->name, "/",
					       "org.freedesktop.DBus.Peer", "Ping");

	return r < 0 ? r
		     : sd_bus_call_async(c->delivery->bus, &c->question, m, on_pong, c, UINT64_MAX);
}

static int send_question(struct client *c)
{
	if (c->delivery->bus_is_silent)
		return send_ping(c);
	return ask_bus(c, "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", on_word_of_bus,
		       &c->question);
}

/* When all that has been taken credit for is sent: only in turns, and not while calls come in again. */
static void ask(struct client *c, uint64_t from_bytes)
{
	if (c->question || !c->credit.user || c->released || c->credit.unread_bytes < from_bytes ||
	    loop_now_usec() < c->ask_from_usec)
		return;
	credit_ask(&c->credit);
	(void)send_question(c); /* else the next time */
}

static void want_turn(struct delivery *d)
{
	if (!d->turn_comes)
		d->turn_comes = loop_set_timer(d->timer, TURN_USEC, 0) >= 0;
}

/* --- Calls. -------------------------------------------------------------------------------------------- */

static uint32_t reply_bytes(const struct client *c, sd_bus_message *m)
{
	return reply_size_max(m, manager_topology(c->delivery->manager));
}

static bool comes_too_soon(const struct client *c, uint32_t bytes)
{
	const struct credit_user *user = c->credit.user;

	return bytes > LARGE_REPLY_BYTES && user->uid != 0 &&
	       loop_now_usec() < user->large_from_usec;
}

static bool may_pass(struct client *c, sd_bus_message *m)
{
	struct delivery *d = c->delivery;
	uint32_t bytes = reply_bytes(c, m);

	if (!c->credit.user)
		return false;
	if (c->credit.unread_bytes >= CREDIT_ASK_BYTES)
		want_turn(d);
	if (comes_too_soon(c, bytes) ||
	    (!d->bus_is_silent && !credit_take(&d->credit, &c->credit, CREDIT_REPLY, bytes)))
		return false;
	if (bytes > LARGE_REPLY_BYTES)
		c->credit.user->large_from_usec = loop_now_usec() + bytes / LARGE_BYTES_PER_USEC;
	return true;
}

static bool take_released(struct client *c, const sd_bus_message *m)
{
	struct call **at = &c->released;

	while (*at && (*at)->message != m)
		at = &(*at)->next;
	if (!*at)
		return false;
	drop(at);
	return true;
}

/* The first that waits comes in again, and passes then. */
static void release(struct client *c)
{
	sd_bus_message *m = c->waiting->message;
	int r = push(&c->released, m, 0);

	if (r >= 0) {
		r = sd_bus_enqueue_for_read(c->delivery->bus, m);
		if (r < 0)
			(void)take_released(c, m);
	}
	if (r < 0)
		(void)sd_bus_reply_method_errno(m, r, NULL);
	drop_waiting(c);
}

static void go_on(struct client *c)
{
	while (c->waiting && may_pass(c, c->waiting->message))
		release(c);
	if (!c->waiting || !c->credit.user)
		return;
	if (!comes_too_soon(c, reply_bytes(c, c->waiting->message)))
		c->delivery->somebody_waits = true;
	want_turn(c->delivery);
}

static int on_turn(struct loop_source *source, void *userdata)
{
	struct delivery *d = userdata;
	uint64_t from_bytes = d->somebody_waits ? 1 : CREDIT_ASK_BYTES;

	d->turn_comes = d->somebody_waits = false;
	d->first_bucket++;
	for (uint32_t i = 0; i < NR_BUCKETS; i++) {
		struct client *c = d->buckets[(d->first_bucket + i) % NR_BUCKETS];

		for (; c; c = c->next) {
			go_on(c);
			ask(c, from_bytes);
		}
	}
	return 0;
}

/* Who has no credit for that either hears nothing. The few calls before it is known whose they are have it. */
static int refuse_call(struct client *c, const char *why, sd_bus_error *error)
{
	if (c->credit.user &&
	    !credit_take(&c->delivery->credit, &c->credit, CREDIT_REFUSAL, BYTES_OF_REFUSAL))
		return 1;
	return wd40_error_setf(error, WD40_ERROR_LIMIT_EXCEEDED, "%s", why);
}

static int hold(struct client *c, sd_bus_message *m, sd_bus_error *error)
{
	size_t bytes = call_bytes(m);
	int r;

	if (bytes > CALL_BYTES_MAX)
		return refuse_call(c, "the call is too large", error);
	if (!may_wait(c, bytes) || !has_room(c->delivery, bytes))
		return refuse_call(c, "too many calls wait until earlier replies are read", error);
	r = let_wait(c, m, bytes);
	if (r < 0)
		return r;
	go_on(c);
	return 1;
}

/* Whom nobody waits for gets nothing. */
static bool gets_reply(sd_bus_message *m)
{
	return sd_bus_message_is_method_call(m, NULL, NULL) && sd_bus_message_get_sender(m) &&
	       sd_bus_message_get_expect_reply(m) > 0;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct delivery *d = userdata;
	const char *sender = sd_bus_message_get_sender(m);
	struct client *c;
	int r = 0;

	if (!gets_reply(m) || gate_has_passed(d->gate, m))
		return 0;
	c = *find(d, sender);
	if (!c)
		r = client_new(d, sender, &c);
	if (r < 0)
		return r;
	if (take_released(c, m) || (!c->waiting && may_pass(c, m)))
		return 0;
	return hold(c, m, error);
}

/* --- Samples. ------------------------------------------------------------------------------------------- */

bool delivery_take_sample(struct delivery *d, const char *client, uint32_t bytes)
{
	struct client *c = *find(d, client);
	bool taken =
		c && c->credit.user && credit_take(&d->credit, &c->credit, CREDIT_SAMPLE, bytes);

	if (!taken)
		d->somebody_waits = true;
	if (!taken || c->credit.unread_bytes >= CREDIT_ASK_BYTES)
		want_turn(d);
	return taken;
}

bool delivery_knows(struct delivery *d, const char *client)
{
	return *find(d, client);
}

/* --- All of it. ------------------------------------------------------------------------------------------ */

int delivery_new(struct loop *loop, sd_bus *bus, struct peers *peers, const struct gate *gate,
		 const struct manager *m, struct delivery **ret)
{
	_cleanup_(delivery_freep) struct delivery *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->bus = bus;
	d->peers = peers;
	d->gate = gate;
	d->manager = m;
	d->listener = (struct peers_listener){ .vanished = on_vanished, .userdata = d };
	peers_add_listener(peers, &d->listener);
	r = loop_add_timer(loop, "unread", on_turn, d, &d->timer);
	if (r >= 0)
		r = sd_bus_add_filter(bus, &d->filter, on_message, d);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

struct delivery *delivery_free(struct delivery *d)
{
	if (!d)
		return NULL;
	peers_remove_listener(d->peers, &d->listener);
	sd_bus_slot_unref(d->filter);
	for (uint32_t i = 0; i < NR_BUCKETS; i++)
		while (d->buckets[i])
			client_drop(d->buckets[i]);
	loop_source_remove(d->timer);
	free(d);
	return NULL;
}
