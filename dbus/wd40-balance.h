/* SPDX-License-Identifier: GPL-2.0-only */
/* The balancer's part of org.scx.Wd40.Statistics: loads, moves, and what it would do now. */
#pragma once

#include <systemd/sd-bus.h>

/* Userdata: the struct manager. */
extern const sd_bus_vtable wd40_balance_vtable[];
