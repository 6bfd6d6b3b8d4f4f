/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "tests/fuzz/decode.h"
#include "tests/sim/machine-internal.h"

#define GROUPS_MAX 3
#define CPUS_MAX   4 /* of a group */

/* A group of like CPUs, with a hole before it. Returns the id behind the last. */
static u32 print_group(struct fuzz_bytes *b, u32 first, FILE *to)
{
	static const u32 nodes[] = { 0, 1, 5 }, threads[] = { 1, 2, 4 },
			 capacities[] = { 1024, 300 };
	/* a byte each, in this order: that of a call's arguments is up to the compiler */
	u32 hole = fuzz_below(b, 3), n = 1 + fuzz_below(b, CPUS_MAX);
	u32 node = FUZZ_ONE_OF(b, nodes), thread = FUZZ_ONE_OF(b, threads);
	u32 llc_cpus = 1 + fuzz_below(b, CPUS_MAX), capacity = FUZZ_ONE_OF(b, capacities);

	first += hole;
	fprintf(to, "cpus %u-%u node %u threads %u llc-cpus %u capacity %u\n", first, first + n - 1,
		node, thread, llc_cpus, capacity);
	return first + n;
}

int fuzz_machine(struct fuzz_bytes *b, struct sim_machine **ret)
{
	_cleanup_(freep) char *text = NULL;
	char why[MACHINE_WHY_SIZE];
	u32 groups, ids = 0;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return -ENOMEM;
	groups = 1 + fuzz_below(b, GROUPS_MAX);
	while (groups--)
		ids = print_group(b, ids, to);
	if (fuzz_below(b, 4) == 1)
		fprintf(to, "offline %u\n", fuzz_below(b, ids));
	if (fuzz_below(b, 4) == 1)
		fprintf(to, "node 3\n");
	fclose(to);
	return machine_parse("fuzz", text, why, ret);
}
