/* SPDX-License-Identifier: GPL-2.0-only */
/* The tunables as writable properties of interface org.scx.Wd40. */
#pragma once

#include <systemd/sd-bus.h>

/*
 * One property a row of the table of tunables, made from it at the first call. Userdata: the
 * struct wd40_context.
 */
const sd_bus_vtable *wd40_tunables_vtable(void);
