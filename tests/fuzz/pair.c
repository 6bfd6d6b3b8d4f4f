/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/pair.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "dbus/peers.h"
#include "tests/fuzz/claim.h"

#define DRIVER "org.freedesktop.DBus"
#define POLKIT "org.freedesktop.PolicyKit1.Authority"

static const char *const clients[PAIR_CLIENTS] = { ":1.10", ":1.11", ":1.12", ":1.13" };

const char *pair_client(uint32_t client)
{
	return clients[client % PAIR_CLIENTS];
}

/* --- The bus driver and polkit. ----------------------------------------------------------------- */

static int reply_credentials(struct pair *p, sd_bus_message *m)
{
	const char *name;

	claim(sd_bus_message_read(m, "s", &name) >= 0);
	for (int i = 0; i < PAIR_CLIENTS; i++)
		if (strcmp(clients[i], name) == 0)
			return sd_bus_reply_method_return(m, "a{sv}", 2, "UnixUserID", "u",
							  p->uids[i], "ProcessID", "u",
							  (uint32_t)getpid());
	return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER, "no %s", name);
}

static int reply_permission(struct pair *p, sd_bus_message *m)
{
	uint32_t answer = p->polkit_answers & 3;

	p->polkit_answers >>= 2;
	if (answer == 3)
		return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_FAILED, "out of order");
	return sd_bus_reply_method_return(m, "(bba{ss})", answer == 0, answer == 2, 0);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct pair *p = userdata;
	uint8_t type;

	claim(sd_bus_message_get_type(m, &type) >= 0);
	p->unasked += type == SD_BUS_MESSAGE_METHOD_RETURN || type == SD_BUS_MESSAGE_METHOD_ERROR;
	if (type != SD_BUS_MESSAGE_METHOD_CALL)
		return 0;
	if (sd_bus_message_is_method_call(m, DRIVER, "GetConnectionCredentials"))
		reply_credentials(p, m);
	else if (sd_bus_message_is_method_call(m, POLKIT, "CheckAuthorization"))
		reply_permission(p, m);
	else
		(void)sd_bus_reply_method_return(m, NULL);
	return 1;
}

void pair_vanish(struct pair *p, uint32_t client)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	const char *name = pair_client(client);

	claim(sd_bus_message_new_signal(p->others, &m, "/org/freedesktop/DBus", DRIVER,
					"NameOwnerChanged") >= 0);
	claim(sd_bus_message_append(m, "sss", name, name, "") >= 0);
	claim(sd_bus_message_set_sender(m, DRIVER) >= 0);
	claim(sd_bus_send(p->others, m, NULL) >= 0);
}

/* --- Both ends. --------------------------------------------------------------------------------- */

static sd_bus *make_end(int fd, bool daemon)
{
	sd_id128_t id = { 0 };
	sd_bus *bus;

	claim(sd_bus_new(&bus) >= 0);
	claim(sd_bus_set_fd(bus, fd, fd) >= 0);
	claim(sd_bus_negotiate_fds(bus, true) >= 0);
	if (daemon)
		claim(sd_bus_set_server(bus, 1, id) >= 0);
	claim(sd_bus_start(bus) >= 0);
	return bus;
}

static int on_always(struct loop_source *s, int fd, uint32_t events, void *userdata)
{
	loop_exit(userdata, 0);
	return 0;
}

static void on_peers_failed(int err, void *userdata)
{
	claim(false);
}

static void on_state_changed(void *userdata)
{
	struct pair *p = userdata;

	wd40_object_emit_state(p->object, p->daemon);
}

static void on_tunables_changed(const struct tunables_change *change, void *userdata)
{
	struct pair *p = userdata;

	wd40_object_emit_tunables(p->object, p->daemon, change);
}

static void on_tunables_reverted(uint64_t generation, enum revert_cause cause, void *userdata)
{
	struct pair *p = userdata;

	wd40_object_emit_reverted(p->daemon, generation, cause);
}

static void init_daemon(struct pair *p, const char *root)
{
	const struct manager_listener listener = {
		.state_changed = on_state_changed,
		.tunables_changed = on_tunables_changed,
		.tunables_reverted = on_tunables_reverted,
		.userdata = p,
	};

	claim(loop_new(&p->loop) >= 0);
	p->always_fd = eventfd(1, EFD_CLOEXEC);
	claim(loop_add_fd(p->loop, "always", p->always_fd, EPOLLIN, on_always, p->loop,
			  &p->always) >= 0);
	claim(config_new(root, &p->config) >= 0);
	claim(manager_new(p->loop, p->config, root, &p->manager) >= 0);
	claim(manager_start(p->manager) >= 0);
	claim(wd40_object_new(p->loop, p->manager, &p->object) >= 0);
	manager_set_listener(p->manager, &listener);
}

void pair_init(struct pair *p, const char *root)
{
	int fds[2];

	*p = (struct pair){ .always_fd = -EBADF };
	init_daemon(p, root);
	claim(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	p->daemon = make_end(fds[0], true);
	p->others = make_end(fds[1], false);
	claim(peers_new(p->daemon, on_peers_failed, p, &p->peers) >= 0);
	claim(wd40_object_add(p->object, p->daemon, p->peers) >= 0);
	claim(sd_bus_add_filter(p->others, NULL, on_message, p) >= 0);
}

void pair_done(struct pair *p)
{
	wd40_object_free(p->object);
	peers_free(p->peers);
	sd_bus_close_unref(p->daemon);
	sd_bus_close_unref(p->others);
	manager_free(p->manager);
	config_free(p->config);
	loop_source_remove(p->always);
	loop_free(p->loop);
	closep(&p->always_fd);
}

bool pair_turn(struct pair *p)
{
	int done = sd_bus_process(p->daemon, NULL), others = sd_bus_process(p->others, NULL);

	claim(done >= 0 && others >= 0);
	claim(loop_run(p->loop) == 0);
	return done || others;
}
