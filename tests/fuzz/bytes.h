/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decisions by a fuzzer's bytes: each takes some, and is 0 where there are no more, so that a shorter input
 * is a simpler run and a changed byte changes one thing.
 */
#pragma once

#include <stdint.h>

#include "util/macro.h"

struct fuzz_bytes {
	const uint8_t *at, *end;
};

/* A number below n; n at most 256. */
static inline uint32_t fuzz_below(struct fuzz_bytes *b, uint32_t n)
{
	return b->at < b->end ? *b->at++ % n : 0;
}

/* A number of so many bytes, at most 8; the lowest comes first. */
static inline uint64_t fuzz_number(struct fuzz_bytes *b, uint32_t bytes)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < bytes; i++)
		number |= (uint64_t)fuzz_below(b, 256) << 8 * i;
	return number;
}

/* One of the elements of an array. */
#define FUZZ_ONE_OF(b, array) ((array)[fuzz_below(b, ARRAY_SIZE(array))])
