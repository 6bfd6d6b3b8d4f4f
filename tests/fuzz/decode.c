/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/fuzz/decode.h"

#define MSEC 1000000ull

/* Tunables that BPF or the tuner go by, at the ends of their ranges and between. */
static const char *const settings[] = {
	"slice-us-underutil=20000",
	"slice-us-underutil=3000",
	"slice-us-underutil=100000",
	"slice-us-overutil=1000",
	"slice-us-overutil=100",
	"slice-us-overutil=20000",
	"greedy-threshold=0",
	"greedy-threshold=1",
	"greedy-threshold=3",
	"greedy-threshold-x-numa=0",
	"greedy-threshold-x-numa=1",
	"greedy-threshold-x-numa=4",
	"fifo-sched=yes",
	"fifo-sched=no",
	"direct-greedy-under=0",
	"direct-greedy-under=100",
	"kick-greedy-under=0",
	"kick-greedy-under=50",
	"kick-greedy-under=100",
	"direct-greedy-numa=yes",
	"mempolicy-affinity=yes",
	"load-half-life=0.02",
	"load-half-life=30",
	"load-balance=no",
	"load-balance=yes",
	"tune-interval=0.01",
	"interval=0.1",
	"interval=0.5",
	"kthreads-local=yes",
	"perf=512",
};

/* --- Script. ------------------------------------------------------------------------------------ */

static const struct sim_cpu *any_cpu(struct fuzz_bytes *b, const struct sim_machine *m)
{
	return &m->cpus[fuzz_below(b, m->nr_cpus)];
}

static void choose_action(struct fuzz_bytes *b, const struct sim_machine *m, char text[64])
{
	static const char *const times[] = { "50us", "1ms", "30ms", "400ms", "2s" };
	u32 choice = fuzz_below(b, 256), cpu = any_cpu(b, m)->id;
	u32 last = cpu + choice / 6 % 4; /* neighbours, which may be all of a domain */

	switch (choice % 6) {
	case 0: snprintf(text, 64, "set:%s", FUZZ_ONE_OF(b, settings)); break;
	case 1: snprintf(text, 64, "offline:%u-%u", cpu, last); break;
	case 2: snprintf(text, 64, "online:%u", cpu); break;
	case 3: snprintf(text, 64, "occupy:%u:rt:%s", cpu, FUZZ_ONE_OF(b, times)); break;
	case 4: snprintf(text, 64, "occupy:%u:irq:%s", cpu, FUZZ_ONE_OF(b, times)); break;
	default: snprintf(text, 64, "frequency:%u:%u", cpu, 1 + 4 * fuzz_below(b, 256)); break;
	}
}

int fuzz_script(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_script *ret)
{
	static const u32 pauses_us[] = { 0, 7, 1000, 20000, 100000, 700000 };
	char time[32], action[64], why[SIM_WHY_SIZE];
	u64 at_us = 0;
	int err = 0;

	for (u32 n = fuzz_below(b, 16); n && err == 0; n--) {
		at_us += FUZZ_ONE_OF(b, pauses_us);
		snprintf(time, sizeof(time), "%lluus", at_us);
		choose_action(b, m, action);
		err = sim_script_add(ret, time, action, why);
	}
	return err;
}

/* --- All. --------------------------------------------------------------------------------------- */

int fuzz_decode(const uint8_t *data, size_t size, struct fuzz_case *ret)
{
	static const u64 durations_ms[] = { 100, 300, 1000, 8000 };
	static const u64 ticks_us[] = { 0, 1000, 4000 };
	struct fuzz_bytes b = { data, data + size };
	int err;

	*ret = (struct fuzz_case){ 0 };
	ret->duration_ns = FUZZ_ONE_OF(&b, durations_ms) * MSEC;
	ret->tick_ns = FUZZ_ONE_OF(&b, ticks_us) * 1000;
	for (u32 i = 0, n = fuzz_below(&b, FUZZ_SETTINGS_MAX + 1); i < n; i++)
		ret->settings[i] = FUZZ_ONE_OF(&b, settings);
	err = fuzz_machine(&b, &ret->machine);
	if (err == 0)
		err = fuzz_script(&b, ret->machine, &ret->script);
	if (err == 0)
		err = fuzz_workload(&b, ret->machine, &ret->workload);
	if (err < 0)
		fuzz_case_done(ret);
	return err;
}

void fuzz_case_done(struct fuzz_case *c)
{
	sim_script_done(&c->script);
	sim_workload_free(c->workload);
	sim_machine_free(c->machine);
	*c = (struct fuzz_case){ 0 };
}
