/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be told of a call before its handler reads it. The message is as before on return. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Method and arguments as text, for polkit's dialog and rules. Caller frees; NULL: no memory. */
char *call_describe(sd_bus_message *m);

/* Whether the call asks for values to be written to disk: option "persist" is "disk". */
bool call_persists(sd_bus_message *m);
