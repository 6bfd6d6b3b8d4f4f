/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/limits.h"
#include "dbus/errors.h"
#include "dbus/statistics-message.h"
#include "dbus/wd40-object.h"
#include "dbus/wd40-statistics.h"
#include "dbus/wd40-subscriptions.h"
#include "util/cleanup.h"
#include "util/log.h"

struct subscription {
	struct subscriptions *all;
	struct subscription *next;
	uint32_t id;
	uid_t uid;
	char *client; /* unique name */
	struct statistics_choice choice;
	uint64_t interval_usec, due_usec; /* CLOCK_MONOTONIC */
	uint64_t sequence;                /* of the last sample, sent or dropped */
};

struct subscriptions {
	struct manager *manager;
	sd_bus *bus;
	struct peers *peers;
	struct peers_listener listener;
	struct delivery *delivery;
	struct loop_source *timer;
	struct subscription *first;
	uint32_t last_id;
};

static struct subscription *subscription_free(struct subscription *sub)
{
	if (!sub)
		return NULL;
	free(sub->client);
	free(sub);
	return NULL;
}
DEFINE_CLEANUP(struct subscription, subscription_free)

static void subscription_drop(struct subscription *sub)
{
	struct subscription **at = &sub->all->first;

	while (*at != sub)
		at = &(*at)->next;
	*at = sub->next;
	manager_clients(sub->all->manager)->subscriptions--;
	subscription_free(sub);
}

/* --- Samples. -------------------------------------------------------------------------------------- */

static int send_sample(const struct subscription *sub, const struct statistics *s)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r;

	r = sd_bus_message_new_signal(sub->all->bus, &m, WD40_OBJECT_PATH,
				      WD40_STATISTICS_INTERFACE, "Sample");
	if (r >= 0)
		r = sd_bus_message_set_destination(m, sub->client);
	if (r >= 0)
		r = sd_bus_message_append(m, "ut", sub->id, sub->sequence);
	if (r >= 0)
		r = statistics_append(m, s, &sub->choice);
	return r < 0 ? r : sd_bus_send(sub->all->bus, m, NULL);
}

static bool may_send(const struct subscription *sub, const struct statistics *s)
{
	return delivery_take_sample(sub->all->delivery, sub->client,
				    statistics_size_max(&sub->choice, s->nr_nodes, s->nr_domains));
}

static void sample(struct subscription *sub, const struct statistics *s)
{
	struct statistics_clients *counts = manager_clients(sub->all->manager);
	int r = -ENOBUFS;

	sub->sequence++;
	if (s && may_send(sub, s))
		r = send_sample(sub, s);
	if (r < 0)
		counts->samples_dropped++;
	else
		counts->samples++;
}

/* Turns are at multiples of the interval, so that those with the same one come together. */
static uint64_t next_turn(uint64_t interval_usec, uint64_t now_usec)
{
	return (now_usec / interval_usec + 1) * interval_usec;
}

static void arm(struct subscriptions *s, uint64_t now_usec)
{
	uint64_t due_usec = UINT64_MAX;

	for (const struct subscription *sub = s->first; sub; sub = sub->next)
		if (sub->due_usec < due_usec)
			due_usec = sub->due_usec;
	if (!s->first)
		loop_stop_timer(s->timer);
	else
		loop_set_timer(s->timer, due_usec > now_usec ? due_usec - now_usec : 0, 0);
}

static int on_turn(struct loop_source *source, void *userdata)
{
	struct subscriptions *s = userdata;
	const struct statistics *now = manager_statistics(s->manager);
	uint64_t now_usec = loop_now_usec();

	for (struct subscription *sub = s->first; sub; sub = sub->next) {
		if (sub->due_usec > now_usec)
			continue;
		sub->due_usec = next_turn(sub->interval_usec, now_usec);
		sample(sub, now);
	}
	arm(s, now_usec);
	return 0;
}

static void on_vanished(const char *name, void *userdata)
{
	struct subscriptions *s = userdata;
	struct subscription *next;

	for (struct subscription *sub = s->first; sub; sub = next) {
		next = sub->next;
		if (strcmp(sub->client, name) == 0)
			subscription_drop(sub);
	}
}

/* --- Methods. ------------------------------------------------------------------------------------------ */

static int check_limits(const struct subscriptions *s, uid_t uid, uint64_t interval_usec,
			struct refusal *refusal)
{
	uint32_t all = 0, own = 0;

