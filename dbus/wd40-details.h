/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface org.scx.Wd40.Details: what not everybody may know. That is what the kernel said of tasks when
 * it ended the scheduler, and who has set what, from where and why. The method is guarded by the gate; the
 * bus passes the signals on to root alone, as org.scx.Wd40.conf tells it.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "daemon/manager.h"
#include "daemon/sched.h"

#define WD40_DETAILS_INTERFACE "org.scx.Wd40.Details"

extern const sd_bus_vtable wd40_details_vtable[]; /* userdata: the context */

/*
 * Send TunablesChanged or SchedulerExited: with all details on this interface, then for everybody on the
 * main one.
 */
int wd40_send_change(sd_bus *bus, const struct manager *m, const struct tunables_change *change);
int wd40_send_exit(sd_bus *bus, const struct sched_exit *exit, bool will_restart);
