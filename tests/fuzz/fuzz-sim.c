/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer's target: runs what its bytes decode to. A violation of an oracle is a crash, after the run
 * has been made smaller and printed for sim.
 */
#include <stdlib.h>

#include "tests/fuzz/decode.h"
#include "tests/sim/shrink.h"

#define SHRINK_RUNS 150

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(const struct sim_run *run, const struct sim_result *result)
{
	_cleanup_(sim_shrunk_done) struct sim_shrunk shrunk = { 0 };

	fputs(result->violation, stderr);
	if (sim_shrink(run, result->violation, SHRINK_RUNS, 0, &shrunk) == 0)
		sim_shrunk_print(&shrunk, run, stderr);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(fuzz_case_done) struct fuzz_case c;
	_cleanup_(sim_result_done) struct sim_result result = { 0 };
	struct sim_run run;

	if (fuzz_decode(data, size, &c) < 0)
		return -1; /* nothing for the corpus */
	run = (struct sim_run){
		.machine = c.machine,
		.workload = c.workload,
		.settings = c.settings,
		.script = c.script.nr ? &c.script : NULL,
		.scheduler = sim_scheduler_find(WD40_OPS_NAME),
		.seed = 1,
		.duration_ns = c.duration_ns,
		.tick_ns = c.tick_ns,
		.tasks_max = 1000,
	};
	if (sim_run(&run, &result) < 0)
		return -1;
	if (result.violation)
		report(&run, &result);
	return 0;
}
