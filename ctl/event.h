/* SPDX-License-Identifier: GPL-2.0-only */
/* Events as JSON objects, and those as lines for a person. Pure. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "ctl/bus-json.h"

/*
 * An event at that moment (CLOCK_REALTIME) with the values of a signal, as bus_json_read_all gives them,
 * under their names:
 *
 *	TunablesChanged    generation, values, origin; uid, caller, reason
 *	TunablesReverted   generation, cause
 *	SchedulerExited    kind, code, reason, will_restart; message
 *	PropertiesChanged  interface, changed, invalidated
 *	InterfacesAdded    path, interfaces
 *	InterfacesRemoved  path, interfaces
 *
 * What stands behind a semicolon is there for those alone who may know it. Another signal has its values as
 * "values". Who knows more adds it: user of TunablesChanged; path of PropertiesChanged, where it is not the
 * daemon's main object. NULL: no memory.
 */
json_object *event_new(const char *name, uint64_t time_usec, json_object *values);

/* Prints an event as one line. */
void event_print(FILE *f, json_object *event);
