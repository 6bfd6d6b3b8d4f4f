/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory in the midst of a run, where an observer can tell nobody that there is none. */
#pragma once

#include <stdlib.h>

#include "tests/native/native.h"

/* Makes an array hold n objects; at may be NULL. Ends the program when there is no memory. */
static inline void *sim_grow(void *at, size_t n, size_t size)
{
	at = reallocarray(at, n, size);
	if (!at)
		native_die("no memory for the figures");
	return at;
}
