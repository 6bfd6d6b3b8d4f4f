/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether this machine can have the domains that a configuration asks for. */
#pragma once

#include "config/config.h"

/*
 * A config_judge_fn; userdata is the root of topology_read. What no value could cure, such as a sysfs
 * that cannot be read, is nobody's fault here: the attach will say it.
 */
int domains_judge(const struct tunable_set *values, tunable_mask changed, void *userdata,
		  enum tunable_id *blamed, char why[CONFIG_WHY_MAX]);
