/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of tunables as they are in force. */
#include "daemon/arena.h"
#include "daemon/manager-private.h"

#define NSEC_PER_USEC 1000ull

/* What BPF goes by. The rest is the daemon's own business, or kept in a form that cannot be undone. */
static void value_from_arena(const struct wd40_config *c, enum tunable_id id,
			     struct tunable_value *value)
{
	switch (id) {
	case TUNABLE_SLICE_UNDERUTIL: value->usec = c->slice_underutil_ns / NSEC_PER_USEC; break;
	case TUNABLE_SLICE_OVERUTIL: value->usec = c->slice_overutil_ns / NSEC_PER_USEC; break;
	case TUNABLE_GREEDY_THRESHOLD: value->u = c->greedy_threshold; break;
	case TUNABLE_GREEDY_THRESHOLD_X_NUMA: value->u = c->greedy_threshold_x_numa; break;
	case TUNABLE_KTHREADS_LOCAL: value->b = c->kthreads_local; break;
	case TUNABLE_FIFO_SCHED: value->b = c->fifo_sched; break;
	case TUNABLE_WAKEUP_PREEMPTION: value->b = c->wakeup_preemption; break;
	case TUNABLE_DIRECT_GREEDY_NUMA: value->b = c->direct_greedy_numa; break;
	case TUNABLE_MEMPOLICY_AFFINITY: value->b = c->mempolicy_affinity; break;
	case TUNABLE_PERF: value->u = c->perf_level; break;
	default: break;
	}
}

struct tunable_value manager_value(const struct manager *m, enum tunable_id id)
{
	struct tunable_value value = config_values(m->config)->values[id];
	const struct wd40_shared *shared = manager_shared(m);

	if (shared)
		value_from_arena(arena_config(shared), id, &value);
	return value;
}

/* A canonical value. */
static bool differs(const struct manager *m, enum tunable_id id, const struct tunable_value *value)
{
	return m->sched && tunables[id].applied == APPLIED_REATTACH &&
	       !tunable_value_equal(id, value, &m->attached_values.values[id]);
}

bool manager_pending_reattach(const struct manager *m, enum tunable_id id)
{
	return differs(m, id, &config_values(m->config)->values[id]);
}

bool manager_would_pend(const struct manager *m, enum tunable_id id,
			const struct tunable_value *value)
{
	struct tunable_value canonical;
	char why[TUNABLE_WHY_MAX];
	bool ret;

	if (tunable_normalize(id, value, &canonical, why) < 0)
		return false;
	ret = differs(m, id, &canonical);
	tunable_value_done(id, &canonical);
	return ret;
}
