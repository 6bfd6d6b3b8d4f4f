/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs that come and go while the scheduler runs: it stays attached, the topology follows. */
#include <errno.h>
#include <string.h>

#include "daemon/arena.h"
#include "daemon/manager-private.h"
#include "util/log.h"

static int update_topology(struct manager *m)
{
	_cleanup_(topology_freep) struct topology *fresh = NULL;
	int r = manager_read_topology(m, &fresh);

	if (r < 0)
		return r;
	r = topology_update(m->topology, fresh);
	if (r > 0)
		arena_update_cpus(manager_arena(m), m->constants, m->topology);
	return r;
}

/* Whether the topology has the same CPUs online as BPF has been told of. */
static bool agrees(const struct topology *t, const struct wd40_shared *shared)
{
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++)
		if (t->cpus[i].domain != WD40_NO_DOMAIN &&
		    t->cpus[i].online !=
			    (bool)__atomic_load_n(&shared->cpus[i].online, __ATOMIC_RELAXED))
			return false;
	return true;
}

/*
 * BPF counts in the arena what it hears from the kernel, which is before sysfs shows that a CPU goes
 * offline: it is read in each round until both agree. A CPU that no domain fits is no matter for here:
 * BPF has ended the scheduler for it, to be attached anew.
 */
void manager_follow_hotplug(struct manager *m)
{
	const struct wd40_shared *shared = manager_arena(m);
	uint32_t hotplugs = __atomic_load_n(&shared->hotplugs, __ATOMIC_ACQUIRE);
	int r;

	if (hotplugs == m->hotplugs)
		return;
	r = update_topology(m);
	if (r < 0 && r != -ESTALE)
		log_errno(LOG_WARNING, r, "CPUs came or went, but the topology cannot be read");
	if (r < 0 || agrees(m->topology, shared))
		m->hotplugs = hotplugs;
	if (r <= 0)
		return;
	log_notice("CPUs came or went: %u of %u are online", cpuset_count(m->topology->online),
		   cpuset_count(m->topology->possible));
	if (m->listener.state_changed)
		m->listener.state_changed(m->listener.userdata);
}
