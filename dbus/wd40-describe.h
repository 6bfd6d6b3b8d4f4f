/* SPDX-License-Identifier: GPL-2.0-only */
/* The methods of interface org.scx.Wd40 that tell of tunables and of configuration files. */
#pragma once

#include <systemd/sd-bus.h>

/* Userdata: the struct wd40_context. */
extern const sd_bus_vtable wd40_describe_vtable[];
