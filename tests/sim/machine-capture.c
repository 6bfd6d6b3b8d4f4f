/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures: the files of a machine's sysfs that the daemon reads, lines "path:content" of one file. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/topology-sysfs.h"
#include "tests/sim/machine-internal.h"
#include "util/file.h"

#define MAX_CONTENT (1u << 16)
#define SYSTEM      "sys/devices/system/"

/* Appends the file, if it is there, by its path below root. Whether it was. -errno. */
_printf_(3, 4) static int capture(const char *root, FILE *to, const char *format, ...)
{
	_cleanup_(freep) char *content = NULL;
	char path[256], whole[4096];
	va_list args;
	int r;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%s/" SYSTEM "%s", root, path);
	r = file_read(whole, MAX_CONTENT, &content, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	content[strcspn(content, "\n")] = '\0';
	fprintf(to, SYSTEM "%s:%s\n", path, content);
	return 1;
}

static int capture_caches(const char *root, u32 cpu, FILE *to)
{
	static const char *const files[] = { "level", "type", "shared_cpu_list" };
	int r = 1;

	for (u32 index = 0; r > 0; index++)
		for (size_t i = 0; r > 0 && i < ARRAY_SIZE(files); i++)
			r = capture(root, to, "cpu/cpu%u/cache/index%u/%s", cpu, index, files[i]);
	return r;
}

static int capture_cpu(const char *root, u32 cpu, FILE *to)
{
	static const char *const files[] = { "topology/package_cpus_list",
					     "topology/core_siblings_list",
					     "topology/thread_siblings_list", "cpu_capacity" };
	int r = capture_caches(root, cpu, to);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(files); i++)
		r = capture(root, to, "cpu/cpu%u/%s", cpu, files[i]);
	return r;
}

static int capture_nodes(const char *root, FILE *to)
{
	_cleanup_(freep) u32 *ids = NULL;
	int n = sysfs_read_node_ids(root, &ids), r = 0;

	for (int i = 0; r >= 0 && i < n; i++) {
		r = capture(root, to, "node/node%u/cpulist", ids[i]);
		if (r >= 0)
			r = capture(root, to, "node/node%u/distance", ids[i]);
	}
	return n < 0 ? n : r;
}

int sim_machine_capture(const char *root, FILE *to)
{
	_cleanup_(cpuset_freep) struct cpuset *cpus = cpuset_new(WD40_MAX_CPUS);
	int r = cpus ? sysfs_read_cpus(root, "cpu/possible", cpus) : -ENOMEM;

	if (r < 0)
		return r;
	fputs("# sysfs of a machine, by sim --capture\n", to);
	r = capture(root, to, "cpu/possible");
	if (r >= 0)
		r = capture(root, to, "cpu/online");
	for (u32 cpu = cpuset_first(cpus); r >= 0 && cpu != UINT32_MAX;
	     cpu = cpuset_next(cpus, cpu))
		r = capture_cpu(root, cpu, to);
	if (r >= 0)
		r = capture_nodes(root, to);
	return r < 0 ? r : 0;
}
