/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's connection to the system bus, driven by our loop: connects, exports the objects,
 * takes the name, and does all of it again, with back-off, whenever the bus was not there or went
 * away. Nothing here ever stops scheduling.
 */
#pragma once

#include <stdbool.h>

#include "daemon/loop.h"
#include "daemon/manager.h"

#define WD40_BUS_NAME "org.scx.Wd40"

struct bus;

/* Called once: the name is ours, or the first attempt to get it has failed. */
typedef void (*bus_settled_fn)(void *userdata);

/*
 * Begins to connect: to the system bus, or with an address, which is borrowed like the manager, to the bus
 * there. Uses the loop's prepare hook. Only -ENOMEM and the loop's errors: an absent bus is none.
 */
int bus_new(struct loop *loop, struct manager *m, const char *address, bus_settled_fn settled,
	    void *userdata, struct bus **ret);
struct bus *bus_free(struct bus *b);

/* What the manager's listener passes on. A NULL bus is allowed and hears nothing. */
void bus_state_changed(struct bus *b);
void bus_tunables_changed(struct bus *b, const struct tunables_change *change);
void bus_tunables_reverted(struct bus *b, uint64_t generation, enum revert_cause cause);
void bus_scheduler_exited(struct bus *b, const struct sched_exit *exit, bool will_restart);
