/* SPDX-License-Identifier: GPL-2.0-only */
/* Begin and end of a workload's run. */
#include <string.h>

#include "tests/sim/workload-run.h"

DEFINE_CLEANUP(struct workload_run, workload_run_free)

/* As rt-app does: each event that names it, in each instance. */
static u32 count_users(const struct sim_workload *w, u32 barrier)
{
	u32 users = 0;

	for (u32 k = 0; k < w->nr_kinds; k++)
		for (u32 i = 0; i < w->kinds[k]->nr_phases; i++) {
			const struct sim_phase *phase = w->kinds[k]->phases[i];

			for (u32 e = 0; e < phase->nr_events; e++)
				if (phase->events[e].kind == SIM_BARRIER &&
				    phase->events[e].ref == barrier)
					users += w->kinds[k]->instances;
		}
	return users;
}

static u32 most_unique_timers(const struct sim_workload *w)
{
	u32 most = 0;

	for (u32 k = 0; k < w->nr_kinds; k++)
		if (w->kinds[k]->timers.nr > most)
			most = w->kinds[k]->timers.nr;
	return most;
}

/* An empty table has an element too, so that only a lack of memory gives NULL. */
static void *table(u32 nr, size_t size)
{
	return calloc(nr ?: 1, size);
}

int sim_workload_prepare(struct sim_workload *w)
{
	_cleanup_(workload_run_freep) struct workload_run *run =
		w->failed ? NULL : table(1, sizeof(*run));

	if (!run)
		return -ENOMEM;
	run->workload = w;
	run->observer.event = sim_task_event;
	run->task_size = sizeof(struct sim_task) + most_unique_timers(w) * sizeof(struct sim_timer);
	run->all_cpus = table(WD40_WORDS(w->nr_cpu_ids), sizeof(long));
	run->timers = table(w->timers.nr, sizeof(*run->timers));
	run->mutexes = table(w->mutexes.nr, sizeof(*run->mutexes));
	run->conditions = table(w->conditions.nr, sizeof(*run->conditions));
	run->barriers = table(w->barriers.nr, sizeof(*run->barriers));
	run->pipes = table(w->pipes.nr, sizeof(*run->pipes));
	run->alive = table(w->nr_kinds, sizeof(struct sim_task *));
	if (!run->all_cpus || !run->timers || !run->mutexes || !run->conditions || !run->barriers ||
	    !run->pipes || !run->alive)
		return -ENOMEM;
	for (u32 cpu = 0; cpu < w->nr_cpu_ids; cpu++)
		run->all_cpus[cpu / WD40_BITS_PER_WORD] |= 1ul << cpu % WD40_BITS_PER_WORD;
	for (u32 i = 0; i < w->barriers.nr; i++)
		run->barriers[i].missing = (count_users(w, i) ?: 1) - 1;
	w->run = TAKE_PTR(run);
	return 0;
}

void sim_workload_start(struct sim_workload *w)
{
	if (native.nr_cpu_ids != w->nr_cpu_ids)
		native_die("the workload is for %u CPU ids", w->nr_cpu_ids);
	w->run->started_ns = native.now_ns;
	native_observe(&w->run->observer);
	for (u32 k = 0; k < w->nr_kinds; k++)
		for (u32 i = 0; i < w->kinds[k]->instances; i++)
			sim_task_fork(w->run, w->kinds[k], NULL);
}

struct workload_run *workload_run_free(struct workload_run *run)
{
	if (!run)
		return NULL;
	for (u32 k = 0; run->alive && k < run->workload->nr_kinds; k++)
		for (struct sim_task *t = run->alive[k]; t; t = t->after)
			native_task_free(t->p);
	for (struct sim_task *t = run->dead; t; t = t->next)
		native_task_free(t->p);
	for (u32 i = 0; i < run->nr_slabs; i++)
		free(run->slabs[i]);
	free(run->slabs);
	free(run->all_cpus);
	free(run->timers);
	free(run->mutexes);
	free(run->conditions);
	free(run->barriers);
	free(run->pipes);
	free(run->alive);
	free(run);
	return NULL;
}
