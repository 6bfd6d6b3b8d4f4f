/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the topology: topology.c reads CPUs and nodes, topology-divide.c the rest. */
#pragma once

#include "daemon/topology.h"
#include "util/macro.h"

#define TOPOLOGY_WHY_SIZE 256

/* Writes the reason into why, and returns err. */
int topology_fail(char why[TOPOLOGY_WHY_SIZE], int err, const char *format, ...) _printf_(3, 4);

/* What CPUs may have in common, best first. */
enum topology_bond {
	TOPOLOGY_CACHE, /* of the wanted level, or of the next lower one that there is */
	TOPOLOGY_PACKAGE,
	TOPOLOGY_NODE,
	NR_TOPOLOGY_BONDS
};

/*
 * Where the division learns which CPUs belong together: sysfs, or the simulator's machine. find stores
 * the CPUs that have the bond with cpu; false: it is not known. It is not asked for the node.
 */
struct topology_source {
	bool (*find)(const struct topology_source *s, enum topology_bond bond, uint32_t cpu,
		     struct cpuset *ret);
};

/*
 * Divides the online CPUs into domains, in order, and tells each CPU its domain. CPUs and nodes have
 * been read. cpumasks, why and errors as of topology_read; on failure t can only be freed.
 */
int topology_divide(struct topology *t, const struct topology_source *source, const char *cpumasks,
		    char why[TOPOLOGY_WHY_SIZE]);
