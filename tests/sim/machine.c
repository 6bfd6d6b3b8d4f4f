/* SPDX-License-Identifier: GPL-2.0-only */
/* Machines as values: loading by name, and the native kernel's view of one. */
#include "tests/sim/machine.h"

#include <stdlib.h>

struct sim_machine *sim_machine_free(struct sim_machine *m)
{
	if (!m)
		return NULL;
	free(m->name);
	free(m->cpus);
	free(m->node_ids);
	free(m->distances);
	free(m);
	return NULL;
}
