/* SPDX-License-Identifier: GPL-2.0-only */
/* The native kernel booted with a machine. */
#include <stdlib.h>

#include "tests/sim/machine.h"

void sim_machine_boot(const struct sim_machine *m, const struct topology *t, u32 tasks_max,
		      u64 tick_ns)
{
	_cleanup_(freep) struct native_cpu_shape *cpus = calloc(t->nr_cpu_ids, sizeof(*cpus));
	struct native_machine machine = { t->nr_cpu_ids, cpus, tasks_max, tick_ns };

	if (!cpus)
		native_die("out of memory");
	for (u32 i = 0; i < m->nr_cpus; i++) {
		const struct sim_cpu *c = &m->cpus[i];

		cpus[c->id] = (struct native_cpu_shape){ true, c->online, c->core, c->capacity };
	}
	native_boot_machine(&machine, t);
}

bool sim_is_online(u32 cpu)
{
	return native.online[cpu / WD40_BITS_PER_WORD] >> cpu % WD40_BITS_PER_WORD & 1;
}
