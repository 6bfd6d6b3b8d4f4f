/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs that come and go: what a later reading of the machine changes in a topology in use. */
#include <errno.h>

#include "daemon/topology.h"

/* The node of t that has the kernel's id, or WD40_NO_NODE. */
static uint32_t find_node(const struct topology *t, uint32_t id)
{
	for (uint32_t i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i].id == id)
			return i;
	return WD40_NO_NODE;
}

/* The domain that t has for a CPU among these, or WD40_NO_DOMAIN. */
static uint32_t find_domain(const struct topology *t, const struct cpuset *siblings)
{
	uint32_t found = WD40_NO_DOMAIN;

	for (uint32_t cpu = cpuset_first(siblings); cpu != UINT32_MAX && found == WD40_NO_DOMAIN;
	     cpu = cpuset_next(siblings, cpu))
		found = t->cpus[cpu].domain;
	return found;
}

/* Where in t a CPU of fresh that t has no place for belongs. False when nowhere. */
static bool find_place(const struct topology *t, const struct topology *fresh, uint32_t cpu,
		       uint32_t *ret_node, uint32_t *ret_domain)
{
	const struct topology_cpu *c = &fresh->cpus[cpu];

	*ret_node = find_node(t, fresh->nodes[c->node].id);
	*ret_domain = find_domain(t, fresh->domains[c->domain].cpus);
	return *ret_node != WD40_NO_NODE && *ret_domain != WD40_NO_DOMAIN;
}

static bool is_new(const struct topology *t, const struct topology *fresh, uint32_t cpu)
{
	return fresh->cpus[cpu].online && t->cpus[cpu].domain == WD40_NO_DOMAIN;
}

static bool all_fit(const struct topology *t, const struct topology *fresh)
{
	uint32_t node, domain;

	if (t->nr_cpu_ids != fresh->nr_cpu_ids)
		return false;
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++)
		if (is_new(t, fresh, i) && !find_place(t, fresh, i, &node, &domain))
			return false;
	return true;
}

int topology_update(struct topology *t, const struct topology *fresh)
{
	int changed;

	if (!all_fit(t, fresh))
		return -ESTALE;
	changed = !cpuset_equal(t->online, fresh->online);
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++) {
		struct topology_cpu *c = &t->cpus[i];

		if (is_new(t, fresh, i)) {
			find_place(t, fresh, i, &c->node, &c->domain);
			cpuset_set(t->nodes[c->node].cpus, i);
			cpuset_set(t->domains[c->domain].cpus, i);
		}
		c->online = fresh->cpus[i].online;
	}
	cpuset_copy(t->online, fresh->online);
	return changed;
}
