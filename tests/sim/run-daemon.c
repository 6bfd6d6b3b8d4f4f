/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/sim/run-daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/arena.h"
#include "daemon/policies.h"
#include "tests/sim/settings.h"

#define NSEC_PER_USEC 1000ull

struct runner {
	struct sim_daemon *daemon;
	const struct policy *policy;
	void *state;
	u64 due_ns; /* an appointment for another time no longer counts */
};

struct sim_daemon {
	struct config *config;
	struct topology *topology;
	struct sim_machine machine; /* its CPUs are a copy: online as the kernel has them */
	u64 generation;
	u32 retired_slots;
	u32 hotplugs; /* of shared.hotplugs, those that topology has followed */
	struct runner runners[NR_POLICIES];
};

/* --- Hotplug. ----------------------------------------------------------------------------------- */

static int read_topology(struct sim_daemon *d, struct topology **ret)
{
	const struct tunable_value *values = config_values(d->config)->values;
	char why[256];

	for (u32 i = 0; i < d->machine.nr_cpus; i++)
		d->machine.cpus[i].online = sim_is_online(d->machine.cpus[i].id);
	return sim_machine_topology(&d->machine, values[TUNABLE_CACHE_LEVEL].u,
				    values[TUNABLE_CPUMASKS].list, why, ret);
}

/* A CPU that no domain fits is no matter for here: BPF has ended the scheduler for it. */
static void follow_hotplug(struct sim_daemon *d)
{
	_cleanup_(topology_freep) struct topology *fresh = NULL;
	u32 hotplugs = shared.hotplugs;

	if (hotplugs == d->hotplugs)
		return;
	if (read_topology(d, &fresh) < 0)
		native_die("the topology cannot be read again");
	if (topology_update(d->topology, fresh) > 0)
		arena_update_cpus(&shared, NULL, d->topology);
	if (!native.hotplug) /* it shows in sysfs later than BPF knows */
		d->hotplugs = hotplugs;
}

/* --- Policies. ---------------------------------------------------------------------------------- */

/* The daemon is no task here. In a kernel its own stint has brought the scheduler's clock up to date. */
static void have_run(void)
{
	shared.cpus[native.cpu].clock_ns = native.now_ns;
}

static void run_policy(struct runner *r)
{
	const struct sim_daemon *d = r->daemon;
	const struct policy_snapshot snapshot = {
		.topology = d->topology,
		.values = config_values(d->config),
		.shared = &shared,
	};

	if (r->policy->collect)
		r->policy->collect(r->state, &shared);
	r->policy->run(r->state, &snapshot);
	r->policy->publish(r->state, &shared);
}

static void on_policy_due(void *userdata);

static void arm(struct runner *r)
{
	u64 usec = config_values(r->daemon->config)->values[r->policy->interval].usec;

	r->due_ns = native.now_ns + usec * NSEC_PER_USEC;
	native_at(r->due_ns, on_policy_due, r);
}

static void on_policy_due(void *userdata)
{
	struct runner *r = userdata;

	if (native.now_ns != r->due_ns)
		return;
	if (native.exit_code) /* the daemon hears of the end first, and attaches anew */
		return;
	arm(r);
	have_run();
	follow_hotplug(r->daemon);
	run_policy(r);
}

static int begin_policies(struct sim_daemon *d)
{
	int err = 0;

	for (size_t i = 0; err >= 0 && i < NR_POLICIES; i++) {
		struct runner *r = &d->runners[i];

		*r = (struct runner){ .daemon = d, .policy = policies[i] };
		err = r->policy->new(d->topology, &r->state);
		if (err >= 0)
			run_policy(r);
	}
	return err;
}

void sim_daemon_start(struct sim_daemon *d)
{
	have_run();
	for (size_t i = 0; i < NR_POLICIES; i++) {
		if (policies[i]->eager)
			run_policy(&d->runners[i]);
		arm(&d->runners[i]);
	}
}

/* --- Configuration. ----------------------------------------------------------------------------- */

static void publish(struct sim_daemon *d)
{
	arena_publish_config(&shared, config_values(d->config), ++d->generation, &d->retired_slots);
}

/* Those whose interval has changed start a new one. */
static void retune_policies(struct sim_daemon *d, const enum tunable_id *ids, size_t n)
{
	have_run();
	for (size_t i = 0; i < NR_POLICIES; i++) {
		for (size_t j = 0; j < n; j++)
			if (ids[j] == policies[i]->interval)
				arm(&d->runners[i]);
		if (policies[i]->eager)
			run_policy(&d->runners[i]);
	}
}

int sim_daemon_set(struct sim_daemon *d, const char *settings)
{
	_cleanup_(tunable_set_done) struct tunable_set before = { 0 };
	enum tunable_id ids[NR_TUNABLES];
	char why[SIM_WHY_SIZE];
	size_t n;
	int r = tunable_set_copy(config_values(d->config), &before);

	if (r >= 0)
		r = sim_settings_change(d->config, settings, why);
	if (r < 0)
		return r;
	n = tunable_set_diff(&before, config_values(d->config), ids);
	if (!n)
		return 0;
	publish(d);
	retune_policies(d, ids, n);
	return 0;
}

/* --- Begin and end. ----------------------------------------------------------------------------- */

/* The native kernel boots with the defaults published: the run's first configuration is the first. */
static void forget_configs(void)
{
	memset(shared.configs, 0, sizeof(shared.configs));
	shared.config_current = 0;
}

static int copy_machine(struct sim_daemon *d, const struct sim_machine *m)
{
	d->machine = *m;
	d->machine.cpus = calloc(m->nr_cpus, sizeof(m->cpus[0]));
	if (!d->machine.cpus)
		return -ENOMEM;
	memcpy(d->machine.cpus, m->cpus, m->nr_cpus * sizeof(m->cpus[0]));
	return 0;
}

int sim_daemon_new(const struct sim_machine *m, struct config *c, struct topology *t,
		   struct sim_daemon **ret)
{
	_cleanup_(sim_daemon_freep) struct sim_daemon *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->config = c;
	d->topology = t;
	r = copy_machine(d, m);
	if (r < 0)
		return r;
	forget_configs();
	publish(d);
	r = begin_policies(d);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

struct sim_daemon *sim_daemon_free(struct sim_daemon *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < NR_POLICIES; i++)
		if (d->runners[i].state)
			d->runners[i].policy->free(d->runners[i].state);
	free(d->machine.cpus);
	free(d);
	return NULL;
}
