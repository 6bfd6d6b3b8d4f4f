/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>

#include "daemon/manager.h"
#include "dbus/errors.h"
#include "dbus/gate.h"
#include "dbus/options.h"
#include "dbus/tunable-value.h"
#include "dbus/wd40-changes.h"
#include "dbus/wd40-object.h"
#include "util/cleanup.h"

#define OPTIONS_OF_CHANGES                                                                         \
	(OPTION_PERSIST | OPTION_EXPECTED_GENERATION | OPTION_EXPECTED_INSTANCE | OPTION_DRY_RUN | \
	 OPTION_REASON)

/* A request as it is read. */
struct request {
	struct config_change changes[NR_TUNABLES];
	char *lists[NR_TUNABLES];
	size_t n;
	struct transaction_terms terms;
	char reason[REASON_MAX + 1];
	struct transaction_result result;
	struct refusal refusal;
};

static void request_done(struct request *q)
{
	for (size_t i = 0; i < NR_TUNABLES; i++)
		free(q->lists[i]);
}

static int find_tunable(const char *name, struct refusal *refusal)
{
	int id = tunable_by_bus_name(name);

	if (id < 0)
		return refuse(refusal, REFUSED_UNKNOWN_TUNABLE, "%.100s: unknown tunable", name);
	return id;
}

static int read_variant(sd_bus_message *m, struct request *q, enum tunable_id id)
{
	const char *signature = tunable_signature(tunables[id].type);
	int r;

	r = sd_bus_message_enter_container(m, 'v', signature);
	if (r >= 0)
		r = tunable_value_read(m, tunables[id].type, &q->changes[q->n].value,
				       &q->lists[q->n]);
	if (r == -ENXIO || r == -EINVAL)
		return refuse(&q->refusal, REFUSED_INVALID,
			      "%s: is not of type %s, or has an empty item", tunables[id].bus_name,
			      signature);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_change(sd_bus_message *m, struct request *q)
{
	const char *name;
	int r, id;

	if (q->n == NR_TUNABLES)
		return refuse(&q->refusal, REFUSED_LIMIT_EXCEEDED, "more values than tunables");
	r = sd_bus_message_read(m, "s", &name);
	if (r < 0)
		return r;
	id = find_tunable(name, &q->refusal);
	if (id < 0)
		return id;
	q->changes[q->n].id = id;
	r = read_variant(m, q, id);
	q->n++;
	return r;
}

static int read_changes(sd_bus_message *m, struct request *q)
{
	int r;

	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_change(m, q);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Names of tunables; none at all means every one. */
static int read_names(sd_bus_message *m, tunable_mask *ids, struct refusal *refusal)
{
	const char *name;
	size_t n = 0;
	int r;

	*ids = 0;
	r = sd_bus_message_enter_container(m, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read_basic(m, 's', &name)) > 0) {
		if (n++ == NR_TUNABLES)
			return refuse(refusal, REFUSED_LIMIT_EXCEEDED, "more names than tunables");
		r = find_tunable(name, refusal);
		if (r >= 0)
			*ids |= TUNABLE_BIT(r);
	}
	if (r < 0)
		return r;
	if (!*ids)
		*ids = TUNABLES_ALL;
	return sd_bus_message_exit_container(m);
}

/* Those of what was asked for that wait for the next attach, or would after a dry run. */
static int append_pending(sd_bus_message *reply, const struct manager *m, const struct request *q)
{
	bool pending[NR_TUNABLES] = { 0 };
	const char *names[NR_TUNABLES + 1];
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++)
		pending[q->changes[i].id] =
			manager_would_pend(m, q->changes[i].id, &q->changes[i].value);
	for (int id = 0; id < NR_TUNABLES; id++)
		if (pending[id])
			names[n++] = tunables[id].bus_name;
	names[n] = NULL;
	return sd_bus_message_append_strv(reply, (char **)names);
}

