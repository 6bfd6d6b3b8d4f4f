/* SPDX-License-Identifier: GPL-2.0-only */
/* Collects the problems that config_load reports. */
#pragma once

#include "config/config.h"

struct problems {
	struct config_problem first[8];
	int n;
};

static inline void collect(const struct config_problem *problem, void *userdata)
{
	struct problems *problems = userdata;

	if (problems->n < 8)
		problems->first[problems->n] = *problem;
	problems->n++;
}
