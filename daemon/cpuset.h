/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU sets of run-time size in userspace, in the word layout of the arena's masks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

struct cpuset {
	uint32_t nr_words;
	uint64_t words[];
};

/* Empty set that can hold CPU ids below nr_cpus. NULL when out of memory. */
struct cpuset *cpuset_new(uint32_t nr_cpus);
struct cpuset *cpuset_free(struct cpuset *s);
DEFINE_CLEANUP(struct cpuset, cpuset_free)

/*
 * Parses the kernel's list form ("0-3,8"), or a hexadecimal mask after "0x" (commas between its
 * 32-bit groups allowed), into s, and replaces what was in it. Space around the whole is ignored,
 * so a file of sysfs may be given as it is; an empty text is the empty set. On failure s is as it
 * was. -EINVAL (syntax), -ERANGE (an id that s cannot hold).
 */
int cpuset_parse(struct cpuset *s, const char *text);

/* List form. Caller frees; NULL when out of memory. */
char *cpuset_format(const struct cpuset *s);

void cpuset_set(struct cpuset *s, uint32_t cpu); /* cpu must fit */
void cpuset_clear_all(struct cpuset *s);
bool cpuset_test(const struct cpuset *s, uint32_t cpu); /* false for an id that s cannot hold */
uint32_t cpuset_count(const struct cpuset *s);
uint32_t cpuset_first(const struct cpuset *s); /* UINT32_MAX when empty */
uint32_t cpuset_next(const struct cpuset *s,
		     uint32_t after); /* the next id > after, or UINT32_MAX */

/* Two sets: of the same size. */
bool cpuset_intersects(const struct cpuset *a, const struct cpuset *b);
bool cpuset_equal(const struct cpuset *a, const struct cpuset *b);
void cpuset_copy(struct cpuset *into, const struct cpuset *from);
void cpuset_or(struct cpuset *into, const struct cpuset *from);
void cpuset_and(struct cpuset *into, const struct cpuset *with);
void cpuset_andnot(struct cpuset *into, const struct cpuset *without);
