/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of sysfs that tell CPUs, caches and nodes. Reads only; topology.c divides. */
#pragma once

#include <stdint.h>

#include "daemon/cpuset.h"

/* Reads the list at root/sys/devices/system/<name> into s. Those of open and read, cpuset_parse's. */
int sysfs_read_cpus(const char *root, const char *name, struct cpuset *s);

/*
 * The CPUs that share cpu's cache of level, or of the next lower level that it has. Caches of
 * instructions only do not count. False where sysfs does not tell.
 */
bool sysfs_read_cache(const char *root, uint32_t cpu, uint32_t level, struct cpuset *s);

/* The CPUs of cpu's package. False where sysfs does not tell. */
bool sysfs_read_package(const char *root, uint32_t cpu, struct cpuset *s);

/* Ids of the nodes in ascending order. Returns their number, 0 for a kernel without NUMA. */
int sysfs_read_node_ids(const char *root, uint32_t **ret);

/* The node's CPUs that are online; none in a node of memory only. */
int sysfs_read_node_cpus(const char *root, uint32_t id, struct cpuset *s);

/*
 * The node's distance to each of n nodes, in the order of sysfs_read_node_ids. What the file lacks
 * stays as it is.
 */
int sysfs_read_node_distances(const char *root, uint32_t id, uint32_t *distances, uint32_t n);
