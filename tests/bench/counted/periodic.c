/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * periodic PERIOD_US WORK_US SECONDS [fifo]: a task that is released each period and then runs for so long, as
 * one that plays sound or draws does; with "fifo" a real-time one, which is the floor. Prints how many of a
 * thousand deadlines (the next release) it missed, and the time from release to end. The work is CPU time and
 * not instructions, since the CPUs of a counted machine share one stream of them.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/counted/load.h"

static const char usage[] = "periodic PERIOD_US WORK_US SECONDS [fifo]";

#define STEPS_AT_ONCE (CHUNK_STEPS / 4)

static void run_for(uint64_t work_ns)
{
	uint64_t end_ns = ran_ns() + work_ns;

	while (ran_ns() < end_ns)
		compute(STEPS_AT_ONCE);
}

/* Does the work of each period from start to end; returns how many deadlines were missed. */
static unsigned long play(uint64_t period_ns, uint64_t work_ns, uint64_t end_ns,
			  struct samples *took)
{
	unsigned long missed = 0;
	uint64_t took_ns;

	for (uint64_t release_ns = now_ns(); release_ns < end_ns; release_ns += period_ns) {
		sleep_until(release_ns);
		run_for(work_ns);
		took_ns = now_ns() - release_ns;
		samples_add(took, took_ns);
		for (; took_ns > period_ns; took_ns -= period_ns, missed++)
			release_ns +=
				period_ns; /* what it should have done meanwhile is lost too */
	}
	return missed;
}

int main(int argc, char **argv)
{
	uint64_t period_ns = argument(argv, 1, 1, usage) * NSEC_PER_USEC;
	uint64_t work_ns = argument(argv, 2, 1, usage) * NSEC_PER_USEC;
	uint64_t length_ns = argument(argv, 3, 1, usage) * NSEC_PER_SEC;
	const struct sched_param priority = { .sched_priority = 50 };
	struct samples took;
	unsigned long missed;

	if (argv[4] && strcmp(argv[4], "fifo") == 0)
		check(sched_setscheduler(0, SCHED_FIFO, &priority), "sched_setscheduler");
	samples_begin(&took, length_ns / period_ns + 1);
	missed = play(period_ns, work_ns, now_ns() + length_ns, &took);
	figure("missed_permille", 1000.0 * (double)(missed * period_ns) / (double)length_ns);
	samples_print(&took, "response");
	samples_end(&took);
	return EXIT_SUCCESS;
}
