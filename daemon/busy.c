/* SPDX-License-Identifier: GPL-2.0-only */
/* How busy each CPU was lately. */
#include "daemon/busy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bpf/idle.h"
#include "bpf/ravg.h"

#define UNKNOWN (-1.0)

struct reading {
	u64 idle_ns;
	bool known; /* it was online then */
};

struct busy_meter {
	uint32_t nr_cpus;
	u64 clock_ns; /* of the last reading, 0 = none yet */
	struct reading *last;
	double *busy_pct;
	struct busy_time time;
};

/* CPUs' clocks differ a little, so idle may be seen to go back, or to be longer than what has passed. */
static u64 busy_ns(u64 from_idle_ns, u64 to_idle_ns, u64 passed_ns)
{
	u64 idle_ns = to_idle_ns > from_idle_ns ? to_idle_ns - from_idle_ns : 0;

	return passed_ns > idle_ns ? passed_ns - idle_ns : 0;
}

static void count_time(struct busy_meter *b, uint32_t cpu, u64 busy, u64 passed_ns)
{
	b->busy_pct[cpu] = 100.0 * (double)busy / (double)passed_ns;
	b->time.busy_ns += busy;
	b->time.all_ns += passed_ns;
}

static void read_cpu(struct busy_meter *b, const struct wd40_cpu *c, uint32_t cpu, u64 now_ns)
{
	u64 word = __atomic_load_n(&c->idle, __ATOMIC_RELAXED), passed_ns = now_ns - b->clock_ns;
	struct reading *last = &b->last[cpu], now = {
		.idle_ns = idle_read_ns(word, now_ns),
		.known = __atomic_load_n(&c->online, __ATOMIC_RELAXED),
	};

	if (now.known && last->known)
		count_time(b, cpu, busy_ns(last->idle_ns, now.idle_ns, passed_ns), passed_ns);
	else
		b->busy_pct[cpu] = UNKNOWN;
	*last = now;
}

void busy_meter_update(struct busy_meter *b, const struct wd40_shared *shared)
{
	u64 now_ns = wd40_clock_ns(shared);

	if (now_ns < b->clock_ns + BUSY_READING_MIN_NS)
		return;
	for (uint32_t cpu = 0; cpu < b->nr_cpus; cpu++)
		read_cpu(b, &shared->cpus[cpu], cpu, now_ns);
	b->clock_ns = now_ns;
}

struct busy_time busy_meter_time(const struct busy_meter *b)
{
	return b->time;
}

const double *busy_meter_pct(const struct busy_meter *b)
{
	return b->busy_pct;
}

int busy_meter_new(uint32_t nr_cpus, struct busy_meter **ret)
{
	_cleanup_(busy_meter_freep) struct busy_meter *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->nr_cpus = nr_cpus;
	b->last = calloc(nr_cpus, sizeof(b->last[0]));
	b->busy_pct = calloc(nr_cpus, sizeof(b->busy_pct[0]));
	if (!b->last || !b->busy_pct)
		return -ENOMEM;
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		b->busy_pct[cpu] = UNKNOWN;
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
