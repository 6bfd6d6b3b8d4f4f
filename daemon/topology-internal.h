/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the topology: topology.c reads CPUs and nodes, topology-divide.c the rest. */
#pragma once

#include "daemon/topology.h"
#include "util/macro.h"

#define TOPOLOGY_WHY_SIZE 256

/* Writes the reason into why, and returns err. */
int topology_fail(char why[TOPOLOGY_WHY_SIZE], int err, const char *format, ...) _printf_(3, 4);

/*
 * Divides the online CPUs into domains, in order, and tells each CPU its domain. CPUs and nodes have
 * been read. Arguments and errors as of topology_read; on failure t can only be freed.
 */
int topology_divide(struct topology *t, const char *root, uint32_t cache_level,
		    const char *cpumasks, char why[TOPOLOGY_WHY_SIZE]);
