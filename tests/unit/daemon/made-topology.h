/* SPDX-License-Identifier: GPL-2.0-only */
/* A regular topology made in memory, for what needs no files. */
#pragma once

#include <stdlib.h>

#include "daemon/topology.h"

/* So many nodes, domains a node and CPUs a domain, all online, numbered along. Far nodes: 20. */
static inline struct topology *topology_make(uint32_t nodes, uint32_t domains, uint32_t cpus)
{
	struct topology *t = calloc(1, sizeof(*t));

	t->nr_nodes = nodes;
	t->nr_domains = nodes * domains;
	t->nr_cpu_ids = t->nr_domains * cpus;
	t->cpus = calloc(t->nr_cpu_ids, sizeof(t->cpus[0]));
	t->nodes = calloc(t->nr_nodes, sizeof(t->nodes[0]));
	t->domains = calloc(t->nr_domains, sizeof(t->domains[0]));
	t->possible = cpuset_new(t->nr_cpu_ids);
	t->online = cpuset_new(t->nr_cpu_ids);
	for (uint32_t i = 0; i < nodes; i++) {
		t->nodes[i].id = i;
		t->nodes[i].cpus = cpuset_new(t->nr_cpu_ids);
		t->nodes[i].distance = calloc(nodes, sizeof(t->nodes[i].distance[0]));
		for (uint32_t k = 0; k < nodes; k++)
			t->nodes[i].distance[k] = i == k ? 10 : 20;
	}
	for (uint32_t i = 0; i < t->nr_domains; i++) {
		t->domains[i].node = i / domains;
		t->domains[i].cpus = cpuset_new(t->nr_cpu_ids);
	}
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++) {
		uint32_t domain = i / cpus, node = domain / domains;

		t->cpus[i] = (struct topology_cpu){ i, true, node, domain };
		cpuset_set(t->possible, i);
		cpuset_set(t->online, i);
		cpuset_set(t->nodes[node].cpus, i);
		cpuset_set(t->domains[domain].cpus, i);
	}
	return t;
}

static inline void topology_set_online(struct topology *t, uint32_t cpu, bool online)
{
	struct cpuset *one = cpuset_new(t->nr_cpu_ids);

	t->cpus[cpu].online = online;
	cpuset_set(one, cpu);
	if (online)
		cpuset_or(t->online, one);
	else
		cpuset_andnot(t->online, one);
	cpuset_free(one);
}
