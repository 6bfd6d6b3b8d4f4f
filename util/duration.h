/* SPDX-License-Identifier: GPL-2.0-only */
/* Durations as people write and read them. */
#pragma once

#include <stdint.h>

#define DURATION_MAX 32

/*
 * Microseconds from text like "1.5s", "500ms", "2min 30s" or "1h"; a number alone is seconds. What is less
 * than a microsecond is dropped. -EINVAL (no such text), -ERANGE (more than 64 bits hold).
 */
int duration_parse(const char *text, uint64_t *ret_usec);

/* Writes a duration to be read by a person: its two largest units, "1h 5min", "4.2s", "300ms". */
const char *duration_format(uint64_t usec, char text[DURATION_MAX]);
