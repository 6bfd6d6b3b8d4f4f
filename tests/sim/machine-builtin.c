/* SPDX-License-Identifier: GPL-2.0-only */
/* The built-in machines, as texts that sim --print-topology shows too. */
#include <string.h>

#include "tests/sim/machine-internal.h"

static const struct {
	const char *name, *help, *text;
} machines[] = {
	{ "uni", "one CPU", "cpus 0\n" },
	{ "smp4", "4 CPUs that share a cache", "cpus 0-3\n" },
	{ "numa2x2", "2 nodes of 2 caches of one core with SMT",
	  "cpus 0-3 node 0 threads 2 llc-cpus 2\n"
	  "cpus 4-7 node 1 threads 2 llc-cpus 2\n" },
	{ "big16", "2 nodes of 2 caches of 2 cores with SMT",
	  "cpus 0-7 node 0 threads 2 llc-cpus 4\n"
	  "cpus 8-15 node 1 threads 2 llc-cpus 4\n" },
	{ "laptop", "4 big cores with SMT, 8 little ones, 2 tiny ones outside of their cache",
	  "cpus 0-7 threads 2 llc 0\n"
	  "cpus 8-15 l2-cpus 4 llc 0 capacity 620\n"
	  "cpus 16-17 l2-cpus 2 llc 1 capacity 400\n" },
	{ "desktop8", "8 cores without SMT, 2 caches", "cpus 0-7 llc-cpus 4\n" },
	{ "server2s", "2 sockets of 24 cores with SMT, whose second threads are numbered last",
	  "node 0 distance 10 21\n"
	  "node 1 distance 21 10\n"
	  "cpus 0-23 node 0 llc 0 core 0\n"
	  "cpus 24-47 node 1 llc 1 core 24\n"
	  "cpus 48-71 node 0 llc 0 core 0\n"
	  "cpus 72-95 node 1 llc 1 core 24\n" },
	{ "ccd12", "12 caches of 8 cores with SMT, whose second threads are numbered last",
	  "cpus 0-95 llc 0 llc-cpus 8 core 0\n"
	  "cpus 96-191 llc 0 llc-cpus 8 core 0\n" },
	{ "big512", "512 CPUs, 64 caches, 8 nodes in 2 sockets",
	  "node 0 distance 10 12 12 12 32 32 32 32\n"
	  "node 1 distance 12 10 12 12 32 32 32 32\n"
	  "node 2 distance 12 12 10 12 32 32 32 32\n"
	  "node 3 distance 12 12 12 10 32 32 32 32\n"
	  "node 4 distance 32 32 32 32 10 12 12 12\n"
	  "node 5 distance 32 32 32 32 12 10 12 12\n"
	  "node 6 distance 32 32 32 32 12 12 10 12\n"
	  "node 7 distance 32 32 32 32 12 12 12 10\n"
	  "cpus 0-63 node 0 threads 2 llc-cpus 8\n"
	  "cpus 64-127 node 1 threads 2 llc-cpus 8\n"
	  "cpus 128-191 node 2 threads 2 llc-cpus 8\n"
	  "cpus 192-255 node 3 threads 2 llc-cpus 8\n"
	  "cpus 256-319 node 4 threads 2 llc-cpus 8\n"
	  "cpus 320-383 node 5 threads 2 llc-cpus 8\n"
	  "cpus 384-447 node 6 threads 2 llc-cpus 8\n"
	  "cpus 448-511 node 7 threads 2 llc-cpus 8\n" },
	{ "huge4096", "4096 CPUs, 512 caches, 8 nodes",
	  "cpus 0-511 node 0 threads 2 llc-cpus 8\n"
	  "cpus 512-1023 node 1 threads 2 llc-cpus 8\n"
	  "cpus 1024-1535 node 2 threads 2 llc-cpus 8\n"
	  "cpus 1536-2047 node 3 threads 2 llc-cpus 8\n"
	  "cpus 2048-2559 node 4 threads 2 llc-cpus 8\n"
	  "cpus 2560-3071 node 5 threads 2 llc-cpus 8\n"
	  "cpus 3072-3583 node 6 threads 2 llc-cpus 8\n"
	  "cpus 3584-4095 node 7 threads 2 llc-cpus 8\n" },
	{ "sparse", "ids with holes, CPUs that are offline, a node of memory only",
	  "node 0 distance 10 15 20\n"
	  "node 2 distance 15 10 30\n"
	  "node 5 distance 20 30 10\n"
	  "cpus 0-3 node 0 threads 2\n"
	  "cpus 8,10-12 node 0\n"
	  "cpus 64,66,68,70 node 5 threads 2\n"
	  "cpus 200-203 node 5 capacity 512\n"
	  "offline 3,66,201-202\n" },
};

const char *machine_builtin_text(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i].name, name) == 0)
			return machines[i].text;
	return NULL;
}

void sim_machine_list(FILE *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		fprintf(to, "%-10s %s\n", machines[i].name, machines[i].help);
}
