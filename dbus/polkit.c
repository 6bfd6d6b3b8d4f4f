/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/loop.h"
#include "dbus/polkit.h"
#include "util/log.h"

#define POLKIT                                                                 \
	"org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority", \
		"org.freedesktop.PolicyKit1.Authority"

#define FLAG_INTERACTIVE 1u

/* A person may take long to find the password; a program that decides by rules does not. */
#define PERSON_USEC  (300ull * 1000 * 1000)
#define PROGRAM_USEC (25ull * 1000 * 1000)

struct polkit_question {
	sd_bus *bus; /* owns the question's owner */
	sd_bus_slot *slot;
	char cancellation_id[32];
	bool answered;
	uint64_t deadline_usec;
	polkit_answer_fn fn;
	void *userdata;
};

/* When polkit ends the bus says so in the same words, but earlier. */
static bool is_late(const struct polkit_question *q, sd_bus_message *m)
{
	return sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY) &&
	       loop_now_usec() >= q->deadline_usec;
}

static enum polkit_answer read_answer(sd_bus_message *m)
{
	int authorized, challenge, r;

	if (sd_bus_message_is_method_error(m, NULL)) {
		log_debug("polkit: %s", sd_bus_message_get_error(m)->message);
		return POLKIT_ABSENT;
	}
	r = sd_bus_message_enter_container(m, 'r', "bba{ss}");
	if (r >= 0)
		r = sd_bus_message_read(m, "bb", &authorized, &challenge);
	if (r < 0)
		return POLKIT_ABSENT;
	if (authorized)
		return POLKIT_YES;
	return challenge ? POLKIT_CHALLENGE : POLKIT_NO;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct polkit_question *q = userdata;
	enum polkit_answer answer = is_late(q, m) ? POLKIT_LATE : read_answer(m);

	q->answered = answer != POLKIT_LATE;
	q->fn(answer, q->userdata); /* may free q */
	return 0;
}

static int append_question(sd_bus_message *m, const struct polkit_question *q, const char *sender,
			   const char *action, const struct polkit_detail *detail, uint32_t flags)
{
	int r;

	r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s", sender,
				  action);
	if (r < 0)
		return r;
	if (detail->value)
		r = sd_bus_message_append(m, "a{ss}", 1, detail->key, detail->value);
	else
		r = sd_bus_message_append(m, "a{ss}", 0);
	return r < 0 ? r : sd_bus_message_append(m, "us", flags, q->cancellation_id);
}

int polkit_ask(sd_bus *bus, const char *sender, const char *action,
	       const struct polkit_detail *detail, bool interactive, polkit_answer_fn fn,
	       void *userdata, struct polkit_question **ret)
{
	_cleanup_(polkit_question_freep) struct polkit_question *q = calloc(1, sizeof(*q));
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	uint64_t patience_usec = interactive ? PERSON_USEC : PROGRAM_USEC;
	static uint64_t last_id;
	int r;

	if (!q)
		return -ENOMEM;
	*q = (struct polkit_question){
		.bus = bus,
		.answered = true,
		.fn = fn,
		.userdata = userdata,
		.deadline_usec = loop_now_usec() + patience_usec,
	};
	snprintf(q->cancellation_id, sizeof(q->cancellation_id), "wd40d-%" PRIu64, ++last_id);
	r = sd_bus_message_new_method_call(bus, &m, POLKIT, "CheckAuthorization");
	if (r >= 0)
		r = append_question(m, q, sender, action, detail,
				    interactive ? FLAG_INTERACTIVE : 0);
	if (r >= 0)
		r = sd_bus_call_async(bus, &q->slot, m, on_answer, q, patience_usec);
	if (r < 0)
		return r;
	q->answered = false;
	*ret = TAKE_PTR(q);
	return 0;
}

struct polkit_question *polkit_question_free(struct polkit_question *q)
{
	if (!q)
		return NULL;
	if (!q->answered)
		(void)sd_bus_call_method_async(q->bus, NULL, POLKIT, "CancelCheckAuthorization",
					       NULL, NULL, "s", q->cancellation_id);
	sd_bus_slot_unref(q->slot);
	free(q);
	return NULL;
}
