/* SPDX-License-Identifier: GPL-2.0-only */
/* The text form of the tunable cpumasks. Syntax only: which CPUs exist is the topology's business. */
#pragma once

#include "config/tunables.h"

/* CPU ids in a set are below this (bpf/shared.h has the same limit). */
#define CPUSETS_MAX_CPUS 8192

/*
 * Reads CPU sets separated by ';', each a CPU list ("0-3,8") or a hexadecimal mask ("0xff", with
 * or without commas between its 32-bit groups), and writes them as CPU lists without spaces. ""
 * is no set. -EINVAL (no such list), -ERANGE (a CPU id too high) and -EEXIST (a CPU in two sets)
 * fill why; -ENOMEM. Caller frees *ret.
 */
int cpusets_normalize(const char *text, char **ret, char why[TUNABLE_WHY_MAX]);
