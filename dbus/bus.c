/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>

#include "dbus/bus.h"
#include "dbus/peers.h"
#include "dbus/wd40-object.h"
#include "util/cleanup.h"
#include "util/log.h"

#define RETRY_FIRST_USEC 100000ull
#define RETRY_MAX_USEC   30000000ull

/* Of a call without a time limit of its own. It is never waited for, other than by a handler of its answer. */
#define CALL_TIMEOUT_USEC 2000000ull

/* Messages handled before the other sources of the loop get their turn. */
#define MESSAGES_PER_TURN 4

struct bus {
	struct loop *loop;
	const char *address; /* NULL: the system bus */
	struct wd40_object *object;
	sd_bus *connection;  /* NULL while waiting for the next attempt */
	struct peers *peers; /* of the connection */
	struct loop_source *fd_source, *retry_timer;
	int fd;    /* of fd_source */
	int error; /* why this connection is of no use */
	const char *error_of;
	uint64_t retry_usec;
	bool complained; /* about the outage that goes on */
	bool settled;
	bus_settled_fn settled_fn;
	void *userdata;
};
DEFINE_CLEANUP(struct bus, bus_free)

static void bus_settle(struct bus *b)
{
	if (b->settled)
		return;
	b->settled = true;
	b->settled_fn(b->userdata);
}

static void bus_drop(struct bus *b)
{
	b->fd_source = loop_source_remove(b->fd_source);
	wd40_object_drop(b->object);
	b->peers = peers_free(b->peers);
	b->connection = sd_bus_close_unref(b->connection);
}

/* Tells of an outage once, however many attempts it takes. */
static void bus_retry_later(struct bus *b, int err, const char *what)
{
	bus_drop(b);
	log_errno(b->complained ? LOG_DEBUG : LOG_WARNING, err, "%s (scheduling goes on)", what);
	b->complained = true;
	loop_set_timer(b->retry_timer, b->retry_usec, 0);
	b->retry_usec = b->retry_usec * 2 < RETRY_MAX_USEC ? b->retry_usec * 2 : RETRY_MAX_USEC;
	bus_settle(b);
}

/* The rest is left to bus_process: the connection cannot be dropped from inside a handler. */
static void bus_note_error(struct bus *b, int err, const char *what)
{
	b->error = err;
	b->error_of = what;
}

static void on_peers_failed(int err, void *userdata)
{
	bus_note_error(userdata, err, "the bus does not tell who leaves it");
}

static int on_name_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bus *b = userdata;
	uint32_t result;
	int r;

	if (sd_bus_message_is_method_error(m, NULL))
		r = -sd_bus_message_get_errno(m);
	else
		r = sd_bus_message_read(m, "u", &result);
	if (r < 0) {
		bus_note_error(b, r, "the bus refuses the name " WD40_BUS_NAME);
		return 1;
	}
	if (result == 1 || result == 4)
		log_info("on the bus as %s", WD40_BUS_NAME);
	else
		log_warning("%s belongs to another program, waiting for it", WD40_BUS_NAME);
	b->retry_usec = RETRY_FIRST_USEC;
	b->complained = false;
	bus_settle(b);
	return 1;
}

static void bus_process(struct bus *b)
{
	int r = 1;

	for (int i = 0; i < MESSAGES_PER_TURN && r > 0 && !b->error; i++)
		r = sd_bus_process(b->connection, NULL);
	if (r < 0)
		bus_retry_later(b, r, "the bus is gone");
	else if (b->error)
		bus_retry_later(b, b->error, b->error_of);
}

static int on_bus_readable(struct loop_source *s, int fd, uint32_t events, void *userdata)
{
	bus_process(userdata);
	return 0;
}

/* Before authentication the connection may try another address, with another socket. */
static int bus_follow_fd(struct bus *b)
{
	int fd = sd_bus_get_fd(b->connection), events = sd_bus_get_events(b->connection);

	if (fd < 0 || events < 0)
		return fd < 0 ? fd : events;
	if (b->fd_source && fd == b->fd)
		return loop_set_fd_events(b->fd_source, events);
	b->fd_source = loop_source_remove(b->fd_source);
	b->fd = fd;
	return loop_add_fd(b->loop, "bus", fd, events, on_bus_readable, b, &b->fd_source);
}

