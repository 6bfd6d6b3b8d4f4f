/* SPDX-License-Identifier: GPL-2.0-only */
/* Machines as values: made, checked and loaded by name. */
#include "tests/sim/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/machine-internal.h"
#include "util/file.h"

#define MAX_FILE (64u << 20) /* the capture of a large machine */

struct sim_machine *sim_machine_free(struct sim_machine *m)
{
	if (!m)
		return NULL;
	free(m->name);
	free(m->cpus);
	free(m->node_ids);
	free(m->distances);
	free(m);
	return NULL;
}

int machine_add_cpus(struct sim_machine *m, u32 n)
{
	struct sim_cpu *larger = reallocarray(m->cpus, m->nr_cpus + n, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	memset(&larger[m->nr_cpus], 0, n * sizeof(*larger));
	m->cpus = larger;
	m->nr_cpus += n;
	return 0;
}

int machine_add_node(struct sim_machine *m, u32 id)
{
	u32 *larger, at = m->nr_nodes;

	for (u32 i = 0; i < m->nr_nodes; i++)
		if (m->node_ids[i] == id)
			return 0;
	larger = reallocarray(m->node_ids, m->nr_nodes + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	m->node_ids = larger;
	for (; at && larger[at - 1] > id; at--)
		larger[at] = larger[at - 1];
	larger[at] = id;
	m->nr_nodes++;
	return 0;
}

/* --- Checks. ------------------------------------------------------------------------------------ */

static int compare_cpus(const void *a, const void *b)
{
	const struct sim_cpu *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int check_cpus(const struct sim_machine *m, char why[MACHINE_WHY_SIZE])
{
	u32 nr_online = 0;

	for (u32 i = 0; i < m->nr_cpus; i++) {
		const struct sim_cpu *c = &m->cpus[i];

		if (i && c->id == c[-1].id)
			return machine_fail(why, -EINVAL, "%s: CPU %u is there twice", m->name,
					    c->id);
		nr_online += c->online;
	}
	if (!nr_online)
		return machine_fail(why, -EINVAL, "%s: no CPU is online", m->name);
	return 0;
}

/* A number of a CPU: how CPUs are grouped. */
static u32 *core_of(struct sim_cpu *c)
{
	return &c->core;
}

static u32 *l2_of(struct sim_cpu *c)
{
	return &c->l2;
}

static u32 *llc_of(struct sim_cpu *c)
{
	return &c->llc;
}

struct renumbering {
	u32 old, new;
};

static int compare_old(const void *a, const void *b)
{
	const struct renumbering *x = a, *y = b;

	if (x->old != y->old)
		return x->old < y->old ? -1 : 1;
	return (x->new > y->new) - (x->new < y->new);
}

/*
 * Numbers in the order of the lowest CPU that has them, without holes. A CPU's index stands for its
 * group until the groups are counted.
 */
static int renumber(struct sim_machine *m, u32 *(*of)(struct sim_cpu *c))
{
	_cleanup_(freep) struct renumbering *r = calloc(m->nr_cpus, sizeof(*r));
	u32 n = 0;

	if (!r)
		return -ENOMEM;
	for (u32 i = 0; i < m->nr_cpus; i++)
		r[i] = (struct renumbering){ *of(&m->cpus[i]), i };
	qsort(r, m->nr_cpus, sizeof(*r), compare_old);
	for (u32 i = 0, lowest = 0; i < m->nr_cpus; i++) {
		if (r[i].old != r[lowest].old)
			lowest = i;
		*of(&m->cpus[r[i].new]) = r[lowest].new;
	}
	for (u32 i = 0; i < m->nr_cpus; i++) {
		u32 lowest = *of(&m->cpus[i]);

		*of(&m->cpus[i]) = lowest == i ? n++ : *of(&m->cpus[lowest]);
	}
	return 0;
}

/* CPUs that have one number have the other one in common, too. */
static int check_nested(struct sim_machine *m, char why[MACHINE_WHY_SIZE], const char *message,
			u32 *(*inner)(struct sim_cpu *c), u32 *(*outer)(struct sim_cpu *c))
{
	_cleanup_(freep) struct sim_cpu **first = calloc(m->nr_cpus, sizeof(*first));

	if (!first)
		return -ENOMEM;
	for (u32 i = 0; i < m->nr_cpus; i++) {
		struct sim_cpu *c = &m->cpus[i], **one = &first[*inner(c)];

		if (!*one)
			*one = c;
		if (*outer(*one) != *outer(c))
			return machine_fail(why, -EINVAL, "%s: CPUs %u and %u %s", m->name,
					    (*one)->id, c->id, message);
	}
	return 0;
}

static int make_distances(struct sim_machine *m)
{
	u32 n = m->nr_nodes;

	if (m->distances)
		return 0;
	m->distances = calloc((size_t)n * n, sizeof(m->distances[0]));
	if (!m->distances)
		return -ENOMEM;
	for (u32 i = 0; i < n * n; i++)
		m->distances[i] = i % (n + 1) ? DISTANCE_REMOTE : DISTANCE_SELF;
	return 0;
}

int machine_finish(struct sim_machine *m, char why[MACHINE_WHY_SIZE])
{
	int r;

	if (m->nr_cpus)
		qsort(m->cpus, m->nr_cpus, sizeof(m->cpus[0]), compare_cpus);
	r = check_cpus(m, why);
	if (r == 0)
		r = renumber(m, core_of);
	if (r == 0)
		r = renumber(m, l2_of);
	if (r == 0)
		r = renumber(m, llc_of);
	if (r == 0)
		r = check_nested(m, why, "are one core with two L2 caches", core_of, l2_of);
	if (r == 0)
		r = check_nested(m, why, "share an L2 cache, but not the last", l2_of, llc_of);
	return r == 0 ? make_distances(m) : r;
}

/* --- By name. ----------------------------------------------------------------------------------- */

static int load_file(const char *path, char why[MACHINE_WHY_SIZE], struct sim_machine **ret)
{
	_cleanup_(freep) char *text = NULL;
	int r = file_read(path, MAX_FILE, &text, NULL);

	if (r == -ENOENT)
		return machine_fail(why, r, "%s: no such machine or file", path);
	if (r < 0)
		return machine_fail(why, r, "%s: %s", path, strerror(-r));
	if (machine_is_capture(text))
		return machine_import(path, text, why, ret);
	return machine_parse(path, text, why, ret);
}

int sim_machine_load(const char *name, char why[256], struct sim_machine **ret)
{
	const char *builtin = machine_builtin_text(name);
	int r;

	why[0] = '\0';
	r = builtin ? machine_parse(name, builtin, why, ret) : load_file(name, why, ret);
	return r == -ENOMEM ? machine_fail(why, r, "out of memory") : r;
}
