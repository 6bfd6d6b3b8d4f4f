// SPDX-License-Identifier: GPL-2.0-only
/* The oracles' beginning and end, whom an event goes to, and the text of a violation. */
#include "tests/sim/oracle.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "tests/sim/oracle-private.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define KIND(suffix) (1u << NATIVE_EVENT_##suffix)
#define ANY_KIND     (~0u)

/*
 * In this order at each event of their kinds. Those behind the model judge what the event led to. What is
 * wd40's own can be asked of wd40 only.
 */
static const struct {
	void (*event)(struct sim_oracles *o, const struct native_event *e);
	u32 kinds;
	bool of_wd40;
} oracles[] = {
	{ oracle_queue_event, KIND(QUEUE), false },
	{ oracle_model, ANY_KIND, false },
	{ oracle_arena_event, ANY_KIND, true },
	{ oracle_config_event, ANY_KIND, true },
	{ oracle_move_event, ANY_KIND, true },
	{ oracle_wait_event, KIND(QUEUE) | KIND(RUN) | KIND(SETTLED), true },
	{ oracle_share_event, ANY_KIND, true },
	{ oracle_idle_event, KIND(SETTLED), true },
	{ oracle_serve_event, KIND(SETTLED), true },
};

/* What looks at everything. */
static const struct {
	void (*sweep)(struct sim_oracles *o);
	bool of_wd40;
} sweeps[] = {
	{ oracle_queue_sweep, false },
	{ oracle_arena_sweep, true },
	{ oracle_idle_sweep, true },
	{ oracle_serve_sweep, true },
};

void peak_raise(struct peak *p, u64 value)
{
	u64 epoch = native.now_ns / PEAK_EPOCH_NS;

	if (epoch != p->epoch) {
		p->before = epoch == p->epoch + 1 ? p->now : 0;
		p->now = 0;
		p->epoch = epoch;
	}
	if (value > p->now)
		p->now = value;
}

/* --- Violations. -------------------------------------------------------------------------------- */

static void print_task(const struct oracle_task *t, FILE *to)
{
	static const char *const states[] = { "asleep", "awake but nowhere", "waiting", "running" };

	fprintf(to, "task %d: weight %u, %s, last on cpu %d, ran %.6f ms\n", t->p->pid,
		t->p->scx.weight, states[t->state], t->cpu, t->ran_ns / 1e6);
	history_print(&t->history, to);
}

static void print_cpu(const struct oracle_cpu *c, s32 cpu, FILE *to)
{
	fprintf(to, "cpu %d: %s\n", cpu, c->running ? "running" : c->idle ? "idle" : "not running");
	history_print(&c->history, to);
}

void oracle_fail(struct sim_oracles *o, const char *oracle, const struct oracle_task *t, s32 cpu,
		 const char *format, ...)
{
	size_t size;
	va_list args;
	FILE *to;

	if (o->oracle)
		return;
	o->oracle = oracle;
	to = open_memstream(&o->violation, &size);
	if (!to)
		return;
	fprintf(to, "violation of %s: seed %llu, at %llu ns: ", oracle, o->context.seed,
		native.now_ns);
	va_start(args, format);
	vfprintf(to, format, args);
	va_end(args);
	fputc('\n', to);
	if (t)
		print_task(t, to);
	if (cpu >= 0)
		print_cpu(&o->cpus[cpu], cpu, to);
	fclose(to);
}

const char *sim_oracles_violation(const struct sim_oracles *o)
{
	if (!o->oracle)
		return NULL;
	return o->violation ?: o->oracle; /* without memory for the text the name must do */
}

const char *sim_oracles_violated(const struct sim_oracles *o)
{
	return o->oracle;
}

/* --- Events. ------------------------------------------------------------------------------------ */

/* Is wd40 to be judged? One that has asked to be attached anew serves nobody any more, the kernel does. */
static bool judges_wd40(const struct sim_oracles *o)
{
	return o->context.is_wd40 && !native.exit_code;
}