static uint64_t bus_prepare(void *userdata)
{
	struct bus *b = userdata;
	uint64_t deadline = UINT64_MAX;
	int r;

	if (!b->connection)
		return UINT64_MAX;
	r = sd_bus_get_timeout(b->connection, &deadline);
	if (r >= 0 && deadline <= loop_now_usec()) {
		bus_process(b);
		if (!b->connection)
			return UINT64_MAX;
		r = sd_bus_get_timeout(b->connection, &deadline);
	}
	if (r >= 0)
		r = bus_follow_fd(b);
	if (r < 0) {
		bus_retry_later(b, r, "the bus cannot be watched");
		return UINT64_MAX;
	}
	return deadline;
}

static int open_address(sd_bus **bus, const char *address)
{
	int r = sd_bus_new(bus);

	if (r >= 0)
		r = sd_bus_set_description(*bus, "wd40d");
	if (r >= 0)
		r = sd_bus_set_address(*bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(*bus, true);
	return r < 0 ? r : sd_bus_start(*bus);
}

static int bus_connect(struct bus *b)
{
	int r;

	b->error = 0;
	if (b->address)
		r = open_address(&b->connection, b->address);
	else
		r = sd_bus_open_system_with_description(&b->connection, "wd40d");
	if (r < 0)
		return r;
	r = sd_bus_set_method_call_timeout(b->connection, CALL_TIMEOUT_USEC);
	if (r < 0)
		return r;
	r = peers_new(b->connection, on_peers_failed, b, &b->peers);
	if (r >= 0)
		r = wd40_object_add(b->object, b->connection, b->peers);
	if (r < 0)
		return r;
	return sd_bus_request_name_async(b->connection, NULL, WD40_BUS_NAME, SD_BUS_NAME_QUEUE,
					 on_name_reply, b);
}

static int on_retry(struct loop_source *s, void *userdata)
{
	struct bus *b = userdata;
	int r = bus_connect(b);

	if (r < 0)
		bus_retry_later(b, r, "no connection to the bus");
	return 0;
}

int bus_new(struct loop *loop, struct manager *m, const char *address, bus_settled_fn settled,
	    void *userdata, struct bus **ret)
{
	_cleanup_(bus_freep) struct bus *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->loop = loop;
	b->address = address;
	b->settled_fn = settled;
	b->userdata = userdata;
	b->retry_usec = RETRY_FIRST_USEC;
	r = wd40_object_new(loop, m, &b->object);
	if (r < 0)
		return r;
	r = loop_add_timer(loop, "bus-retry", on_retry, b, &b->retry_timer);
	if (r < 0)
		return r;
	loop_set_prepare(loop, bus_prepare, b);
	/* The first attempt is made from the loop too, so that settled is never called in here. */
	r = loop_set_timer(b->retry_timer, 1, 0);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(b);
	return 0;
}

struct bus *bus_free(struct bus *b)
{
	if (!b)
		return NULL;
	loop_set_prepare(b->loop, NULL, NULL);
	bus_drop(b);
	loop_source_remove(b->retry_timer);
	wd40_object_free(b->object);
	free(b);
	return NULL;
}

void bus_state_changed(struct bus *b)
{
	if (b && b->connection)
		wd40_object_emit_state(b->object, b->connection);
}

void bus_tunables_changed(struct bus *b, const struct tunables_change *change)
{
	if (b && b->connection)
		wd40_object_emit_tunables(b->object, b->connection, change);
}

void bus_tunables_reverted(struct bus *b, uint64_t generation, enum revert_cause cause)
{
	if (b && b->connection)
		wd40_object_emit_reverted(b->connection, generation, cause);
}

void bus_scheduler_exited(struct bus *b, const struct sched_exit *exit, bool will_restart)
{
	if (b && b->connection)
		wd40_object_emit_exit(b->object, b->connection, exit, will_restart);
}
