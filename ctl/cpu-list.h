/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs as the kernel lists them. */
#pragma once

#include "ctl/bus-json.h"

/* "0-3,8" for an ascending array of numbers. Caller frees; NULL: no memory. */
char *cpu_list_text(json_object *cpus);
