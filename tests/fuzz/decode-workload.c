/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "tests/fuzz/decode.h"
#include "tests/sim/workload-model.h"

#define KINDS_MAX     6
#define INSTANCES_MAX 12
#define PHASES_MAX    2
#define EVENTS_MAX    4

static u32 any_us(struct fuzz_bytes *b)
{
	static const u32 times_us[] = { 1,    13,    100,   700,    1000,  3000,
					9000, 20000, 60000, 150000, 900000 };

	return FUZZ_ONE_OF(b, times_us);
}

static void choose_attributes(struct fuzz_bytes *b, const struct sim_machine *m,
			      struct sim_workload *w, struct sim_attributes *a)
{
	static const u32 weights[] = { 1, 15, 100, 335, 1024, 10000 };
	u32 first, nr;

	if (fuzz_below(b, 3) == 1)
		a->weight = FUZZ_ONE_OF(b, weights);
	if (fuzz_below(b, 4) == 1) {
		first = fuzz_below(b, m->nr_cpus);
		nr = 1 + fuzz_below(b, m->nr_cpus);
		for (u32 i = 0; i < nr; i++)
			sim_workload_allow(w, a, m->cpus[(first + i) % m->nr_cpus].id);
	}
	if (fuzz_below(b, 8) == 1) {
		a->memory_mode = MPOL_PREFERRED;
		a->memory_nodes = 1ull << m->node_ids[fuzz_below(b, m->nr_nodes)] % 64;
	}
}

static void add_set(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_workload *w,
		    struct sim_phase *phase)
{
	struct sim_event *e = sim_workload_add_event(w, phase, SIM_SET);

	if (!e)
		return;
	e->ref = fuzz_below(b, w->nr_kinds);
	e->attributes = calloc(1, sizeof(*e->attributes));
	if (!e->attributes) {
		w->failed = true;
		return;
	}
	e->attributes->nice = SIM_NICE_UNSAID;
	choose_attributes(b, m, w, e->attributes);
}

static void add_event(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_workload *w,
		      struct sim_kind *k, struct sim_phase *phase)
{
	switch (fuzz_below(b, 12)) {
	case 0: sim_workload_add_time(w, phase, SIM_RUN, any_us(b)); break;
	case 1: sim_workload_add_time(w, phase, SIM_RUNTIME, any_us(b)); break;
	case 2: sim_workload_add_timer(w, k, phase, "unique", any_us(b)); break;
	case 3: sim_workload_add_event(w, phase, SIM_YIELD); break;
	case 4: sim_workload_add_event(w, phase, SIM_PIN); break;
	case 5: sim_workload_add_event(w, phase, SIM_UNPIN); break;
	case 6: sim_workload_add_named(w, phase, SIM_SUSPEND, "a"); break;
	case 7: sim_workload_add_named(w, phase, SIM_RESUME, "a"); break;
	case 8: sim_workload_add_named(w, phase, SIM_POST, "b"); break;
	case 9: add_set(b, m, w, phase); break;
	default: sim_workload_add_time(w, phase, SIM_SLEEP, any_us(b)); break;
	}
}

/* Each round of a phase takes some time: a task that only steps from one event to the next shows little. */
static void add_phase(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_workload *w,
		      struct sim_kind *k)
{
	static const u32 runs_us[] = { 5000, 900, 300, 25000, 400000, 2000000 };
	struct sim_phase *phase = sim_workload_add_phase(w, k, 1 + (s32)fuzz_below(b, 20));

	if (!phase)
		return;
	sim_workload_add_time(w, phase, SIM_RUN, FUZZ_ONE_OF(b, runs_us));
	for (u32 n = fuzz_below(b, EVENTS_MAX + 1); n; n--)
		add_event(b, m, w, k, phase);
}

static void add_kind(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_workload *w)
{
	static const s32 loops[] = { SIM_ENDLESS, 1, 7 };
	char name[16];
	struct sim_kind *k;

	snprintf(name, sizeof(name), "kind%u", w->nr_kinds);
	k = sim_workload_add_kind(w, name);
	if (!k)
		return;
	k->instances = 1 + fuzz_below(b, INSTANCES_MAX);
	k->delay_ns = fuzz_below(b, 4) == 1 ? any_us(b) * 1000ull : 0;
	k->loop = FUZZ_ONE_OF(b, loops);
	choose_attributes(b, m, w, &k->attributes);
	for (u32 n = 1 + fuzz_below(b, PHASES_MAX); n; n--)
		add_phase(b, m, w, k);
}

int fuzz_workload(struct fuzz_bytes *b, const struct sim_machine *m, struct sim_workload **ret)
{
	u32 nr_cpu_ids = m->cpus[m->nr_cpus - 1].id + 1;
	_cleanup_(sim_workload_freep) struct sim_workload *w = sim_workload_new(nr_cpu_ids);
	int err;

	if (!w)
		return -ENOMEM;
	for (u32 n = 1 + fuzz_below(b, KINDS_MAX); n; n--)
		add_kind(b, m, w);
	err = sim_workload_prepare(w);
	if (err == 0)
		*ret = TAKE_PTR(w);
	return err;
}
