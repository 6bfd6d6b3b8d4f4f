/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/arena.h"
#include "daemon/manager-private.h"
#include "util/log.h"

static const char *const state_names[] = {
	[STATE_STARTING] = "starting", [STATE_ATTACHED] = "attached",
	[STATE_DETACHED] = "detached", [STATE_REATTACHING] = "reattaching",
	[STATE_FAILED] = "failed",     [STATE_STOPPING] = "stopping",
};
_Static_assert(ARRAY_SIZE(state_names) == NR_MANAGER_STATES, "each state has a name");

const char *manager_state_name(enum manager_state s)
{
	return state_names[s];
}

int manager_new(struct loop *loop, struct config *config, const char *root, struct manager **ret)
{
	_cleanup_(manager_freep) struct manager *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->loop = loop;
	m->config = config;
	m->root = root;
	r = loop_add_timer(loop, "restart", manager_on_restart_due, m, &m->restart_timer);
	if (r < 0)
		return r;
	r = manager_policies_init(m);
	if (r < 0)
		return r;
	r = manager_tunables_init(m);
	if (r < 0)
		return r;
	r = manager_statistics_init(m);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(m);
	return 0;
}

struct manager *manager_free(struct manager *m)
{
	if (!m)
		return NULL;
	manager_detach(m);
	manager_policies_done(m);
	manager_tunables_done(m);
	manager_statistics_done(m);
	loop_source_remove(m->restart_timer);
	topology_free(m->topology);
	tunable_set_done(&m->proven_values);
	free(m);
	return NULL;
}

void manager_set_listener(struct manager *m, const struct manager_listener *l)
{
	m->listener = *l;
}

void manager_tell_state(struct manager *m)
{
	if (m->listener.state_changed)
		m->listener.state_changed(m->listener.userdata);
}

void manager_set_state(struct manager *m, enum manager_state state)
{
	m->state = state;
	manager_tell_state(m);
}

int manager_start(struct manager *m)
{
	int r = manager_attach(m);

	if (r >= 0)
		return 0;
	if (!manager_failure_is_final(r)) {
		manager_attach_failed(m, r);
		return 0;
	}
	log_error("cannot attach: %s", m->full_reason);
	manager_set_state(m, STATE_FAILED);
	return r;
}

void manager_stop(struct manager *m)
{
	loop_stop_timer(m->restart_timer);
	manager_detach(m);
	manager_set_state(m, STATE_STOPPING);
}

void manager_explain(struct manager *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->reason, sizeof(m->reason), format, args);
	va_end(args);
	strcpy(m->full_reason, m->reason);
}

void manager_explain_in_full(struct manager *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->full_reason, sizeof(m->full_reason), format, args);
	va_end(args);
}

void manager_publish_config(struct manager *m)
{
	arena_publish_config(manager_arena(m), config_values(m->config), manager_generation(m),
			     &m->retired_slots);
}

void manager_log_problem(const struct config_problem *problem, void *userdata)
{
	if (*problem->path)
		log_warning("%s:%u: %s", problem->path, problem->line, problem->message);
	else
		log_warning("%s", problem->message);
}

enum manager_state manager_get_state(const struct manager *m)
{
	return m->state;
}

const char *manager_reason(const struct manager *m)
{
	return m->state == STATE_ATTACHED ? "" : m->reason;
}

const char *manager_full_reason(const struct manager *m)
{
	return m->state == STATE_ATTACHED ? "" : m->full_reason;
}

uint64_t manager_generation(const struct manager *m)
{
	return transactions_generation(m->transactions);
}

uint64_t manager_enable_seq(const struct manager *m)
{
	return sched_backend.enable_seq();
}

uint64_t manager_attached_realtime_usec(const struct manager *m)
{
	return m->attached_realtime_usec;
}

uint64_t manager_attached_monotonic_usec(const struct manager *m)
{
	return m->attached_monotonic_usec;
}

uint32_t manager_restart_count(const struct manager *m)
{
	return m->restart_count;
}

const struct sched_exit *manager_last_exit(const struct manager *m)
{
	return m->has_exit ? &m->last_exit : NULL;
}

const struct transactions *manager_transactions(const struct manager *m)
{
	return m->transactions;
}

const struct config *manager_config(const struct manager *m)
{
	return m->config;
}

const struct topology *manager_topology(const struct manager *m)
{
	return m->topology;
}

/* With what the daemon goes by as it was, whatever BPF has written. */
struct wd40_shared *manager_arena(const struct manager *m)
{
	struct wd40_shared *shared = sched_backend.shared(m->sched);

	if (m->constants)
		arena_put_back(shared, m->constants);
	return shared;
}

const struct wd40_shared *manager_shared(const struct manager *m)
{
	return m->sched ? manager_arena(m) : NULL;
}

const struct tuner_decision *manager_tuner(const struct manager *m)
{
	return tuner_decided(m->policies[POLICY_TUNER].state);
}

const struct balancer *manager_balancer(const struct manager *m)
{
	return m->policies[POLICY_BALANCER].state;
}

struct manager_cost manager_balance_cost(const struct manager *m)
{
	const struct policy_runner *p = &m->policies[POLICY_BALANCER];

	return (struct manager_cost){ p->rounds, p->round_usec };
}
