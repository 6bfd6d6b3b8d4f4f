/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be told of a call before its handler reads it. The message is as before on return. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define CALL_TEXT_MAX  400
#define CALL_BYTES_MAX (64u << 10)

/* Method and arguments as text, for polkit's dialog and rules: as much as fits, however much there is. */
void call_describe(sd_bus_message *m, char ret[CALL_TEXT_MAX + 1]);

/* How much memory the call takes, roughly and rather too much; something above CALL_BYTES_MAX if it is more. */
size_t call_bytes(sd_bus_message *m);

/* Whether the call asks for values to be written to disk: option "persist" is "disk". */
bool call_persists(sd_bus_message *m);
