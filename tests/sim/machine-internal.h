/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the machine: machine.c holds it, the others read, print and divide it. */
#pragma once

#include "tests/sim/machine.h"
#include "tests/sim/why.h"

#define MACHINE_WHY_SIZE 256

/* Distances where nobody tells others. */
#define DISTANCE_SELF   10u
#define DISTANCE_REMOTE 20u

#define machine_fail(why, err, ...) sim_fail(why, MACHINE_WHY_SIZE, err, __VA_ARGS__)

/* So many CPUs more at the end, zeroed. -ENOMEM. */
int machine_add_cpus(struct sim_machine *m, u32 n);

/* Adds a node unless it is there. -ENOMEM. */
int machine_add_node(struct sim_machine *m, u32 id);

/*
 * What ends the making of a machine: puts CPUs in order, makes numbers dense, and checks that the whole
 * can be. The nodes have been added; distances are there or are made. -EINVAL (why says it), -ENOMEM.
 */
int machine_finish(struct sim_machine *m, char why[MACHINE_WHY_SIZE]);

/* The text of the built-in machine of that name, or NULL. */
const char *machine_builtin_text(const char *name);

/* From the text of a machine; its messages begin with "name:line: ". Errors as sim_machine_load. */
int machine_parse(const char *name, const char *text, char why[MACHINE_WHY_SIZE],
		  struct sim_machine **ret);

/* Whether a file's text is a capture, and the machine that it is of. Errors as sim_machine_load. */
bool machine_is_capture(const char *text);
int machine_import(const char *name, const char *text, char why[MACHINE_WHY_SIZE],
		   struct sim_machine **ret);

/* The machine whose sysfs is below root. Errors as sim_machine_load. */
int machine_read_sysfs(const char *name, const char *root, char why[MACHINE_WHY_SIZE],
		       struct sim_machine **ret);