	if (interval_usec < SUBSCRIPTION_INTERVAL_MIN_USEC ||
	    interval_usec > SUBSCRIPTION_INTERVAL_MAX_USEC)
		return refuse(refusal, REFUSED_OUT_OF_RANGE,
			      "interval: %" PRIu64 " us is out of range (allowed: %llu to %llu us)",
			      interval_usec, SUBSCRIPTION_INTERVAL_MIN_USEC,
			      SUBSCRIPTION_INTERVAL_MAX_USEC);
	for (const struct subscription *sub = s->first; sub; sub = sub->next) {
		all++;
		own += sub->uid == uid;
	}
	if (all >= SUBSCRIPTIONS_MAX)
		return refuse(refusal, REFUSED_LIMIT_EXCEEDED, "there are %u subscriptions already",
			      all);
	if (uid != 0 && own >= SUBSCRIPTIONS_OF_UID_MAX)
		return refuse(refusal, REFUSED_LIMIT_EXCEEDED,
			      "user %u has %u subscriptions already", uid, own);
	return 0;
}

static uint32_t next_id(struct subscriptions *s)
{
	const struct subscription *sub;

	do {
		s->last_id++;
		for (sub = s->first; sub && sub->id != s->last_id; sub = sub->next)
			;
	} while (sub || !s->last_id);
	return s->last_id;
}

/* The client is there: the gate has asked who it is, and hears of its end as we do. */
static int add(struct subscriptions *s, const char *client, const struct subscription *wanted,
	       uint32_t *ret_id)
{
	_cleanup_(subscription_freep) struct subscription *sub = malloc(sizeof(*sub));
	uint64_t now_usec = loop_now_usec();

	if (!sub)
		return -ENOMEM;
	if (!delivery_knows(s->delivery, client))
		return -ESRCH; /* nobody will tell that it has gone */
	*sub = *wanted;
	sub->all = s;
	sub->client = strdup(client);
	if (!sub->client)
		return -ENOMEM;
	sub->id = *ret_id = next_id(s);
	sub->due_usec = next_turn(sub->interval_usec, now_usec);
	sub->next = s->first;
	s->first = TAKE_PTR(sub);
	manager_clients(s->manager)->subscriptions++;
	arm(s, now_usec);
	return 0;
}

static int subscribe(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct wd40_context *context = userdata;
	struct subscription wanted = { .uid = gate_caller(context->gate).uid };
	struct refusal refusal;
	uint32_t id;
	int r;

	r = sd_bus_message_read(call, "t", &wanted.interval_usec);
	if (r >= 0)
		r = statistics_choice_read(call, &wanted.choice, &refusal);
	if (r >= 0)
		r = check_limits(context->subscriptions, wanted.uid, wanted.interval_usec,
				 &refusal);
	if (r >= 0)
		r = add(context->subscriptions, sd_bus_message_get_sender(call), &wanted, &id);
	if (r < 0)
		return wd40_error_set(error, r, &refusal);
	return sd_bus_reply_method_return(call, "u", id);
}

static int unsubscribe(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct wd40_context *context = userdata;
	struct subscription *sub;
	struct refusal refusal;
	uint32_t id;
	int r = sd_bus_message_read(call, "u", &id);

	if (r < 0)
		return r;
	for (sub = context->subscriptions->first; sub; sub = sub->next)
		if (sub->id == id && strcmp(sub->client, sd_bus_message_get_sender(call)) == 0)
			break;
	if (!sub) {
		r = refuse(&refusal, REFUSED_INVALID, "%u: not a subscription of the caller", id);
		return wd40_error_set(error, r, &refusal);
	}
	subscription_drop(sub);
	arm(context->subscriptions, loop_now_usec());
	return sd_bus_reply_method_return(call, NULL);
}

const sd_bus_vtable wd40_subscriptions_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_NAMES("Subscribe", "ta{sv}",
				 SD_BUS_PARAM(interval_usec) SD_BUS_PARAM(options), "u",
				 SD_BUS_PARAM(id), subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_NAMES("Unsubscribe", "u", SD_BUS_PARAM(id), "", , unsubscribe,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_NAMES("Sample", "uta{sv}",
				 SD_BUS_PARAM(id) SD_BUS_PARAM(sequence) SD_BUS_PARAM(statistics),
				 0),
	SD_BUS_VTABLE_END,
};

int subscriptions_new(struct loop *loop, struct manager *m, sd_bus *bus, struct peers *peers,
		      struct delivery *delivery, struct subscriptions **ret)
{
	_cleanup_(freep) struct subscriptions *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->manager = m;
	s->bus = bus;
	s->peers = peers;
	s->delivery = delivery;
	s->listener = (struct peers_listener){ .vanished = on_vanished, .userdata = s };
	r = loop_add_timer(loop, "samples", on_turn, s, &s->timer);
	if (r < 0)
		return r;
	peers_add_listener(peers, &s->listener);
	*ret = TAKE_PTR(s);
	return 0;
}

struct subscriptions *subscriptions_free(struct subscriptions *s)
{
	if (!s)
		return NULL;
	while (s->first)
		subscription_drop(s->first);
	peers_remove_listener(s->peers, &s->listener);
	loop_source_remove(s->timer);
	free(s);
	return NULL;
}
