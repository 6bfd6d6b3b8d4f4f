/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/sim/run-busy.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/native/native.h"
#include "tests/sim/machine.h"

#define TICK_NS (10ull * 1000 * 1000) /* USER_HZ */
#define UNKNOWN (-1.0)

struct reading {
	u64 busy, idle; /* ticks */
	bool known;     /* it was online then */
};

struct busy_meter {
	u32 nr_cpus;
	struct reading *last;
	double *busy_pct;
};

/* Where no tick has passed the share stays. */
static void read_cpu(struct busy_meter *b, u32 cpu)
{
	u64 busy_ns = native_busy_ns((s32)cpu);
	struct reading *last = &b->last[cpu],
		       now = { busy_ns / TICK_NS, (native.now_ns - busy_ns) / TICK_NS, true };
	u64 busy = now.busy - last->busy, idle = now.idle - last->idle;

	if (last->known && busy + idle)
		b->busy_pct[cpu] = 100.0 * (double)busy / (double)(busy + idle);
	*last = now;
}

void busy_meter_update(struct busy_meter *b)
{
	for (u32 cpu = 0; cpu < b->nr_cpus; cpu++) {
		if (sim_is_online(cpu)) {
			read_cpu(b, cpu);
			continue;
		}
		b->last[cpu].known = false;
		b->busy_pct[cpu] = UNKNOWN;
	}
}

const double *busy_meter_pct(const struct busy_meter *b)
{
	return b->busy_pct;
}

int busy_meter_new(struct busy_meter **ret)
{
	_cleanup_(busy_meter_freep) struct busy_meter *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->nr_cpus = native.nr_cpu_ids;
	b->last = calloc(b->nr_cpus, sizeof(b->last[0]));
	b->busy_pct = calloc(b->nr_cpus, sizeof(b->busy_pct[0]));
	if (!b->last || !b->busy_pct)
		return -ENOMEM;
	for (u32 cpu = 0; cpu < b->nr_cpus; cpu++)
		b->busy_pct[cpu] = UNKNOWN;
	busy_meter_update(b);
	*ret = TAKE_PTR(b);
	return 0;
}

struct busy_meter *busy_meter_free(struct busy_meter *b)
{
	if (!b)
		return NULL;
	free(b->last);
	free(b->busy_pct);
	free(b);
	return NULL;
}
