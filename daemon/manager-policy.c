/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs the userspace policies at their intervals. */
#include "daemon/arena.h"
#include "daemon/manager-private.h"
#include "util/log.h"

/* Who writes over the arena is broken; but scheduling goes on, and may go well. */
static struct policy_snapshot take_snapshot(const struct manager *m)
{
	struct wd40_shared *shared = sched_backend.shared(m->sched);

	if (arena_put_back_domains(shared, m->constants))
		log_error("the arena was written over; what wd40d laid out in it is put back");
	return (struct policy_snapshot){
		.topology = m->topology,
		.values = config_values(m->config),
		.shared = shared,
	};
}

static void run_policy(struct policy_runner *p)
{
	const struct policy_snapshot snapshot = take_snapshot(p->manager);
	struct wd40_shared *shared = manager_arena(p->manager);
	uint64_t start_usec = loop_now_usec();

	if (p->policy->collect)
		p->policy->collect(p->state, shared);
	p->policy->run(p->state, &snapshot);
	p->policy->publish(p->state, shared);
	p->round_usec = loop_now_usec() - start_usec;
	p->total_usec += p->round_usec;
	p->last_at_us = manager_realtime_us();
	p->rounds++;
}

static int on_policy_due(struct loop_source *s, void *userdata)
{
	struct policy_runner *p = userdata;

	/* A back-end without an event descriptor is only asked here. */
	if (manager_check_exit(p->manager))
		return 0;
	manager_follow_hotplug(p->manager);
	run_policy(p);
	return 0;
}

int manager_policies_init(struct manager *m)
{
	int r = 0;

	for (size_t i = 0; i < NR_POLICIES && r >= 0; i++) {
		struct policy_runner *p = &m->policies[i];

		p->manager = m;
		p->policy = policies[i];
		r = loop_add_timer(m->loop, p->policy->name, on_policy_due, p, &p->timer);
	}
	return r;
}

void manager_policies_done(struct manager *m)
{
	for (size_t i = 0; i < NR_POLICIES; i++)
		m->policies[i].timer = loop_source_remove(m->policies[i].timer);
}

int manager_policies_begin(struct manager *m)
{
	int r = 0;

	for (size_t i = 0; i < NR_POLICIES && r >= 0; i++) {
		struct policy_runner *p = &m->policies[i];

		r = p->policy->new(m->topology, &p->state);
		if (r >= 0)
			run_policy(p);
	}
	return r;
}

static int arm_policy(struct policy_runner *p)
{
	uint64_t usec = config_values(p->manager->config)->values[p->policy->interval].usec;

	return loop_set_timer(p->timer, usec, usec);
}

int manager_policies_arm(struct manager *m)
{
	int r = 0;

	for (size_t i = 0; i < NR_POLICIES && r >= 0; i++) {
		if (m->policies[i].policy->eager)
			run_policy(&m->policies[i]);
		r = arm_policy(&m->policies[i]);
	}
	return r;
}

void manager_policies_retune(struct manager *m, const enum tunable_id *ids, size_t n)
{
	for (size_t i = 0; i < NR_POLICIES; i++) {
		struct policy_runner *p = &m->policies[i];

		/* A timer that every change set anew would never run out. */
		for (size_t j = 0; j < n; j++)
			if (ids[j] == p->policy->interval)
				arm_policy(p);
		if (p->policy->eager)
			run_policy(p);
	}
}

void manager_policies_end(struct manager *m)
{
	for (size_t i = 0; i < NR_POLICIES; i++) {
		struct policy_runner *p = &m->policies[i];

		if (!p->state)
			continue;
		loop_stop_timer(p->timer);
		p->rounds = p->total_usec = 0;
		p->state = p->policy->free(p->state);
	}
}

int manager_try_balance(struct manager *m, struct refusal *refusal)
{
	struct policy_snapshot snapshot;

	if (!m->sched)
		return refuse(refusal, REFUSED_NOT_ATTACHED, "no scheduler is attached");
	snapshot = take_snapshot(m);
	return balancer_try(m->policies[POLICY_BALANCER].state, &snapshot);
}
