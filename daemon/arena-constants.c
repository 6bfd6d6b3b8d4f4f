/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon laid out and nobody changes afterwards, where BPF cannot write over it. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/arena.h"
#include "util/macro.h"

struct arena_constants {
	struct wd40_shared shared;
	uint32_t nr_domains;
	struct wd40_domain domains[];
};

/* Fields that lie side by side. */
struct range {
	size_t at, size;
};

#define RANGE(type, first, last) \
	{ offsetof(type, first), \
	  offsetof(type, last) + sizeof(((type *)NULL)->last) - offsetof(type, first) }

static const struct range of_shared[] = {
	RANGE(struct wd40_shared, nr_cpu_ids, domain_words),
	RANGE(struct wd40_shared, cpus, all_cpus),
	RANGE(struct wd40_shared, tunes[0].direct_greedy, tunes[0].overutilized),
	RANGE(struct wd40_shared, tunes[1].direct_greedy, tunes[1].overutilized),
	RANGE(struct wd40_shared, tasks.base, tasks.nr_chunks_max),
};

static const struct range of_domain[] = {
	RANGE(struct wd40_domain, id, node),
	RANGE(struct wd40_domain, nr_victims_node, victims),
};

int arena_constants_new(const struct wd40_shared *shared, struct arena_constants **ret)
{
	size_t size = shared->nr_domains * sizeof(struct wd40_domain);
	/* of a cache line's alignment, as the structs are */
	struct arena_constants *c = aligned_alloc(WD40_CACHELINE, sizeof(*c) + size);

	if (!c)
		return -ENOMEM;
	c->shared = *shared;
	c->nr_domains = shared->nr_domains;
	memcpy(c->domains, shared->domains, size);
	*ret = c;
	return 0;
}

struct arena_constants *arena_constants_free(struct arena_constants *c)
{
	free(c);
	return NULL;
}

/* True: something was not as it was. */
static bool put_back(void *to, const void *from, const struct range *ranges, size_t n)
{
	bool differed = false;

	for (size_t i = 0; i < n; i++) {
		uint8_t *now = (uint8_t *)to + ranges[i].at;
		const uint8_t *then = (const uint8_t *)from + ranges[i].at;

		if (memcmp(now, then, ranges[i].size) == 0)
			continue;
		memcpy(now, then, ranges[i].size);
		differed = true;
	}
	return differed;
}

bool arena_put_back(struct wd40_shared *shared, const struct arena_constants *c)
{
	return put_back(shared, &c->shared, of_shared, ARRAY_SIZE(of_shared));
}

bool arena_put_back_domains(struct wd40_shared *shared, const struct arena_constants *c)
{
	bool differed = arena_put_back(shared, c);

	for (uint32_t i = 0; i < c->nr_domains; i++)
		differed |= put_back(&shared->domains[i], &c->domains[i], of_domain,
				     ARRAY_SIZE(of_domain));
	return differed;
}
