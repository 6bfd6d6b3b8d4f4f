/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/manager.h"
#include "dbus/errors.h"
#include "dbus/options.h"
#include "dbus/wd40-control.h"
#include "dbus/wd40-object.h"
#include "util/cleanup.h"

#define RELOAD_STRICT UINT64_C(1)

static int reload(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct wd40_context *context = userdata;
	const struct config_author author = gate_caller(context->gate);
	struct refusal refusal;
	uint64_t flags;
	int r = sd_bus_message_read(m, "t", &flags);

	if (r >= 0 && flags & ~RELOAD_STRICT)
		r = refuse(&refusal, REFUSED_UNKNOWN_OPTION, "flags: %#" PRIx64 " is not known",
			   flags);
	if (r >= 0)
		r = manager_reload(context->manager, flags & RELOAD_STRICT, &author, &refusal);
	return r < 0 ? wd40_error_set(error, r, &refusal) : sd_bus_reply_method_return(m, "");
}

typedef int (*verb_fn)(struct manager *m, const struct config_author *author,
		       struct refusal *refusal);

static int run_verb(sd_bus_message *m, const struct wd40_context *context, verb_fn verb,
		    sd_bus_error *error)
{
	struct transaction_terms terms = { .author = gate_caller(context->gate) };
	char reason[REASON_MAX + 1];
	struct refusal refusal;
	int r;

	r = options_read(m, OPTION_REASON, &terms, reason, &refusal);
	if (r >= 0)
		r = verb(context->manager, &terms.author, &refusal);
	return r < 0 ? wd40_error_set(error, r, &refusal) : sd_bus_reply_method_return(m, "");
}

static int attach(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return run_verb(m, userdata, manager_attach_by_hand, error);
}

static int detach(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return run_verb(m, userdata, manager_detach_by_hand, error);
}

static int reattach(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return run_verb(m, userdata, manager_reattach_by_hand, error);
}

/* A sealed file in memory: whoever is slow to read it holds up nobody, and cannot change it. */
static int make_dump(const struct manager *m)
{
	_cleanup_(closep) int fd = memfd_create("wd40d-dump", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_cleanup_(fclosep) FILE *f = NULL;
	int copy;

	if (fd < 0)
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	f = fdopen(copy, "w");
	if (!f) {
		close(copy);
		return -ENOMEM;
	}
	manager_dump(m, f);
	if (fflush(f) != 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int dump(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct wd40_context *context = userdata;
	_cleanup_(closep) int fd = make_dump(context->manager);

	return fd < 0 ? fd : sd_bus_reply_method_return(m, "h", fd);
}

static int get_permissions(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	static const char *const words[] = {
		[POLKIT_YES] = "yes",   [POLKIT_NO] = "no",        [POLKIT_CHALLENGE] = "auth",
		[POLKIT_ABSENT] = "no", [POLKIT_LATE] = "unknown",
	};
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const struct wd40_context *context = userdata;
	int r;

	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "{ss}");
	for (int i = 0; r >= 0 && i < NR_ACTIONS; i++)
		r = sd_bus_message_append(reply, "{ss}", action_name(i),
					  words[gate_permission(context->gate, i)]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

#define GUARDED SD_BUS_VTABLE_UNPRIVILEGED /* the gate has asked */

const sd_bus_vtable wd40_control_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_NAMES("Reload", "t", SD_BUS_PARAM(flags), "", , reload, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("Attach", "a{sv}", SD_BUS_PARAM(options), "", , attach, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("Detach", "a{sv}", SD_BUS_PARAM(options), "", , detach, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("Reattach", "a{sv}", SD_BUS_PARAM(options), "", , reattach,
				 GUARDED),
	SD_BUS_METHOD_WITH_NAMES("Dump", "", , "h", SD_BUS_PARAM(dump), dump, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("GetPermissions", "", , "a{ss}", SD_BUS_PARAM(permissions),
				 get_permissions, GUARDED),
	SD_BUS_VTABLE_END,
};
