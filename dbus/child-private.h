/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files that make up dbus/child-objects.h. */
#pragma once

#include "dbus/child-objects.h"

#define NR_CHILD_KINDS  2
#define CHILD_PATH_SIZE 64

extern const struct child_kind *const child_kinds[NR_CHILD_KINDS];

/* The objects of one moment, by kind and index, and the CPUs that they were of. */
struct child_known {
	uint64_t attached_usec; /* 0: there are none */
	uint32_t *numbers[NR_CHILD_KINDS], nr[NR_CHILD_KINDS];
	struct topology_cpu *cpus;
	uint32_t nr_cpus;
};
void child_known_forget(struct child_known *known);

struct child_objects {
	const struct manager *manager;
	struct child found;       /* whose getters are called now */
	struct child_known known; /* to clients */
};

/* The topology whose objects there are; NULL while there are none. */
const struct topology *child_topology(const struct manager *m);

void child_make_path(const struct child_kind *kind, uint32_t number, char path[CHILD_PATH_SIZE]);
