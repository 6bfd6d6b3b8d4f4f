/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine as the daemon sees it: what topology_read would make of its sysfs, without the files. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/topology-internal.h"
#include "tests/sim/machine-internal.h"

/* Levels of cache that tell a core and an L2 cache; all above are the last. */
#define LEVEL_CORE 1
#define LEVEL_L2   2

struct machine_source {
	struct topology_source source;
	const struct sim_machine *machine;
	const struct sim_cpu **cpus; /* by id */
	u32 cache_level;
};

static u32 cache_of(const struct sim_cpu *c, u32 level)
{
	if (level == LEVEL_CORE)
		return c->core;
	return level == LEVEL_L2 ? c->l2 : c->llc;
}

/* Every CPU has caches, so that is all that is asked. As sysfs: those that are online. */
static bool find_in_machine(const struct topology_source *source, enum topology_bond bond,
			    uint32_t cpu, struct cpuset *ret)
{
	const struct machine_source *s = (const struct machine_source *)source;
	const struct sim_machine *m = s->machine;
	u32 wanted = cache_of(s->cpus[cpu], s->cache_level);

	if (bond != TOPOLOGY_CACHE)
		return false;
	cpuset_clear_all(ret);
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].online && cache_of(&m->cpus[i], s->cache_level) == wanted)
			cpuset_set(ret, m->cpus[i].id);
	return true;
}

static int make_cpus(const struct sim_machine *m, struct topology *t)
{
	t->nr_cpu_ids = m->cpus[m->nr_cpus - 1].id + 1;
	t->possible = cpuset_new(t->nr_cpu_ids);
	t->online = cpuset_new(t->nr_cpu_ids);
	t->cpus = calloc(t->nr_cpu_ids, sizeof(t->cpus[0]));
	if (!t->possible || !t->online || !t->cpus)
		return -ENOMEM;
	for (u32 i = 0; i < t->nr_cpu_ids; i++)
		t->cpus[i] = (struct topology_cpu){
			.id = i,
			.node = WD40_NO_NODE,
			.domain = WD40_NO_DOMAIN,
		};
	for (u32 i = 0; i < m->nr_cpus; i++) {
		const struct sim_cpu *c = &m->cpus[i];

		cpuset_set(t->possible, c->id);
		t->cpus[c->id].online = c->online;
		if (c->online)
			cpuset_set(t->online, c->id);
	}
	return 0;
}

static bool has_cpus(const struct sim_machine *m, u32 node)
{
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].online && m->cpus[i].node == node)
			return true;
	return false;
}

/* The distances of node i of the machine to those that became nodes of the topology. */
static int make_node(const struct sim_machine *m, struct topology *t, u32 i)
{
	struct topology_node *node = &t->nodes[t->nr_nodes];

	node->id = m->node_ids[i];
	node->cpus = cpuset_new(t->nr_cpu_ids);
	node->distance = calloc(m->nr_nodes, sizeof(node->distance[0]));
	t->nr_nodes++;
	if (!node->cpus || !node->distance)
		return -ENOMEM;
	for (u32 to = 0, n = 0; to < m->nr_nodes; to++)
		if (has_cpus(m, m->node_ids[to]))
			node->distance[n++] = m->distances[i * m->nr_nodes + to];
	for (u32 c = 0; c < m->nr_cpus; c++) {
		const struct sim_cpu *cpu = &m->cpus[c];

		if (!cpu->online || cpu->node != node->id)
			continue;
		cpuset_set(node->cpus, cpu->id);
		t->cpus[cpu->id].node = t->nr_nodes - 1;
	}
	return 0;
}

static int make_nodes(const struct sim_machine *m, struct topology *t)
{
	int r = 0;

	t->nodes = calloc(m->nr_nodes, sizeof(t->nodes[0]));
	if (!t->nodes)
		return -ENOMEM;
	for (u32 i = 0; r == 0 && i < m->nr_nodes; i++)
		if (has_cpus(m, m->node_ids[i]))
			r = make_node(m, t, i);
	return r;
}

static int divide(const struct sim_machine *m, struct topology *t, u32 cache_level,
		  const char *cpumasks, char why[MACHINE_WHY_SIZE])
{
	_cleanup_(freep) const struct sim_cpu **cpus = calloc(t->nr_cpu_ids, sizeof(*cpus));
	const struct machine_source source = { { find_in_machine }, m, cpus, cache_level };

	if (!cpus)
		return -ENOMEM;
	for (u32 i = 0; i < m->nr_cpus; i++)
		cpus[m->cpus[i].id] = &m->cpus[i];
	return topology_divide(t, &source.source, cpumasks, why);
}

int sim_machine_topology(const struct sim_machine *m, u32 cache_level, const char *cpumasks,
			 char why[256], struct topology **ret)
{
	_cleanup_(topology_freep) struct topology *t = calloc(1, sizeof(*t));
	int r = t ? make_cpus(m, t) : -ENOMEM;

	why[0] = '\0';
	if (r == 0)
		r = make_nodes(m, t);
	if (r == 0)
		r = divide(m, t, cache_level, cpumasks, why);
	if (r == -ENOMEM)
		machine_fail(why, r, "out of memory");
	if (r == 0)
		*ret = TAKE_PTR(t);
	return r;
}
