/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The division of the machine into domains. Nothing here may cost the square of the number of CPUs:
 * a cache is read once, for its lowest CPU, and the CPUs that have no domain yet are a set.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/topology-internal.h"

struct divider {
	struct topology *t;
	const struct topology_source *source;
	char *why;
	struct cpuset *left; /* online CPUs in no domain yet */
	uint32_t room;       /* domains that fit in t->domains */
};

static int grow(struct divider *v)
{
	struct topology *t = v->t;
	struct topology_domain *larger;

	if (t->nr_domains == WD40_MAX_DOMAINS)
		return topology_fail(v->why, -E2BIG, "more than %u domains", WD40_MAX_DOMAINS);
	if (t->nr_domains < v->room)
		return 0;
	v->room = v->room ? 2 * v->room : 16;
	larger = reallocarray(t->domains, v->room, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	t->domains = larger;
	return 0;
}

/* Makes those of cpus that are left the next domain, unless there are none. */
static int add_domain(struct divider *v, uint32_t node, const struct cpuset *cpus)
{
	_cleanup_(cpuset_freep) struct cpuset *own = cpuset_new(v->t->nr_cpu_ids);
	int err;

	if (!own)
		return -ENOMEM;
	cpuset_copy(own, cpus);
	cpuset_and(own, v->left);
	if (cpuset_first(own) == UINT32_MAX)
		return 0;
	err = grow(v);
	if (err < 0)
		return err;
	cpuset_andnot(v->left, own);
	v->t->domains[v->t->nr_domains++] =
		(struct topology_domain){ .node = node, .cpus = TAKE_PTR(own) };
	return 0;
}

static bool find_siblings(const struct divider *v, enum topology_bond bond, uint32_t cpu,
			  struct cpuset *s)
{
	if (bond != TOPOLOGY_NODE)
		return v->source->find(v->source, bond, cpu, s);
	cpuset_copy(s, v->t->nodes[v->t->cpus[cpu].node].cpus);
	return true;
}

/* Makes domains of the CPUs that are left, as far as the bond is known. */
static int divide_by(struct divider *v, enum topology_bond bond, struct cpuset *siblings)
{
	const struct topology *t = v->t;
	int err = 0;

	for (uint32_t cpu = cpuset_first(v->left); err == 0 && cpu != UINT32_MAX;
	     cpu = cpuset_next(v->left, cpu)) {
		uint32_t node = t->cpus[cpu].node;

		if (!find_siblings(v, bond, cpu, siblings))
			continue;
		cpuset_and(siblings, t->nodes[node].cpus);
		cpuset_set(siblings, cpu);
		err = add_domain(v, node, siblings);
	}
	return err;
}

/*
 * Fault 12: the level counts. Sets are shared_cpu_list; the id of a cache may be wrong. CPUs of
 * whose caches nothing is known come last, so that a package or node does not take in the others.
 */
static int divide_by_cache(struct divider *v)
{
	_cleanup_(cpuset_freep) struct cpuset *siblings = cpuset_new(v->t->nr_cpu_ids);
	int err = siblings ? 0 : -ENOMEM;

	for (enum topology_bond bond = 0; err == 0 && bond < NR_TOPOLOGY_BONDS; bond++)
		err = divide_by(v, bond, siblings);
	return err;
}

/* The node that has most of the online CPUs among these; the first of several. */
static uint32_t node_of_most(const struct divider *v, const struct cpuset *cpus,
			     struct cpuset *scratch)
{
	uint32_t best = 0, most = 0;

	for (uint32_t i = 0; i < v->t->nr_nodes; i++) {
		uint32_t n;

		cpuset_copy(scratch, cpus);
		cpuset_and(scratch, v->t->nodes[i].cpus);
		n = cpuset_count(scratch);
		if (n > most) {
			most = n;
			best = i;
		}
	}
	return best;
}

/* The sets that cpumasks names, and what is made of them. */
struct masks {
	struct cpuset *set;     /* the one at hand */
	struct cpuset *seen;    /* all before */
	struct cpuset *scratch; /* of the moment */
};

static int check_mask(const struct divider *v, const struct masks *m, const char *text)
{
	uint32_t cpu;

	if (cpuset_first(m->set) == UINT32_MAX)
		return topology_fail(v->why, -EINVAL, "cpumasks: a set is empty");
	cpuset_copy(m->scratch, m->set);
	cpuset_andnot(m->scratch, v->t->possible);
	cpu = cpuset_first(m->scratch);
	if (cpu != UINT32_MAX)
		return topology_fail(v->why, -EINVAL,
				     "cpumasks: \"%.100s\" has CPU %u, which the machine has not",
				     text, cpu);
	cpuset_copy(m->scratch, m->set);
	cpuset_and(m->scratch, m->seen);
	cpu = cpuset_first(m->scratch);
	if (cpu != UINT32_MAX)
		return topology_fail(v->why, -EINVAL,
				     "cpumasks: CPU %u is in two sets, one of them \"%.100s\"", cpu,
				     text);
	return 0;
}

static int add_mask(struct divider *v, struct masks *m, const char *text)
{
	int err = cpuset_parse(m->set, text);

	if (err == -ERANGE)
		return topology_fail(v->why, -EINVAL,
				     "cpumasks: \"%.100s\" has a CPU that the machine has not",
				     text);
	if (err < 0)
		return topology_fail(v->why, err, "cpumasks: \"%.100s\" is no set of CPUs", text);
	err = check_mask(v, m, text);
	if (err < 0)
		return err;
	cpuset_or(m->seen, m->set);
	return add_domain(v, node_of_most(v, m->set, m->scratch), m->set);
}

static int add_masks(struct divider *v, struct masks *m, const char *cpumasks)
{
	_cleanup_(freep) char *copy = strdup(cpumasks);
	char *rest = copy, *text;
	int err = 0;

	if (!copy || !m->set || !m->seen || !m->scratch)
		return -ENOMEM;
	while (err == 0 && (text = strsep(&rest, ";")))
		err = add_mask(v, m, text);
	for (uint32_t i = 0; err == 0 && i < v->t->nr_nodes; i++)
		err = add_domain(v, i, v->t->nodes[i].cpus);
	return err;
}

static int divide_by_masks(struct divider *v, const char *cpumasks)
{
	uint32_t n = v->t->nr_cpu_ids;
	struct masks m = { cpuset_new(n), cpuset_new(n), cpuset_new(n) };
	int err = add_masks(v, &m, cpumasks);

	cpuset_free(m.set);
	cpuset_free(m.seen);
	cpuset_free(m.scratch);
	return err;
}

static int compare_domains(const void *a, const void *b)
{
	const struct topology_domain *x = a, *y = b;
	uint32_t first_x = cpuset_first(x->cpus), first_y = cpuset_first(y->cpus);

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (first_x > first_y) - (first_x < first_y);
}

static void put_in_order(struct topology *t)
{
	qsort(t->domains, t->nr_domains, sizeof(t->domains[0]), compare_domains);
	for (uint32_t i = 0; i < t->nr_domains; i++) {
		const struct cpuset *s = t->domains[i].cpus;

		for (uint32_t cpu = cpuset_first(s); cpu != UINT32_MAX; cpu = cpuset_next(s, cpu))
			t->cpus[cpu].domain = i;
	}
}

int topology_divide(struct topology *t, const struct topology_source *source, const char *cpumasks,
		    char why[TOPOLOGY_WHY_SIZE])
{
	_cleanup_(cpuset_freep) struct cpuset *left = cpuset_new(t->nr_cpu_ids);
	struct divider v = { t, source, why, left, 0 };
	int err;

	if (!left)
		return -ENOMEM;
	cpuset_copy(left, t->online);
	err = cpumasks[0] ? divide_by_masks(&v, cpumasks) : divide_by_cache(&v);
	if (err == 0)
		put_in_order(t);
	return err;
}
