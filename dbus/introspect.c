/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sd-bus makes introspection data for its peers only. So we are our own peer: the object is exported
 * at one end of a socket pair and asked at the other. What is printed is what a client gets, by the
 * same code.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "dbus/domain-object.h"
#include "dbus/introspect.h"
#include "dbus/node-object.h"
#include "dbus/wd40-object.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* Both ends get this many turns to finish; they need about ten. */
#define MAX_TURNS 1000

/* The objects that are asked, one after the other. */
static const char *const paths[] = {
	WD40_OBJECT_PATH,
	WD40_OBJECT_PATH "/Node/N0",
	WD40_OBJECT_PATH "/Domain/D0",
};

struct question {
	FILE *out;
	const char *path;
	int result; /* 1 while there is no answer */
};

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/*
 * The interfaces that every object of sd-bus has are no news, nor is which objects there are. Head and
 * end of the text are those of the first and the last object.
 */
static void print_own_interfaces(FILE *out, const char *xml, bool first, bool last)
{
	bool printing = first;

	while (*xml) {
		size_t length = strcspn(xml, "\n") + 1;

		if (starts_with(xml, " <interface ") || starts_with(xml, " <node "))
			printing = starts_with(xml, " <interface name=\"" WD40_INTERFACE);
		else if (starts_with(xml, "</node>"))
			printing = last;
		if (printing)
			fwrite(xml, 1, length, out);
		xml += length;
	}
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct question *q = userdata;
	const char *xml;

	if (sd_bus_message_is_method_error(m, NULL))
		q->result = -sd_bus_message_get_errno(m);
	else
		q->result = sd_bus_message_read(m, "s", &xml);
	if (q->result < 0)
		return 0;
	print_own_interfaces(q->out, xml, q->path == paths[0],
			     q->path == paths[ARRAY_SIZE(paths) - 1]);
	q->result = 0;
	return 0;
}

/* Either end of the pair owns its descriptor, also when this fails. */
static int start_end(sd_bus *bus, int *fd, bool server)
{
	sd_id128_t id = { 0 };
	int r;

	r = sd_bus_set_fd(bus, *fd, *fd);
	if (r < 0)
		return r;
	TAKE_FD(*fd);
	if (server)
		r = sd_bus_set_server(bus, 1, id);
	return r < 0 ? r : sd_bus_start(bus);
}

static int ask(sd_bus *server, sd_bus *client, struct question *q)
{
	int r;

	q->result = 1;
	r = sd_bus_call_method_async(client, NULL, NULL, q->path,
				     "org.freedesktop.DBus.Introspectable", "Introspect", on_answer,
				     q, "");
	for (int i = 0; i < MAX_TURNS && r >= 0 && q->result > 0; i++) {
		r = sd_bus_process(server, NULL);
		if (r >= 0)
			r = sd_bus_process(client, NULL);
	}
	if (r < 0)
		return r;
	return q->result > 0 ? -EPROTO : q->result;
}

/* As there is no scheduler, node and domain are objects like any other. */
static int export_all(sd_bus *server, struct wd40_context *nobody)
{
	int r = wd40_object_export(server, nobody);

	if (r >= 0)
		r = sd_bus_add_object_vtable(server, NULL, paths[1], node_objects.interface,
					     node_objects.vtable, NULL);
	if (r >= 0)
		r = sd_bus_add_object_vtable(server, NULL, paths[2], domain_objects.interface,
					     domain_objects.vtable, NULL);
	return r;
}

int introspect_print(FILE *out)
{
	_cleanup_(sd_bus_close_unrefp) sd_bus *server = NULL, *client = NULL;
	struct question q = { .out = out };
	struct wd40_context nobody = { 0 };
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	_cleanup_(closep) int server_fd = fds[0];
	_cleanup_(closep) int client_fd = fds[1];

	r = sd_bus_new(&server);
	if (r >= 0)
		r = sd_bus_new(&client);
	if (r >= 0)
		r = start_end(server, &server_fd, true);
	if (r >= 0)
		r = start_end(client, &client_fd, false);
	if (r >= 0)
		r = export_all(server, &nobody);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(paths); i++) {
		q.path = paths[i];
		r = ask(server, client, &q);
	}
	return r;
}
