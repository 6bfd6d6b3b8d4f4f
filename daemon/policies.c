/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/policies.h"

#include "daemon/balancer.h"
#include "daemon/tuner.h"
#include "util/macro.h"

const struct policy *const policies[] = {
	[POLICY_TUNER] = &tuner_policy,
	[POLICY_BALANCER] = &balancer_policy,
};
_Static_assert(ARRAY_SIZE(policies) == NR_POLICIES, "each policy is in the list");
