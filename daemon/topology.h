/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as sysfs shows it, and its division into domains. Pure: reads files below a root,
 * decides, and changes nothing. Domains and nodes have dense indices in this file's structs; the
 * kernel's own ids (sparse) stand beside them.
 */
#pragma once

#include <stdint.h>

#include "bpf/shared.h"
#include "daemon/cpuset.h"
#include "util/cleanup.h"

struct topology_cpu {
	uint32_t id;
	bool online;
	uint32_t node;   /* index into nodes, WD40_NO_NODE while it was never seen online */
	uint32_t domain; /* index into domains, WD40_NO_DOMAIN likewise */
};

struct topology_node {
	uint32_t id;         /* the kernel's */
	struct cpuset *cpus; /* those that were seen online, as in a domain */
	uint32_t *distance;  /* to each node index, from sysfs; 10 = itself */
};

struct topology_domain {
	uint32_t node;       /* index */
	struct cpuset *cpus; /* never empty */
};

struct topology {
	uint32_t nr_cpu_ids; /* highest possible CPU id + 1 */
	struct topology_cpu
		*cpus; /* nr_cpu_ids entries; impossible ids have domain WD40_NO_DOMAIN */
	struct cpuset *possible, *online;
	struct topology_node *nodes; /* only nodes with CPUs */
	uint32_t nr_nodes;
	struct topology_domain *domains; /* ordered by node, then by lowest CPU */
	uint32_t nr_domains;
};

/*
 * Reads the machine below root ("" in production, a captured tree in tests). Domains are the sets of
 * CPUs that share the cache of cache_level (1..4) by shared_cpu_list; a CPU without such a cache
 * falls back to the next lower level that exists, and without any to its package, then its node.
 * A cache that serves several nodes (sub-NUMA clustering) makes one domain in each of them.
 * cpumasks (";"-separated CPU sets, "" = none) defines the domains instead: CPUs in none of them form
 * one more domain per node; a set across nodes belongs to the node of most of its CPUs.
 *
 * sysfs tells nothing of CPUs that are offline: they get a domain when they have come online, by
 * topology_update. So a set in cpumasks whose CPUs are all offline makes no domain now.
 * Errors: -ENOENT (no sysfs), -EINVAL (cpumasks overlap, are empty or name impossible CPUs), -E2BIG
 * (limits of bpf/shared.h), -ENOMEM, -EIO and the like; why says what and where. *ret:
 * topology_free.
 */
int topology_read(const char *root, uint32_t cache_level, const char *cpumasks, char why[256],
		  struct topology **ret);
struct topology *topology_free(struct topology *t);
DEFINE_CLEANUP(struct topology, topology_free)

/*
 * Takes over from fresh, a later reading of the same machine with the same arguments, which CPUs are
 * online, and puts CPUs that came online for the first time into the domain of the CPUs they share
 * it with. Domains and nodes keep their indices, and CPUs that went offline their domain. Returns 1
 * when something changed, 0 when nothing did, or -ESTALE, with t as it was, when no domain of t fits
 * a new CPU: lay out and attach anew.
 */
int topology_update(struct topology *t, const struct topology *fresh);

/* How large it is: "8 CPUs, 4 domains, 1 node". */
#define TOPOLOGY_SIZE_MAX 64
const char *topology_format_size(const struct topology *t, char text[TOPOLOGY_SIZE_MAX]);

/* The same and the domains: "8 CPUs, 4 domains, 2 nodes: D0 N0 0-1; ...". Caller frees. */
char *topology_describe(const struct topology *t);
