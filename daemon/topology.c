/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine: its CPUs and nodes. What sysfs says is read by topology-sysfs.c. */
#include "daemon/topology.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/topology-internal.h"
#include "daemon/topology-sysfs.h"
#include "util/text.h"

#define DISTANCE_SELF   10
#define DISTANCE_REMOTE 20 /* where sysfs does not tell */

/* What is needed while reading only. */
struct reader {
	const char *root;
	char *why;
	struct topology *t;
	struct cpuset *left; /* online CPUs that no node has claimed yet */
};

int topology_fail(char why[TOPOLOGY_WHY_SIZE], int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, TOPOLOGY_WHY_SIZE, format, args);
	va_end(args);
	text_copy_printable(why, TOPOLOGY_WHY_SIZE, why);
	return err;
}

struct topology *topology_free(struct topology *t)
{
	if (!t)
		return NULL;
	for (uint32_t i = 0; i < t->nr_nodes; i++) {
		cpuset_free(t->nodes[i].cpus);
		free(t->nodes[i].distance);
	}
	for (uint32_t i = 0; i < t->nr_domains; i++)
		cpuset_free(t->domains[i].cpus);
	cpuset_free(t->possible);
	cpuset_free(t->online);
	free(t->cpus);
	free(t->nodes);
	free(t->domains);
	free(t);
	return NULL;
}

static struct cpuset *cpuset_dup(const struct topology *t, const struct cpuset *from)
{
	struct cpuset *s = cpuset_new(t->nr_cpu_ids);

	if (s)
		cpuset_copy(s, from);
	return s;
}

/* nr_cpu_ids and the possible CPUs. */
static int read_possible(struct reader *r)
{
	_cleanup_(cpuset_freep) struct cpuset *all = cpuset_new(WD40_MAX_CPUS);
	struct topology *t = r->t;
	int err;

	if (!all)
		return -ENOMEM;
	err = sysfs_read_cpus(r->root, "cpu/possible", all);
	if (err == -ERANGE)
		return topology_fail(r->why, -E2BIG, "more than %u CPUs", WD40_MAX_CPUS);
	if (err == 0 && !cpuset_count(all))
		err = -EINVAL;
	if (err < 0)
		return topology_fail(r->why, err, "cannot read %s/sys/devices/system/cpu/possible",
				     r->root);
	for (uint32_t cpu = cpuset_first(all); cpu != UINT32_MAX; cpu = cpuset_next(all, cpu))
		t->nr_cpu_ids = cpu + 1;
	t->possible = cpuset_dup(t, all);
	return t->possible ? 0 : -ENOMEM;
}

static int read_cpus(struct reader *r)
{
	struct topology *t = r->t;
	int err;

	t->online = cpuset_new(t->nr_cpu_ids);
	t->cpus = calloc(t->nr_cpu_ids, sizeof(t->cpus[0]));
	if (!t->online || !t->cpus)
		return -ENOMEM;
	err = sysfs_read_cpus(r->root, "cpu/online", t->online);
	if (err == 0 && !cpuset_intersects(t->online, t->possible))
		err = -EINVAL;
	if (err < 0)
		return topology_fail(r->why, err, "cannot read %s/sys/devices/system/cpu/online",
				     r->root);
	cpuset_and(t->online, t->possible);
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++)
		t->cpus[i] = (struct topology_cpu){
			.id = i,
			.online = cpuset_test(t->online, i),
			.node = WD40_NO_NODE,
			.domain = WD40_NO_DOMAIN,
		};
	return 0;
}

/* Makes the CPUs of a set, which the node takes, the next node. */
static void add_node(struct topology *t, uint32_t id, struct cpuset *cpus)
{
	for (uint32_t cpu = cpuset_first(cpus); cpu != UINT32_MAX; cpu = cpuset_next(cpus, cpu))
		t->cpus[cpu].node = t->nr_nodes;
	t->nodes[t->nr_nodes++] = (struct topology_node){ .id = id, .cpus = cpus };
}

/* Fault 27: ids of nodes are sparse, and nodes of memory only are none of ours. */
static int read_node(struct reader *r, uint32_t id)
{
	_cleanup_(cpuset_freep) struct cpuset *cpus = cpuset_new(r->t->nr_cpu_ids);
	int err;

	if (!cpus)
		return -ENOMEM;
	err = sysfs_read_node_cpus(r->root, id, cpus);
	if (err < 0)
		return topology_fail(r->why, err, "cannot read the CPUs of node %u", id);
	cpuset_and(cpus, r->left);
	cpuset_andnot(r->left, cpus);
	if (cpuset_count(cpus) && r->t->nr_nodes == WD40_MAX_NODES)
		return topology_fail(r->why, -E2BIG, "more than %u nodes with CPUs",
				     WD40_MAX_NODES);
	if (cpuset_count(cpus))
		add_node(r->t, id, TAKE_PTR(cpus));
	return 0;
}

