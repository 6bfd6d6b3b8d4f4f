/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of sysfs that tell CPUs, caches and nodes. */
#include "daemon/topology-sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/macro.h"

#define MAX_FILE (1u << 20)

static int format_path(char path[PATH_MAX], const char *root, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static int format_path(char path[PATH_MAX], const char *root, const char *format, va_list args)
{
	int n = snprintf(path, PATH_MAX, "%s/sys/devices/system/", root), m;

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	m = vsnprintf(path + n, (size_t)(PATH_MAX - n), format, args);
	return m < PATH_MAX - n ? 0 : -ENAMETOOLONG;
}

/* Reads root/sys/devices/system/<format>. */
_printf_(3, 4) static int read_text(char **ret, const char *root, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int r;

	va_start(args, format);
	r = format_path(path, root, format, args);
	va_end(args);
	return r < 0 ? r : file_read(path, MAX_FILE, ret, NULL);
}

int sysfs_read_cpus(const char *root, const char *name, struct cpuset *s)
{
	_cleanup_(freep) char *text = NULL;
	int r = read_text(&text, root, "%s", name);

	return r < 0 ? r : cpuset_parse(s, text);
}

/* The level of a cache that holds data, 0 for one of instructions, negative when there is none. */
static int read_cache_level(const char *root, uint32_t cpu, uint32_t index)
{
	_cleanup_(freep) char *level = NULL, *type = NULL;
	int r;

	r = read_text(&level, root, "cpu/cpu%u/cache/index%u/level", cpu, index);
	if (r < 0)
		return r;
	r = read_text(&type, root, "cpu/cpu%u/cache/index%u/type", cpu, index);
	if (r < 0)
		return r;
	return strncmp(type, "Instruction", strlen("Instruction")) ? atoi(level) : 0;
}

/* The index of the cache to go by, or -ENOENT. */
static int find_cache(const char *root, uint32_t cpu, uint32_t level)
{
	int best = -ENOENT, best_level = 0, found;

	for (uint32_t i = 0; (found = read_cache_level(root, cpu, i)) >= 0; i++) {
		if (found > best_level && (uint32_t)found <= level) {
			best = (int)i;
			best_level = found;
		}
	}
	return best;
}

bool sysfs_read_cache(const char *root, uint32_t cpu, uint32_t level, struct cpuset *s)
{
	int index = find_cache(root, cpu, level);
	char name[64];

	snprintf(name, sizeof(name), "cpu/cpu%u/cache/index%d/shared_cpu_list", cpu, index);
	return index >= 0 && sysfs_read_cpus(root, name, s) == 0;
}

bool sysfs_read_package(const char *root, uint32_t cpu, struct cpuset *s)
{
	/* core_siblings_list is what kernels before 5.2 call package_cpus_list. */
	static const char *const names[] = { "package_cpus_list", "core_siblings_list" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char name[64];

		snprintf(name, sizeof(name), "cpu/cpu%u/topology/%s", cpu, names[i]);
		if (sysfs_read_cpus(root, name, s) == 0)
			return true;
	}
	return false;
}

/* The id in a folder's name "node<id>", or -EINVAL for another name. */
static int64_t parse_node_name(const char *name)
{
	char *end;
	unsigned long id;

	if (strncmp(name, "node", 4) || name[4] < '0' || name[4] > '9')
		return -EINVAL;
	errno = 0;
	id = strtoul(name + 4, &end, 10);
	return *end || errno || id >= UINT32_MAX ? -EINVAL : (int64_t)id;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int append_id(uint32_t **ids, uint32_t n, uint32_t id)
{
	uint32_t *larger = realloc(*ids, (n + 1) * sizeof(**ids));

	if (!larger)
		return -ENOMEM;
	larger[n] = id;
	*ids = larger;
	return 0;
}

int sysfs_read_node_ids(const char *root, uint32_t **ret)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(freep) uint32_t *ids = NULL;
	_cleanup_(closedirp) DIR *dir = NULL;
	struct dirent *entry;
	uint32_t n = 0;

	if (asprintf(&path, "%s/sys/devices/system/node", root) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	dir = opendir(path);
	if (!dir && errno != ENOENT)
		return -errno;
	while (dir && (entry = readdir(dir))) {
		int64_t id = parse_node_name(entry->d_name);
		int r = id < 0 ? 0 : append_id(&ids, n, (uint32_t)id);

		if (r < 0)
			return r;
		n += id >= 0;
	}
	if (n)
		qsort(ids, n, sizeof(ids[0]), compare_ids);
	*ret = TAKE_PTR(ids);
	return (int)n;
}

int sysfs_read_node_cpus(const char *root, uint32_t id, struct cpuset *s)
{
	char name[64];

	snprintf(name, sizeof(name), "node/node%u/cpulist", id);
	return sysfs_read_cpus(root, name, s);
}

int sysfs_read_node_distances(const char *root, uint32_t id, uint32_t *distances, uint32_t n)
{
	_cleanup_(freep) char *text = NULL;
	int r = read_text(&text, root, "node/node%u/distance", id);
	char *p = text;

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < n; i++) {
		char *end;
		unsigned long distance = strtoul(p, &end, 10);

		if (end == p)
			break;
		distances[i] = (uint32_t)distance;
		p = end;
	}
	return 0;
}
