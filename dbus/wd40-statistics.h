/* SPDX-License-Identifier: GPL-2.0-only */
/* Interface org.scx.Wd40.Statistics: snapshots, and the main numbers as single properties. */
#pragma once

#include <systemd/sd-bus.h>

#include "bpf/shared.h"

#define WD40_STATISTICS_INTERFACE "org.scx.Wd40.Statistics"

/* One property a counter of bpf/shared.h, made at the first call. Userdata: the struct manager. */
const sd_bus_vtable *wd40_counters_vtable(void);
const char *wd40_counter_name(enum wd40_counter counter); /* of that property */

/* GetStatistics, GetMetadata, ResetStatistics. Userdata: the struct wd40_context. */
extern const sd_bus_vtable wd40_statistics_vtable[];
