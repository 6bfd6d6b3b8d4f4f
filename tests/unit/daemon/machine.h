/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Made-up machines for tests: folders with the files of /sys and /proc that the daemon reads. A test
 * makes one from a shape or loads a captured one, and then changes single files.
 */
#pragma once

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/macro.h"

#define CPU_DIR  "sys/devices/system/cpu"
#define NODE_DIR "sys/devices/system/node"

struct machine {
	char root[64];
};

static inline void machine_die(const char *what)
{
	perror(what);
	abort();
}

static inline struct machine machine_new(void)
{
	struct machine m = { "/tmp/wd40d-machine-XXXXXX" };

	if (!mkdtemp(m.root))
		machine_die(m.root);
	return m;
}

static inline int machine_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void machine_remove_tree(const char *path)
{
	if (nftw(path, machine_unlink, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		machine_die(path);
}

static inline void machine_done(struct machine *m)
{
	machine_remove_tree(m->root);
}

/* Makes the folders that lead to path. */
static inline void machine_make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			machine_die(path);
		*p = '/';
	}
}

/* Writes content and a newline into the file, in place when it exists. */
_printf_(3, 4) static inline void machine_write(const struct machine *m, const char *content,
						const char *format, ...)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/", m->root);
	va_list args;
	FILE *f;

	va_start(args, format);
	vsnprintf(path + n, sizeof(path) - (size_t)n, format, args);
	va_end(args);
	f = fopen(path, "w");
	if (!f) {
		machine_make_parents(path);
		f = fopen(path, "w");
	}
	if (!f || fprintf(f, "%s\n", content) < 0 || fclose(f) != 0)
		machine_die(path);
}

/* Removes a file or folder. */
_printf_(2, 3) static inline void machine_remove(const struct machine *m, const char *format, ...)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/", m->root);
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, sizeof(path) - (size_t)n, format, args);
	va_end(args);
	machine_remove_tree(path);
}

/* Loads a captured machine: lines "path:content" in tests/unit/data/<name>.tree. */
static inline void machine_load(const struct machine *m, const char *name)
{
	char path[PATH_MAX], line[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.tree", TEST_DATA, name);
	f = fopen(path, "r");
	if (!f)
		machine_die(path);
	while (fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (line[0] == '#' || !colon)
			continue;
		*colon = '\0';
		colon[1 + strcspn(colon + 1, "\n")] = '\0';
		machine_write(m, colon + 1, "%s", line);
	}
	fclose(f);
}

/* Cache index of a CPU, shared by the list. */
static inline void machine_cache(const struct machine *m, unsigned int cpu, unsigned int index,
				 unsigned int level, const char *type, const char *list)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", level);
	machine_write(m, text, CPU_DIR "/cpu%u/cache/index%u/level", cpu, index);
	machine_write(m, type, CPU_DIR "/cpu%u/cache/index%u/type", cpu, index);
	machine_write(m, list, CPU_DIR "/cpu%u/cache/index%u/shared_cpu_list", cpu, index);
}

/* The files that list CPUs. */
static inline void machine_cpus(const struct machine *m, const char *possible, const char *online)
{
	machine_write(m, possible, CPU_DIR "/possible");
	machine_write(m, online, CPU_DIR "/online");
}

static inline void machine_node(const struct machine *m, unsigned int id, const char *cpus,
				const char *distances)
{
	machine_write(m, cpus, NODE_DIR "/node%u/cpulist", id);
	machine_write(m, distances, NODE_DIR "/node%u/distance", id);
}

/* A regular machine; CPUs are numbered along nodes, caches, cores and threads. */
struct machine_shape {
	unsigned int nodes, caches /* of level 3, a node */, cores /* a cache */, threads;
	bool only_l3; /* of the caches, for very large machines */
};

static inline void machine_range(char list[32], unsigned int first, unsigned int n)
{
	if (n == 1)
		snprintf(list, 32, "%u", first);
	else
		snprintf(list, 32, "%u-%u", first, first + n - 1);
}

static inline void machine_make_cpu(const struct machine *m, const struct machine_shape *s,
				    unsigned int cpu)
{
	unsigned int per_cache = s->cores * s->threads, per_node = s->caches * per_cache;
	char core[32], cache[32], package[32];

	machine_range(core, cpu - cpu % s->threads, s->threads);
	machine_range(cache, cpu - cpu % per_cache, per_cache);
	machine_range(package, cpu - cpu % per_node, per_node);
	machine_cache(m, cpu, s->only_l3 ? 0 : 3, 3, "Unified", cache);
	if (s->only_l3)
		return;
	machine_cache(m, cpu, 0, 1, "Data", core);
	machine_cache(m, cpu, 1, 1, "Instruction", core);
	machine_cache(m, cpu, 2, 2, "Unified", core);
	machine_write(m, package, CPU_DIR "/cpu%u/topology/package_cpus_list", cpu);
}

static inline void machine_make(const struct machine *m, struct machine_shape s)
{
	unsigned int per_node = s.caches * s.cores * s.threads, n = s.nodes * per_node;
	char list[32], *distances;

	machine_range(list, 0, n);
	machine_cpus(m, list, list);
	for (unsigned int cpu = 0; cpu < n; cpu++)
		machine_make_cpu(m, &s, cpu);
	for (unsigned int node = 0; node < s.nodes; node++) {
		size_t size;
		FILE *f = open_memstream(&distances, &size);

		for (unsigned int other = 0; other < s.nodes; other++)
			fprintf(f, "%s%d", other ? " " : "", other == node ? 10 : 20);
		fclose(f);
		machine_range(list, node * per_node, per_node);
		machine_node(m, node, list, distances);
		free(distances);
	}
}
