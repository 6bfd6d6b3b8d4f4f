/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's part in a run: its unmodified policies at their intervals, re-tunes, and the topology
 * that follows hotplug, in the order of the manager (daemon/manager-policy.c, manager-hotplug.c), on
 * the native kernel and in virtual time.
 */
#pragma once

#include "config/config.h"
#include "tests/sim/machine.h"

struct sim_daemon;

/*
 * Publishes the configuration as the arena's first, and lets each policy run once. The native kernel
 * has been booted with m and t, nothing is attached yet. c and t are borrowed, and changed; m is
 * borrowed. -ENOMEM, those of a policy.
 */
int sim_daemon_new(const struct sim_machine *m, struct config *c, struct topology *t,
		   struct sim_daemon **ret);
struct sim_daemon *sim_daemon_free(struct sim_daemon *d);
DEFINE_CLEANUP(struct sim_daemon, sim_daemon_free)

/* The scheduler is attached: from now on policies run at their intervals. */
void sim_daemon_start(struct sim_daemon *d);

/* A re-tune, as sim_settings_change. -EINVAL, -ENOMEM: nothing has changed. */
int sim_daemon_set(struct sim_daemon *d, const char *settings);
