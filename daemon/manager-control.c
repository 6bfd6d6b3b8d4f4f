/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching and detaching by hand. */
#include <errno.h>

#include "daemon/event.h"
#include "daemon/manager-private.h"
#include "util/log.h"

static void log_request(const char *what, const struct config_author *author)
{
	_cleanup_(event_done) struct event e = { 0 };

	event_add(&e, "WD40_ACTION=%s", what);
	event_add_author(&e, author);
	log_event(LOG_NOTICE, EVENT_SCHEDULER_MANAGED, (const char *const *)e.fields,
		  "%s, by uid %u%s%s%s%s", what, author->uid, author->unit ? ", " : "",
		  author->unit ?: "", author->reason ? ": " : "", author->reason ?: "");
}

static enum refusal_kind kind_of(int err)
{
	switch (err) {
	case -EBUSY: return REFUSED_ANOTHER_SCHEDULER;
	case -EOPNOTSUPP: return REFUSED_UNSUPPORTED_KERNEL;
	case -EINVAL: return REFUSED_VERIFIER_REJECTED;
	default: return REFUSED_ATTACH_FAILED;
	}
}

/* What failed before is forgotten, and a failure is taken as any other. */
static int attach(struct manager *m, struct refusal *refusal)
{
	int r;

	loop_stop_timer(m->restart_timer);
	m->restart = (struct sched_restart){ 0 };
	r = manager_attach(m);
	if (r >= 0)
		return 0;
	manager_attach_failed(m, r);
	return refuse(refusal, kind_of(r), "%s", m->reason);
}

int manager_attach_by_hand(struct manager *m, const struct config_author *author,
			   struct refusal *refusal)
{
	if (m->sched)
		return 0;
	log_request("attaching", author);
	return attach(m, refusal);
}

int manager_detach_by_hand(struct manager *m, const struct config_author *author,
			   struct refusal *refusal)
{
	if (m->state == STATE_DETACHED || m->state == STATE_STOPPING)
		return 0;
	log_request("detaching", author);
	loop_stop_timer(m->restart_timer);
	manager_detach(m);
	manager_explain(m, "detached on request");
	manager_explain_in_full(m, "detached by uid %u", author->uid);
	manager_set_state(m, STATE_DETACHED);
	return 0;
}

int manager_reattach_by_hand(struct manager *m, const struct config_author *author,
			     struct refusal *refusal)
{
	if (!m->sched)
		return refuse(refusal, REFUSED_NOT_ATTACHED,
			      "no scheduler is attached, the state is %s",
			      manager_state_name(m->state));
	log_request("attaching anew", author);
	manager_detach(m);
	manager_set_state(m, STATE_REATTACHING);
	return attach(m, refusal);
}