static int reply_request(sd_bus_message *m, const struct manager *manager, const struct request *q)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "t", q->result.generation);
	if (r >= 0)
		r = append_pending(reply, manager, q);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int set_tunables(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct wd40_context *context = userdata;
	_cleanup_(request_done) struct request q = { .terms.author = gate_caller(context->gate) };
	int r;

	r = read_changes(m, &q);
	if (r >= 0)
		r = options_read(m, OPTIONS_OF_CHANGES | OPTION_CONFIRM_TIMEOUT, &q.terms, q.reason,
				 &q.refusal);
	if (r >= 0)
		r = manager_set_tunables(context->manager, q.changes, q.n, &q.terms, &q.result,
					 &q.refusal);
	if (r < 0)
		return wd40_error_set(error, r, &q.refusal);
	return reply_request(m, context->manager, &q);
}

static int reset_tunables(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct wd40_context *context = userdata;
	_cleanup_(request_done) struct request q = { .terms.author = gate_caller(context->gate) };
	tunable_mask ids;
	int r;

	r = read_names(m, &ids, &q.refusal);
	if (r >= 0)
		r = options_read(m, OPTIONS_OF_CHANGES, &q.terms, q.reason, &q.refusal);
	if (r >= 0)
		r = manager_reset_tunables(context->manager, ids, &q.terms, &q.result, &q.refusal);
	if (r < 0)
		return wd40_error_set(error, r, &q.refusal);
	return sd_bus_reply_method_return(m, "t", q.result.generation);
}

static int save_tunables(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct wd40_context *context = userdata;
	struct transaction_terms terms = { .author = gate_caller(context->gate) };
	char reason[REASON_MAX + 1];
	struct refusal refusal;
	tunable_mask ids, saved;
	int r;

	r = read_names(m, &ids, &refusal);
	if (r >= 0)
		r = options_read(m, OPTION_REASON, &terms, reason, &refusal);
	if (r >= 0)
		r = manager_save_tunables(context->manager, ids, &terms.author, &saved, &refusal);
	if (r < 0)
		return wd40_error_set(error, r, &refusal);
	return sd_bus_reply_method_return(m, "s", saved ? CONFIG_SAVED_PATH : "");
}

static int confirm_tunables(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct wd40_context *context = userdata;
	const struct config_author author = gate_caller(context->gate);
	struct refusal refusal;
	uint64_t generation;
	int r = sd_bus_message_read(m, "t", &generation);

	if (r >= 0)
		r = manager_confirm_tunables(context->manager, generation, &author, &refusal);
	return r < 0 ? wd40_error_set(error, r, &refusal) : sd_bus_reply_method_return(m, "");
}

static int revert_tunables(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const struct wd40_context *context = userdata;
	const struct config_author author = gate_caller(context->gate);
	struct refusal refusal;
	uint64_t generation;
	int r = sd_bus_message_read(m, "t", &generation);

	if (r >= 0)
		r = manager_revert_tunables(context->manager, generation, &author, &refusal);
	return r < 0 ? wd40_error_set(error, r, &refusal) : sd_bus_reply_method_return(m, "");
}

#define GUARDED SD_BUS_VTABLE_UNPRIVILEGED /* the gate has asked */

const sd_bus_vtable wd40_changes_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_NAMES(
		"SetTunables", "a{sv}a{sv}", SD_BUS_PARAM(values) SD_BUS_PARAM(options), "tas",
		SD_BUS_PARAM(generation) SD_BUS_PARAM(pending), set_tunables, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("ConfirmTunables", "t", SD_BUS_PARAM(generation), "", ,
				 confirm_tunables, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("RevertTunables", "t", SD_BUS_PARAM(generation), "", ,
				 revert_tunables, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("ResetTunables", "asa{sv}",
				 SD_BUS_PARAM(names) SD_BUS_PARAM(options), "t",
				 SD_BUS_PARAM(generation), reset_tunables, GUARDED),
	SD_BUS_METHOD_WITH_NAMES("SaveTunables", "asa{sv}",
				 SD_BUS_PARAM(names) SD_BUS_PARAM(options), "s", SD_BUS_PARAM(path),
				 save_tunables, GUARDED),
	SD_BUS_VTABLE_END,
};
