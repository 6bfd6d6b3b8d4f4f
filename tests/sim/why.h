/* SPDX-License-Identifier: GPL-2.0-only */
/* Reasons in words, for the user of a run. */
#pragma once

#include <errno.h>
#include <stddef.h>

#include "util/macro.h"

#define SIM_WHY_SIZE 600

/* Writes the reason into why, which has that size, and returns err. */
int sim_fail(char *why, size_t size, int err, const char *format, ...) _printf_(4, 5);

/* The same for a wrong argument and a why of SIM_WHY_SIZE; the compiler sees that it is negative. */
#define sim_refuse(why, ...) (sim_fail(why, SIM_WHY_SIZE, -EINVAL, __VA_ARGS__), -EINVAL)
