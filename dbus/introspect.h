/* SPDX-License-Identifier: GPL-2.0-only */
/* Introspection data of our objects, without a bus. */
#pragma once

#include <stdio.h>

/*
 * Writes the XML of our own interfaces, as the daemon shows them on the bus: the installed
 * org.scx.Wd40.xml is this. -EPROTO, -ENOMEM, and the errors of sockets.
 */
int introspect_print(FILE *out);
