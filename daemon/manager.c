/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
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
	m->generation = 1;
	r = loop_add_timer(loop, "restart", manager_on_restart_due, m, &m->restart_timer);
	if (r < 0)
		return r;
	r = manager_policies_init(m);
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
	loop_source_remove(m->restart_timer);
	topology_free(m->topology);
	free(m);
	return NULL;
}

void manager_set_listener(struct manager *m, const struct manager_listener *l)
{
	m->listener = *l;
}

static void tell_state(struct manager *m)
{
	if (m->listener.state_changed)
		m->listener.state_changed(m->listener.userdata);
}

void manager_set_state(struct manager *m, enum manager_state state)
{
	m->state = state;
	tell_state(m);
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
	log_error("cannot attach: %s", m->reason);
	manager_set_state(m, STATE_FAILED);
	return r;
}

void manager_stop(struct manager *m)
{
	loop_stop_timer(m->restart_timer);
	manager_detach(m);
	manager_set_state(m, STATE_STOPPING);
}

void manager_publish_config(struct manager *m)
{
	arena_publish_config(sched_backend.shared(m->sched), config_values(m->config),
			     m->generation, &m->retired_slots);
}

static void log_change(const struct manager *m, enum tunable_id id, const char *origin, uid_t uid)
{
	_cleanup_(freep) char *text = tunable_format(id, &config_values(m->config)->values[id]);

	log_info("%s = %s%s, by %s, uid %u, generation %" PRIu64 "%s", tunables[id].key,
		 text ?: "?", tunable_unit_symbol(tunables[id].unit), origin, uid, m->generation,
		 manager_pending_reattach(m, id) ? ", pending until the next attach" : "");
}

/* Brings into force what differs from before. */
static void apply(struct manager *m, const struct tunable_set *before, const char *origin,
		  uid_t uid)
{
	enum tunable_id ids[NR_TUNABLES];
	size_t n = tunable_set_diff(before, config_values(m->config), ids);

	if (!n)
		return;
	m->generation++;
	if (m->sched) {
		manager_publish_config(m);
		manager_policies_retune(m, ids, n);
	}
	for (size_t i = 0; i < n; i++)
		log_change(m, ids[i], origin, uid);
	if (m->listener.tunables_changed)
		m->listener.tunables_changed(m->generation, ids, n, origin, uid,
					     m->listener.userdata);
}

/* Domains that this machine cannot have are refused now, not at the next attach. */
static int check_domains(const struct manager *m, const struct config_change *changes, size_t n,
			 struct config_problem *problem)
{
	const struct tunable_set *values = config_values(m->config);
	struct tunable_value wanted[] = { values->values[TUNABLE_CACHE_LEVEL],
					  values->values[TUNABLE_CPUMASKS] };
	_cleanup_(topology_freep) struct topology *t = NULL;
	bool changed = false;
	char why[256] = "";
	int r;

	for (size_t i = 0; i < n; i++) {
		if (changes[i].id != TUNABLE_CACHE_LEVEL && changes[i].id != TUNABLE_CPUMASKS)
			continue;
		wanted[changes[i].id == TUNABLE_CPUMASKS] = changes[i].value;
		changed = true;
	}
	if (!changed)
		return 0;
	r = topology_read(m->root, wanted[0].u, wanted[1].list, why, &t);
	if (r != -EINVAL)
		return r;
	problem->error = CONFIG_OUT_OF_RANGE;
	snprintf(problem->message, sizeof(problem->message), "%s", why);
	return r;
}

int manager_set_tunables(struct manager *m, const struct config_change *changes, size_t n,
			 uid_t uid, struct config_problem *problem, uint64_t *ret_generation)
{
	_cleanup_(tunable_set_done) struct tunable_set before = { 0 };
	int r;

	r = config_set_runtime(m->config, changes, n, uid, true, problem);
	if (r < 0)
		return r;
	r = check_domains(m, changes, n, problem);
	if (r < 0)
		return r;
	r = tunable_set_copy(config_values(m->config), &before);
	if (r < 0)
		return r;
	r = config_set_runtime(m->config, changes, n, uid, false, problem);
	if (r < 0)
		return r;
	apply(m, &before, "runtime", uid);
	*ret_generation = m->generation;
	return 0;
}

void manager_log_problem(const struct config_problem *problem, void *userdata)
{
	if (*problem->path)
		log_warning("%s:%u: %s", problem->path, problem->line, problem->message);
	else
		log_warning("%s", problem->message);
}

int manager_reload(struct manager *m)
{
	_cleanup_(tunable_set_done) struct tunable_set before = { 0 };
	int r, problems;

	r = tunable_set_copy(config_values(m->config), &before);
	if (r < 0)
		return r;
	problems = config_load(m->config, manager_log_problem, NULL);
	if (problems < 0)
		return problems;
	apply(m, &before, "reload", 0);
	tell_state(m);
	return problems;
}

enum manager_state manager_get_state(const struct manager *m)
{
	return m->state;
}

const char *manager_reason(const struct manager *m)
{
	return m->reason;
}

uint64_t manager_generation(const struct manager *m)
{
	return m->generation;
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

const struct config *manager_config(const struct manager *m)
{
	return m->config;
}

const struct topology *manager_topology(const struct manager *m)
{
	return m->topology;
}

const struct wd40_shared *manager_shared(const struct manager *m)
{
	return m->sched ? sched_backend.shared(m->sched) : NULL;
}

const struct tuner_decision *manager_tuner(const struct manager *m)
{
	return m->policies[0].state;
}
