/* SPDX-License-Identifier: GPL-2.0-only */
/* Machines from captures: unpacked into a folder of its own, and read there as the daemon does. */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/topology-sysfs.h"
#include "tests/sim/machine-internal.h"
#include "util/file.h"

#define SYS_PREFIX "sys/"

/* --- Unpacking. --------------------------------------------------------------------------------- */

/* The first line that is no comment has a path. */
bool machine_is_capture(const char *text)
{
	while (*text == '#' || *text == '\n') {
		text = strchrnul(text, '\n');
		text += *text == '\n';
	}
	return strncmp(text, SYS_PREFIX, strlen(SYS_PREFIX)) == 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_treep(char **root)
{
	if (*root)
		nftw(*root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(*root);
}

static char *make_root(void)
{
	const char *folder = getenv("TMPDIR") ?: "/tmp";
	_cleanup_(freep) char *root = NULL;

	if (asprintf(&root, "%s/wd40-sim-XXXXXX", folder) < 0) {
		root = NULL;
		return NULL;
	}
	return mkdtemp(root) ? TAKE_PTR(root) : NULL;
}

/* Below root, so those that are there already are fine. */
static int make_parents(char *path, size_t root_length)
{
	for (char *p = path + root_length + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int write_file(const char *root, const char *name, const char *content)
{
	_cleanup_(fclosep) FILE *f = NULL;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = make_parents(path, strlen(root));
	if (r < 0)
		return r;
	f = fopen(path, "we");
	if (!f)
		return -errno;
	return fprintf(f, "%s\n", content) < 0 ? -EIO : 0;
}

static int unpack(const char *name, char *text, const char *root, char why[MACHINE_WHY_SIZE])
{
	char *line;
	int r = 0;

	for (u32 n = 1; r == 0 && (line = strsep(&text, "\n")); n++) {
		char *colon = strchr(line, ':');

		if (*line == '#' || !*line)
			continue;
		if (!colon || strncmp(line, SYS_PREFIX, strlen(SYS_PREFIX)) || strstr(line, ".."))
			return machine_fail(why, -EINVAL, "%s:%u: is not path:content of sysfs",
					    name, n);
		*colon = '\0';
		r = write_file(root, line, colon + 1);
		if (r < 0)
			machine_fail(why, r, "%s:%u: %s", name, n, strerror(-r));
	}
	return r;
}

int machine_import(const char *name, const char *text, char why[MACHINE_WHY_SIZE],
		   struct sim_machine **ret)
{
	_cleanup_(remove_treep) char *root = make_root();
	_cleanup_(freep) char *copy = strdup(text);
	int r;

	if (!root)
		return machine_fail(why, -EIO, "%s: no folder to unpack it into", name);
	if (!copy)
		return -ENOMEM;
	r = unpack(name, copy, root, why);
	return r < 0 ? r : machine_read_sysfs(name, root, why, ret);
}

/* --- Reading. ----------------------------------------------------------------------------------- */

struct importer {
	const char *root;
	char *why;
	struct sim_machine *m;
};

static int read_level(struct importer *im, u32 level, struct topology **ret)
{
	char reason[MACHINE_WHY_SIZE];
	int r = topology_read(im->root, level, "", reason, ret);

	return r < 0 ? machine_fail(im->why, r, "%s: %s", im->m->name, reason) : 0;
}

static u32 read_capacity(const struct importer *im, u32 cpu)
{
	_cleanup_(freep) char *text = NULL;
	char path[PATH_MAX];
	u32 capacity;

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/cpu%u/cpu_capacity", im->root, cpu);
	if (file_read(path, 64, &text, NULL) < 0)
		return CPUPERF_ONE;
	capacity = (u32)strtoul(text, NULL, 10);
	return capacity && capacity < CPUPERF_ONE ? capacity : CPUPERF_ONE;
}

/* By its threads; where they are not told, by who shares its own cache. */
static int find_core(const struct importer *im, const struct topology *cores, u32 cpu, u32 *ret)
{
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(cores->nr_cpu_ids);
	char name[64];

	if (!s)
		return -ENOMEM;
	snprintf(name, sizeof(name), "cpu/cpu%u/topology/thread_siblings_list", cpu);
	if (sysfs_read_cpus(im->root, name, s) == 0 && cpuset_test(s, cpu))
		*ret = cpuset_first(s);
	else
		*ret = cpuset_first(cores->domains[cores->cpus[cpu].domain].cpus);
	return 0;
}

/*
 * Sysfs is silent about a CPU that is offline: it is taken for a core of its own beside the last
 * CPU before it. Numbers are those of the lowest CPU of a group.
 */
static int read_cpu(struct importer *im, const struct topology *levels[3], u32 id,
		    struct sim_cpu *c)
{
	const struct topology *cores = levels[0], *l2s = levels[1], *llcs = levels[2];

	c->id = id;
	c->online = cpuset_test(cores->online, id);
	c->capacity = read_capacity(im, id);
	if (!c->online) {
		const struct sim_cpu *beside = c > im->m->cpus ? c - 1 : NULL;

		c->core = c->l2 = id;
		c->llc = beside ? beside->llc : cpuset_first(llcs->domains[0].cpus);
		c->node = beside ? beside->node : llcs->nodes[0].id;
		return 0;
	}
	c->l2 = cpuset_first(l2s->domains[l2s->cpus[id].domain].cpus);
	c->llc = cpuset_first(llcs->domains[llcs->cpus[id].domain].cpus);
	c->node = llcs->nodes[llcs->cpus[id].node].id;
	return find_core(im, cores, id, &c->core);
}

static int read_nodes(struct importer *im)
{
	struct sim_machine *m = im->m;
	int n = sysfs_read_node_ids(im->root, &m->node_ids), r = 0;

	if (n <= 0)
		return n < 0 ? n : machine_add_node(m, 0);
	m->nr_nodes = (u32)n;
	m->distances = calloc((size_t)n * (size_t)n, sizeof(m->distances[0]));
	if (!m->distances)
		return -ENOMEM;
	for (u32 i = 0; i < m->nr_nodes * m->nr_nodes; i++)
		m->distances[i] = i % (m->nr_nodes + 1) ? DISTANCE_REMOTE : DISTANCE_SELF;
	for (u32 i = 0; r == 0 && i < m->nr_nodes; i++)
		r = sysfs_read_node_distances(im->root, m->node_ids[i],
					      &m->distances[i * m->nr_nodes], m->nr_nodes);
	return r == -ENOENT ? 0 : r;
}

static int read_cpus(struct importer *im, const struct topology *levels[3])
{
	const struct cpuset *possible = levels[0]->possible;
	u32 i = 0;
	int r = machine_add_cpus(im->m, cpuset_count(possible));

	for (u32 id = cpuset_first(possible); r == 0 && id != UINT32_MAX;
	     id = cpuset_next(possible, id), i++)
		r = read_cpu(im, levels, id, &im->m->cpus[i]);
	return r;
}

static int read_machine(struct importer *im)
{
	_cleanup_(topology_freep) struct topology *cores = NULL;
	_cleanup_(topology_freep) struct topology *l2s = NULL;
	_cleanup_(topology_freep) struct topology *llcs = NULL;
	int r = read_level(im, 1, &cores);

	if (r == 0)
		r = read_level(im, 2, &l2s);
	if (r == 0)
		r = read_level(im, 3, &llcs);
	if (r == 0)
		r = read_nodes(im);
	if (r == 0)
		r = read_cpus(im, (const struct topology *[]){ cores, l2s, llcs });
	return r == 0 ? machine_finish(im->m, im->why) : r;
}

int machine_read_sysfs(const char *name, const char *root, char why[MACHINE_WHY_SIZE],
		       struct sim_machine **ret)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = calloc(1, sizeof(*m));
	struct importer im = { .root = root, .why = why, .m = m };
	int r = -ENOMEM;

	if (m)
		m->name = strdup(name);
	if (m && m->name)
		r = read_machine(&im);
	if (r == 0)
		*ret = TAKE_PTR(m);
	return r;
}
