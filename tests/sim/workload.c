/* SPDX-License-Identifier: GPL-2.0-only */
/* Workloads by name, and the weights of nice values. */
#include <string.h>
#include <sys/stat.h>

#include "tests/sim/generator.h"
#include "tests/sim/rtapp.h"
#include "util/macro.h"

/* sched_prio_to_weight of kernel/sched/core.c, whose 1024 is 100 in sched_ext. */
u32 sim_weight_of_nice(s32 nice)
{
	static const u32 weights[] = {
		88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
		9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,
		1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,
		110,   87,    70,    56,    45,    36,    29,    23,    18,    15,
	};

	_Static_assert(ARRAY_SIZE(weights) == 40, "nice -20 to 19");
	return (weights[nice + 20] * 100 + 512) / 1024;
}

/* The number of CPU ids, as the native kernel counts them. */
static u32 nr_cpu_ids(const struct sim_machine *m)
{
	return m->cpus[m->nr_cpus - 1].id + 1;
}

static bool is_file(const char *name)
{
	struct stat status;

	return strchr(name, '/') || stat(name, &status) == 0;
}

static int read_file(const char *path, const struct sim_machine *m, char why[256],
		     struct sim_workload *w)
{
	char what[256] = "";
	int err = sim_rtapp_read(path, m, what, w);

	if (err)
		snprintf(why, 256, "%.80s: %.170s", path, what);
	return err;
}

int sim_workload_load(const char *name, const struct sim_machine *m, u64 seed, char why[256],
		      struct sim_workload **ret)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = sim_workload_new(nr_cpu_ids(m));
	int err;

	if (!w)
		return -ENOMEM;
	if (is_file(name))
		err = read_file(name, m, why, w);
	else
		err = sim_generate(name, m, seed, why, w);
	err = err ?: sim_workload_prepare(w);
	if (!err)
		*ret = TAKE_PTR(w);
	return err;
}

u32 sim_workload_nr_kinds(const struct sim_workload *w)
{
	return w->nr_kinds;
}
