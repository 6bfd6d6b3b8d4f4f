/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine whose files of sysfs hold any text. It is refused with a reason, or divided: each online CPU is
 * in one domain of its node, domains are not empty, and all of it can be told.
 *
 * The input is lines: the first says how to divide, the others are the files, one after the other.
 */
#include <errno.h>

#include "daemon/topology.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/memory-files.h"
#include "tests/unit/daemon/machine.h"

#define CPUS      4u
#define READS_MAX 500u /* of an input that others are made of: about 100 CPUs */

/* Folders are on disk, to be listed; files are in memory. */
static struct memory_file *files[MEMORY_FILES_MAX];
static uint32_t nr_files;
static struct machine machine;

_printf_(1, 2) static void add_file(const char *format, ...)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/", machine.root);
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, sizeof(path) - (size_t)n, format, args);
	va_end(args);
	machine_make_parents(path);
	files[nr_files++] = memory_file_add(path);
}

static void remove_machine(void)
{
	machine_done(&machine);
}

static void set_up(void)
{
	machine = machine_new();
	atexit(remove_machine);
	memory_files_below(machine.root);
	add_file(CPU_DIR "/possible");
	add_file(CPU_DIR "/online");
	for (uint32_t node = 0; node < 2; node++) {
		add_file(NODE_DIR "/node%u/cpulist", node);
		add_file(NODE_DIR "/node%u/distance", node);
	}
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		for (uint32_t i = 0; i < 2; i++) {
			add_file(CPU_DIR "/cpu%u/cache/index%u/level", cpu, i);
			add_file(CPU_DIR "/cpu%u/cache/index%u/type", cpu, i);
			add_file(CPU_DIR "/cpu%u/cache/index%u/shared_cpu_list", cpu, i);
		}
		add_file(CPU_DIR "/cpu%u/topology/package_cpus_list", cpu);
	}
}

/* What a machine would say, for files that the input has no line for. */
static const char *usual(uint32_t file)
{
	static const char *const head[] = { "0-3", "0-3", "0-1", "10 20", "2-3", "20 10" };
	static const char *const of_cpu[] = { "1", "Data", "0-1", "3", "Unified", "2-3", "0-3" };

	return file < ARRAY_SIZE(head) ? head[file]
				       : of_cpu[(file - ARRAY_SIZE(head)) % ARRAY_SIZE(of_cpu)];
}

static void check(const struct topology *t)
{
	_cleanup_(freep) char *text = topology_describe(t);

	claim(t->nr_domains > 0 && t->nr_domains <= WD40_MAX_DOMAINS);
	claim(t->nr_nodes > 0 && t->nr_nodes <= WD40_MAX_NODES);
	claim(t->nr_cpu_ids > 0 && t->nr_cpu_ids <= WD40_MAX_CPUS);
	for (uint32_t i = 0; i < t->nr_cpu_ids; i++) {
		const struct topology_cpu *c = &t->cpus[i];

		claim(c->id == i && c->online == cpuset_test(t->online, i));
		claim(!c->online || (c->domain < t->nr_domains && c->node < t->nr_nodes));
		if (c->domain != WD40_NO_DOMAIN)
			claim(cpuset_test(t->domains[c->domain].cpus, i));
	}
	for (uint32_t i = 0; i < t->nr_domains; i++) {
		claim(t->domains[i].node < t->nr_nodes &&
		      cpuset_first(t->domains[i].cpus) != UINT32_MAX);
		claim(i == 0 || t->domains[i].node >= t->domains[i - 1].node);
	}
	claim_printable(text, strlen(text) + 1);
}

/* The line's end. */
static const char *line_end(const char *at, const char *end)
{
	const char *found = memchr(at, '\n', (size_t)(end - at));

	return found ?: end;
}

static void run(uint32_t level, const char *cpumasks)
{
	_cleanup_(topology_freep) struct topology *t = NULL;
	char why[256] = "";
	int r = topology_read(machine.root, level, cpumasks, why, &t);

	if (r == 0) {
		check(t);
		return;
	}
	claim(!t && (r == -ENOENT || r == -EINVAL || r == -E2BIG || r == -EIO || r == -ERANGE));
	claim(*why || r == -ERANGE);
	claim_text(why, sizeof(why));
}

/* -1: libFuzzer is to make no others of this input, since that of a thousand CPUs takes very long. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *cpumasks = NULL;
	const char *at = (const char *)data, *end = at + size, *line = line_end(at, end);
	unsigned long before = memory_files_nr_reads();
	uint32_t level;

	if (!nr_files)
		set_up();
	level = line > at ? (uint8_t)*at % 4 + 1 : 3;
	cpumasks = line > at ? strndup(at + 1, (size_t)(line - at - 1)) : strdup("");
	for (uint32_t i = 0; i < nr_files; i++) {
		at = line + (line < end);
		line = line_end(at, end);
		if (at < end)
			memory_file_write(files[i], at, (size_t)(line - at));
		else
			memory_file_write(files[i], usual(i), strlen(usual(i)));
	}
	run(level, cpumasks);
	return memory_files_nr_reads() - before > READS_MAX ? -1 : 0;
}
