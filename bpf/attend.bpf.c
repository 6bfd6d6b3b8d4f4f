// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/attend.bpf.h"
#include "bpf/steal.bpf.h"

static bool take(const struct wd40_cpu __arena *c, u32 domain,
		 const struct wd40_config __arena *config, u64 now)
{
	struct wd40_domain __arena *dom = domain_at(domain);

	return dom && domain != c->domain && attend_fails(dom, config, now) &&
	       queue_length(domain, config) && queue_consume(domain, config);
}

/* The domain that is next in turn for this CPU. */
static u32 next_domain(struct wd40_cpu __arena *c)
{
	u32 place = c->patrol + 1 < shared.nr_domains ? c->patrol + 1 : 1;
	u32 domain = c->domain + place;

	c->patrol = place;
	return domain < shared.nr_domains ? domain : domain - shared.nr_domains;
}

static bool take_in_turn(struct wd40_cpu __arena *c, const struct wd40_config __arena *config,
			 u64 now)
{
	for (u32 i = 0; i < ATTEND_DOMAINS && i + 1 < shared.nr_domains && can_loop; i++)
		if (take(c, next_domain(c), config, now))
			return true;
	return false;
}

bool attend_elsewhere(struct wd40_cpu __arena *c __arg_arena,
		      const struct wd40_config __arena *config __arg_arena, u64 now)
{
	bool is_due = !c->gave_turn && (s64)(now - c->patrol_at) >= 0;

	if (c->called_to != WD40_NO_DOMAIN && take(c, c->called_to, config, now)) {
		c->gave_turn = true;
		return true;
	}
	c->gave_turn = is_due && take_in_turn(c, config, now);
	if (is_due && !c->gave_turn)
		c->patrol_at = now + ATTEND_PATROL_NS;
	return c->gave_turn;
}
