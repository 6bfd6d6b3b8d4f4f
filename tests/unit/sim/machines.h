/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of machines share. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/machine.h"
#include "util/macro.h"

static inline struct sim_machine *load(const char *name)
{
	struct sim_machine *m = NULL;
	char why[256];

	if (sim_machine_load(name, why, &m) < 0)
		fail_msg("%s: %s", name, why);
	return m;
}

/* A text as a file to load. Freed by drop_file. */
static inline char *make_file(const char *text)
{
	char *path = strdup("/tmp/wd40-sim-test-XXXXXX");
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	fputs(text, f);
	fclose(f);
	return path;
}

static inline void drop_filep(char **path)
{
	unlink(*path);
	free(*path);
}

static inline char *print(const struct sim_machine *m)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	sim_machine_print(m, f);
	fclose(f);
	return text;
}

static inline struct topology *topology_of(const struct sim_machine *m, u32 level,
					   const char *cpumasks)
{
	struct topology *t = NULL;
	char why[256];

	if (sim_machine_topology(m, level, cpumasks, why, &t) < 0)
		fail_msg("%s: %s", m->name, why);
	return t;
}

static inline void assert_same_set(const struct cpuset *a, const struct cpuset *b)
{
	_cleanup_(freep) char *x = cpuset_format(a);
	_cleanup_(freep) char *y = cpuset_format(b);

	assert_string_equal(x, y);
}

static inline void assert_same_topology(const struct topology *a, const struct topology *b)
{
	assert_int_equal(a->nr_cpu_ids, b->nr_cpu_ids);
	assert_int_equal(a->nr_nodes, b->nr_nodes);
	assert_int_equal(a->nr_domains, b->nr_domains);
	assert_same_set(a->possible, b->possible);
	assert_same_set(a->online, b->online);
	for (u32 i = 0; i < a->nr_cpu_ids; i++)
		assert_memory_equal(&a->cpus[i], &b->cpus[i], sizeof(a->cpus[i]));
	for (u32 i = 0; i < a->nr_domains; i++) {
		assert_int_equal(a->domains[i].node, b->domains[i].node);
		assert_same_set(a->domains[i].cpus, b->domains[i].cpus);
	}
	for (u32 i = 0; i < a->nr_nodes; i++) {
		assert_int_equal(a->nodes[i].id, b->nodes[i].id);
		assert_same_set(a->nodes[i].cpus, b->nodes[i].cpus);
		assert_memory_equal(a->nodes[i].distance, b->nodes[i].distance,
				    a->nr_nodes * sizeof(u32));
	}
}
