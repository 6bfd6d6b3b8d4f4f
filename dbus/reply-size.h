/* SPDX-License-Identifier: GPL-2.0-only */
/* How large replies may be, which is counted before they are made (dbus/credit.h). */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "daemon/topology.h"

/* Bytes of the reply to a call, at most; t is NULL while nothing is attached. */
uint32_t reply_size_max(sd_bus_message *call, const struct topology *t);