/* CPUs that no node claims belong to the first; without NUMA that is all of them. */
static int add_homeless(struct reader *r)
{
	struct topology *t = r->t;
	struct cpuset *cpus;

	if (t->nr_nodes) {
		cpuset_or(t->nodes[0].cpus, r->left);
		for (uint32_t i = cpuset_first(r->left); i != UINT32_MAX;
		     i = cpuset_next(r->left, i))
			t->cpus[i].node = 0;
		return 0;
	}
	cpus = cpuset_dup(t, r->left);
	if (!cpus)
		return -ENOMEM;
	add_node(t, 0, cpus);
	return 0;
}

/* The file counts all nodes of the machine, ids[0..n), and ours are some of them. */
static int read_distances(struct reader *r, struct topology_node *node, const uint32_t *ids,
			  uint32_t n)
{
	_cleanup_(freep) uint32_t *all = malloc((n + 1) * sizeof(*all));
	struct topology *t = r->t;
	int err;

	node->distance = malloc(t->nr_nodes * sizeof(node->distance[0]));
	if (!all || !node->distance)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		all[i] = ids[i] == node->id ? DISTANCE_SELF : DISTANCE_REMOTE;
	err = sysfs_read_node_distances(r->root, node->id, all, n);
	if (err < 0 && err != -ENOENT)
		return topology_fail(r->why, err, "cannot read the distances of node %u", node->id);
	node->distance[0] = DISTANCE_SELF; /* where the only node has no folder */
	for (uint32_t i = 0, k = 0; i < n && k < t->nr_nodes; i++)
		if (ids[i] == t->nodes[k].id)
			node->distance[k++] = all[i];
	return 0;
}

static int read_nodes(struct reader *r)
{
	_cleanup_(freep) uint32_t *ids = NULL;
	struct topology *t = r->t;
	int n, err;

	n = sysfs_read_node_ids(r->root, &ids);
	if (n < 0)
		return topology_fail(r->why, n, "cannot list %s/sys/devices/system/node", r->root);
	t->nodes = calloc((size_t)n + 1, sizeof(t->nodes[0]));
	if (!t->nodes)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		err = read_node(r, ids[i]);
		if (err < 0)
			return err;
	}
	err = add_homeless(r);
	for (uint32_t i = 0; err == 0 && i < t->nr_nodes; i++)
		err = read_distances(r, &t->nodes[i], ids, (uint32_t)n);
	return err;
}

/* The root's sysfs as what tells which CPUs belong together. */
struct sysfs_source {
	struct topology_source source;
	const char *root;
	uint32_t cache_level;
};

static bool find_in_sysfs(const struct topology_source *source, enum topology_bond bond,
			  uint32_t cpu, struct cpuset *ret)
{
	const struct sysfs_source *s = (const struct sysfs_source *)source;

	if (bond == TOPOLOGY_CACHE)
		return sysfs_read_cache(s->root, cpu, s->cache_level, ret);
	return sysfs_read_package(s->root, cpu, ret);
}

static int read_all(struct reader *r, uint32_t cache_level, const char *cpumasks)
{
	const struct sysfs_source sysfs = { { find_in_sysfs }, r->root, cache_level };
	int err;

	err = read_possible(r);
	if (err < 0)
		return err;
	err = read_cpus(r);
	if (err < 0)
		return err;
	r->left = cpuset_dup(r->t, r->t->online);
	if (!r->left)
		return -ENOMEM;
	err = read_nodes(r);
	if (err < 0)
		return err;
	return topology_divide(r->t, &sysfs.source, cpumasks, r->why);
}

int topology_read(const char *root, uint32_t cache_level, const char *cpumasks, char why[256],
		  struct topology **ret)
{
	_cleanup_(topology_freep) struct topology *t = calloc(1, sizeof(*t));
	struct reader reader = { .root = root, .why = why, .t = t };
	int err;

	why[0] = '\0';
	err = t ? read_all(&reader, cache_level, cpumasks) : -ENOMEM;
	cpuset_free(reader.left);
	if (err == -ENOMEM)
		topology_fail(why, err, "out of memory");
	if (err == 0)
		*ret = TAKE_PTR(t);
	return err;
}

const char *topology_format_size(const struct topology *t, char text[TOPOLOGY_SIZE_MAX])
{
	uint32_t nr_online = cpuset_count(t->online);

	snprintf(text, TOPOLOGY_SIZE_MAX, "%u CPU%s, %u domain%s, %u node%s", nr_online,
		 nr_online == 1 ? "" : "s", t->nr_domains, t->nr_domains == 1 ? "" : "s",
		 t->nr_nodes, t->nr_nodes == 1 ? "" : "s");
	return text;
}

static int describe(FILE *f, const struct topology *t)
{
	char size[TOPOLOGY_SIZE_MAX];

	fputs(topology_format_size(t, size), f);
	for (uint32_t i = 0; i < t->nr_domains; i++) {
		const struct topology_domain *d = &t->domains[i];
		_cleanup_(freep) char *cpus = cpuset_format(d->cpus);

		if (!cpus)
			return -ENOMEM;
		fprintf(f, "%s D%u N%u %s", i ? ";" : ":", i, t->nodes[d->node].id, cpus);
	}
	return 0;
}

char *topology_describe(const struct topology *t)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int r;

	if (!f)
		return NULL;
	r = describe(f, t);
	if (fclose(f) != 0 || r < 0)
		return NULL;
	return TAKE_PTR(text);
}
