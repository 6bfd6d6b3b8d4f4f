/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of policies, NR_POLICIES of them. Whoever runs the scheduler, the manager or the simulator, runs
 * them in this order.
 */
#pragma once

#include "daemon/policy.h"

enum policy_id {
	POLICY_TUNER,
	POLICY_BALANCER,
	NR_POLICIES
};

extern const struct policy *const policies[];
