/* SPDX-License-Identifier: GPL-2.0-only */
/* The state part of interface org.scx.Wd40: read-only properties, and the signals. */
#pragma once

#include <systemd/sd-bus.h>

/* Userdata: the struct manager. */
extern const sd_bus_vtable wd40_state_vtable[];
