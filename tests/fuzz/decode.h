/* SPDX-License-Identifier: GPL-2.0-only */
/* From a fuzzer's bytes to a run of the simulator. */
#pragma once

#include "tests/fuzz/bytes.h"
#include "tests/sim/run.h"

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
