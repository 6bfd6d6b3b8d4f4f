/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/domains-judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/topology.h"

#define CONCERNED (TUNABLE_BIT(TUNABLE_CACHE_LEVEL) | TUNABLE_BIT(TUNABLE_CPUMASKS))

static int try_division(const char *root, uint32_t cache_level, const char *cpumasks,
			char why[CONFIG_WHY_MAX])
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	return topology_read(root, cache_level, cpumasks, why, &t);
}

/* The coarsest division: if even that is impossible, so is every other. */
static bool is_machine_at_fault(const char *root)
{
	char why[CONFIG_WHY_MAX];

	return try_division(root, (uint32_t)tunables[TUNABLE_CACHE_LEVEL].max, "", why) < 0;
}

/* topology_read names the tunable, and so does who calls this. */
static const char *behind_key(const char *text, const char *key)
{
	size_t n = strlen(key);

	return strncmp(text, key, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

int domains_judge(const struct tunable_set *values, tunable_mask changed, void *userdata,
		  enum tunable_id *blamed, char why[CONFIG_WHY_MAX])
{
	const char *cpumasks = values->values[TUNABLE_CPUMASKS].list;
	char full[CONFIG_WHY_MAX];
	int r;

	if (!(changed & CONCERNED))
		return 0;
	r = try_division(userdata, values->values[TUNABLE_CACHE_LEVEL].u, cpumasks, full);
	if (r == 0 || r == -ENOMEM)
		return r;
	if (is_machine_at_fault(userdata))
		return 0;
	*blamed = *cpumasks ? TUNABLE_CPUMASKS : TUNABLE_CACHE_LEVEL;
	snprintf(why, CONFIG_WHY_MAX, "%s", behind_key(full, tunables[*blamed].key));
	return -EINVAL;
}
