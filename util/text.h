/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts from users, for the log, D-Bus and terminals. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies whole characters, as many as fit into size bytes with the NUL. What is no valid UTF-8, and each
 * control character, becomes a '?'. to may be from.
 */
void text_copy_printable(char *to, size_t size, const char *from);

/* Whether it is valid UTF-8: D-Bus takes no other text. */
bool text_is_utf8(const char *text);