void sim_oracles_check_all(struct sim_oracles *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(sweeps) && !o->oracle; i++)
		if (!sweeps[i].of_wd40 || judges_wd40(o))
			sweeps[i].sweep(o);
	o->swept_seq = o->seq;
}

/* So many things are looked at. */
static u64 sweep_size(const struct sim_oracles *o)
{
	return o->nr_all + native.nr_cpu_ids + shared.nr_domains;
}

static void record(struct sim_oracles *o, const struct native_event *e)
{
	struct oracle_task *t = oracle_task(e->p);

	if (t)
		history_record(&t->history, e);
	if ((u32)e->cpu < native.nr_cpu_ids)
		history_record(&o->cpus[e->cpu].history, e);
}

static void see(struct native_observer *observer, const struct native_event *e)
{
	struct sim_oracles *o = (struct sim_oracles *)observer;

	o->seq++;
	record(o, e);
	for (size_t i = 0; i < ARRAY_SIZE(oracles) && !o->oracle; i++)
		if (oracles[i].kinds >> e->kind & 1 && (!oracles[i].of_wd40 || judges_wd40(o)))
			oracles[i].event(o, e);
	if (e->kind != NATIVE_EVENT_SETTLED || o->oracle)
		return;
	if (o->seq - o->swept_seq >= SWEEP_EVENTS * sweep_size(o))
		sim_oracles_check_all(o);
	while (o->nr_touched)
		o->domains[o->touched[--o->nr_touched]].touched = false;
}

/* --- Begin and end. ----------------------------------------------------------------------------- */

int sim_oracles_new(const struct sim_context *context, struct sim_oracles **ret)
{
	struct sim_oracles *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->context = *context;
	o->cpus = calloc(native.nr_cpu_ids, sizeof(o->cpus[0]));
	o->domains = calloc(shared.nr_domains, sizeof(o->domains[0]));
	o->touched = calloc(shared.nr_domains, sizeof(o->touched[0]));
	o->idled = calloc(native.nr_cpu_ids, sizeof(o->idled[0]));
	o->sums = calloc(shared.nr_domains, sizeof(o->sums[0]));
	if (!o->cpus || !o->domains || !o->touched || !o->idled || !o->sums ||
	    oracle_idle_init(o) < 0) {
		sim_oracles_free(o);
		return -ENOMEM;
	}
	TAILQ_INIT(&o->all);
	TAILQ_INIT(&o->waiting);
	o->used_before = shared.tasks.nr_used;
	o->config = shared.config_current;
	o->tune = shared.tune_current;
	o->share_since = native.now_ns;
	for (u32 cpu = 0; cpu < native.nr_cpu_ids; cpu++)
		if (native.cpus[cpu].idle)
			oracle_model_idle(o, (s32)cpu, true);
	o->observer.event = see;
	native_observe(&o->observer);
	*ret = o;
	return 0;
}

void sim_oracles_finish(struct sim_oracles *o)
{
	sim_oracles_check_all(o);
	if (!o->oracle && o->nr_all)
		oracle_fail(o, "end", TAILQ_FIRST(&o->all), -1,
			    "expected that all tasks have left, found %u", o->nr_all);
	if (!o->oracle && o->context.is_wd40)
		oracle_arena_finish(o);
}

/* Tasks may be freed before or after. */
struct sim_oracles *sim_oracles_free(struct sim_oracles *o)
{
	struct oracle_task *t;

	if (!o)
		return NULL;
	if (o->observer.event)
		native_unobserve(&o->observer);
	while ((t = TAILQ_FIRST(&o->all))) {
		TAILQ_REMOVE(&o->all, t, all);
		free(t);
	}
	free(o->cpus);
	free(o->domains);
	free(o->touched);
	free(o->idled);
	free(o->sums);
	free(o->near);
	free(o->violation);
	free(o);
	return NULL;
}
