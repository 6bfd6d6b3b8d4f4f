/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a fuzzer's bytes to a run of the simulator: each decision takes a byte, and 0 where there are no
 * more, so that a shorter input is a simpler run and a changed byte changes one thing.
 */
#pragma once

#include "tests/sim/run.h"
#include "util/macro.h"

struct fuzz_bytes {
	const uint8_t *at, *end;
};

/* A number below n; n at most 256. */
static inline uint32_t fuzz_below(struct fuzz_bytes *b, uint32_t n)
{
	return b->at < b->end ? *b->at++ % n : 0;
}

/* One of the elements of an array. */
#define FUZZ_ONE_OF(b, array) ((array)[fuzz_below(b, ARRAY_SIZE(array))])

#define FUZZ_SETTINGS_MAX 6

/* What is made of the bytes; fuzz_case_done frees it. */
struct fuzz_case {
	struct sim_machine *machine;
	struct sim_workload *workload;
	const char *settings[FUZZ_SETTINGS_MAX + 1]; /* constants */
	struct sim_script script;
	uint64_t duration_ns, tick_ns;
};

/* -EINVAL: the bytes make nothing that can be; -ENOMEM. */
int fuzz_decode(const uint8_t *data, size_t size, struct fuzz_case *ret);
void fuzz_case_done(struct fuzz_case *c);

/* Its parts. */
int fuzz_machine(struct fuzz_bytes *b, struct sim_machine **ret);
int fuzz_workload(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_workload **ret);
int fuzz_script(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_script *ret);
