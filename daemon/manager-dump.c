/* SPDX-License-Identifier: GPL-2.0-only */
/* All there is to know, as text for a person who looks for a fault. */
#include <inttypes.h>

#include "daemon/arena.h"
#include "daemon/manager-private.h"

static void dump_state(const struct manager *m, FILE *f)
{
	_cleanup_(freep) char *text = m->topology ? topology_describe(m->topology) : NULL;
	const struct sched_exit *e = manager_last_exit(m);

	fprintf(f, "wd40d %s\nstate: %s\nreason: %s\nrestarts: %u\ngeneration: %" PRIu64 "\n",
		WD40D_VERSION, manager_state_name(m->state), m->full_reason, m->restart_count,
		manager_generation(m));
	fprintf(f, "on trial: %" PRIu64 "\ntopology: %s\n",
		transactions_unconfirmed(m->transactions), text ?: "");
	if (e)
		fprintf(f, "last exit: %s, code %#" PRIx64 ": %s: %s\n",
			sched_exit_kind_name(e->kind), (uint64_t)e->code, e->reason, e->message);
}

static void dump_tunable(const struct manager *m, enum tunable_id id, FILE *f)
{
	struct config_origin origin = config_origin(m->config, id);
	struct tunable_value value = manager_value(m, id);
	_cleanup_(freep) char *text = tunable_format(id, &value);

	fprintf(f, "%s = %s (%s", tunables[id].key, text ?: "?", config_origin_name(&origin));
	if (origin.path)
		fprintf(f, ", %s:%u", origin.path, origin.line);
	if (origin.layer == LAYER_RUNTIME)
		fprintf(f, ", uid %u, %s", origin.uid, origin.unit ?: "no unit");
	fprintf(f, "%s)\n", manager_pending_reattach(m, id) ? ", pending" : "");
}

static const char *const counter_names[] = {
#define X(NAME, field, help) [WD40_CTR_##NAME] = #field,
	WD40_COUNTERS(X)
#undef X
};

static void dump_counters(const struct wd40_shared *shared, FILE *f)
{
	fprintf(f, "tasks: %u\n", shared->tasks.nr_used);
	for (size_t i = 0; i < WD40_NR_COUNTERS; i++)
		fprintf(f, "%s: %" PRIu64 "\n", counter_names[i],
			(uint64_t)arena_counter(shared, i));
}

static void dump_domains(const struct wd40_shared *shared, FILE *f)
{
	for (uint32_t i = 0; i < shared->nr_domains; i++) {
		const struct wd40_domain *d = &shared->domains[i];

		fprintf(f,
			"domain %u: node %u, %u of %u CPUs online, %u tasks, longest wait %llu us\n",
			i, d->node_id, d->nr_online, d->nr_cpus, d->nr_tasks,
			d->max_wait_ns / 1000);
	}
}

void manager_dump(const struct manager *m, FILE *f)
{
	const struct wd40_shared *shared = manager_shared(m);

	dump_state(m, f);
	fputs("\n[tunables]\n", f);
	for (int id = 0; id < NR_TUNABLES; id++)
		dump_tunable(m, id, f);
	if (!shared)
		return;
	fputs("\n[counters]\n", f);
	dump_counters(shared, f);
	fputs("\n[domains]\n", f);
	dump_domains(shared, f);
}
