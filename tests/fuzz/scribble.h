/* SPDX-License-Identifier: GPL-2.0-only */
/* Anything in what BPF writes into the arena. */
#pragma once

#include "bpf/shared.h"
#include "tests/fuzz/bytes.h"

/* Writes some bytes somewhere; of the slab's tasks only the first so many may be touched. */
void scribble(struct wd40_shared *shared, uint32_t tasks_max, struct fuzz_bytes *in);

/* Likewise, before the table of moves: also over what the daemon laid out for good. */
void scribble_anywhere(struct wd40_shared *shared, struct fuzz_bytes *in);
