// SPDX-License-Identifier: GPL-2.0-only
/*
 * What events mean for tasks and domains. It goes by events alone, so it is the same for all
 * schedulers, with one exception: a task of wd40 weighs in the domain that wd40 counts it in, another
 * one in that of its CPU.
 */
#include "daemon/topology.h"
#include "tests/sim/report-internal.h"
#include "tests/sim/report-memory.h"
#include "tests/sim/workload.h"

#define CPU_CAPACITY 1024.0

/* --- Begin and end of a task. ------------------------------------------------------------------- */

static u32 mask_of(struct sim_report *r, const struct task_struct *p)
{
	return mask_table_id(r->masks, p->cpus_ptr->bits);
}

static struct task_figures *join(struct sim_report *r, struct task_struct *p)
{
	struct task_figures *t = sim_grow(NULL, 1, sizeof(*t));

	*t = (struct task_figures){
		.p = p,
		.older = r->tasks,
		.kind = kinds_get(&r->kinds, sim_task_name(p)),
		.mask = mask_of(r, p),
		.last_cpu = NO_CPU,
		.running_on = NO_CPU,
		.woken_from = NO_CPU,
		.domain = WD40_NO_DOMAIN,
		.share.born_ns = native.now_ns,
	};
	t->share.class = ideal_class(r->ideal, t->mask, p->scx.weight);
	if (r->tasks)
		r->tasks->newer = t;
	r->tasks = t;
	p->native.figures = t;
	t->kind->nr_tasks++;
	r->nr_joined++;
	return t;
}

/* A task that was there before the report is met at its first event. */
static struct task_figures *figures_of(struct sim_report *r, struct task_struct *p)
{
	return p->native.figures ?: join(r, p);
}

static void leave(struct sim_report *r, struct task_figures *t)
{
	fairness_judge(&r->fairness, t->share, r->ideal, native.now_ns);
	if (t->older)
		t->older->newer = t->newer;
	if (t->newer)
		t->newer->older = t->older;
	else
		r->tasks = t->older;
	t->p->native.figures = NULL;
	r->nr_left++;
	free(t);
}

/* --- Where a task counts. ----------------------------------------------------------------------- */

static u32 domain_of(const struct sim_report *r, const struct task_struct *p)
{
	const struct wd40_task *context = NULL;

	if (r->context.is_wd40 && p->native.storage)
		context = *(struct wd40_task **)p->native.storage;
	if (context && context->domain < r->balance.nr_domains)
		return context->domain;
	return r->context.topology->cpus[p->native.cpu].domain;
}

/* Brings the sums of domains to what the task is now. */
static void count(struct sim_report *r, struct task_figures *t)
{
	u32 domain = t->share.wants_run ? domain_of(r, t->p) : WD40_NO_DOMAIN;
	u32 weight = t->p->scx.weight;

	if (domain == t->domain && weight == t->weight && t->waits == t->counted_as_waiting)
		return;
	if (t->domain != WD40_NO_DOMAIN)
		balance_add(&r->balance, t->domain, -(s64)t->weight, -t->counted_as_waiting,
			    native.now_ns);
	if (domain != WD40_NO_DOMAIN)
		balance_add(&r->balance, domain, weight, t->waits, native.now_ns);
	t->domain = domain;
	t->weight = weight;
	t->counted_as_waiting = t->waits;
}

/* --- Waits. ------------------------------------------------------------------------------------- */

static void begin_wait(struct sim_report *r, struct task_figures *t, enum wait_kind kind)
{
	if (t->waits)
		return;
	t->waits = true;
	t->waits_since = native.now_ns;
	t->wait_kind = kind;
	idle_watch_wait(r->idle, t->mask, true);
}

static void end_wait(struct sim_report *r, struct task_figures *t)
{
	if (!t->waits)
		return;
	t->waits = false;
	idle_watch_wait(r->idle, t->mask, false);
}

static void record_wait(struct sim_report *r, struct task_figures *t, u64 waited_ns)
{
	histogram_add(&r->waits, waited_ns);
	histogram_add(&r->waits_of[t->wait_kind], waited_ns);
	histogram_add(&t->kind->waits, waited_ns);
	balance_add_wait(&r->balance, waited_ns);
}

/* --- Events of tasks. --------------------------------------------------------------------------- */

static void wake(struct sim_report *r, struct task_figures *t, const struct native_event *e)
{
	bool by_task = e->cpu >= 0 && native.cpus[e->cpu].running;

	t->woken_from = by_task ? e->cpu : NO_CPU;
	fair_share_set_wants_run(&t->share, r->ideal, true, native.now_ns);
	begin_wait(r, t, WAIT_WAKEUP);
}

static void count_migration(struct sim_report *r, s32 from, s32 to)
{
	const struct topology_cpu *cpus = r->context.topology->cpus;

	if (from == NO_CPU || from == to)
		return;
	r->migrated_cpus++;
	r->migrated_domains += cpus[from].domain != cpus[to].domain;
	r->migrated_nodes += cpus[from].node != cpus[to].node;
}

static void run(struct sim_report *r, struct task_figures *t, const struct native_event *e)
{
	fair_share_set_wants_run(&t->share, r->ideal, true, native.now_ns);
	record_wait(r, t, e->value);
	if (r->trace && t->wait_kind == WAIT_WAKEUP && t->woken_from != NO_CPU)
		sim_trace_arrow(r->trace, t->woken_from, native.now_ns - e->value, e->cpu);
	end_wait(r, t);
	count_migration(r, t->last_cpu, e->cpu);
	t->last_cpu = t->running_on = e->cpu;
	report_count_work(r, (s32)native.cpus[e->cpu].capacity);
	t->running_since = native.now_ns;
}

void report_count_run(struct sim_report *r, struct task_figures *t)
{
	u64 ran_ns = native.now_ns - t->running_since;

	r->ran_ns += ran_ns;
	t->kind->ran_ns += ran_ns;
	t->share.got_ns += (double)ran_ns * native.cpus[t->running_on].capacity / CPU_CAPACITY;
	t->running_since = native.now_ns;
}

void report_count_work(struct sim_report *r, s32 capacity)
{
	r->work_ns += r->capacity_busy / CPU_CAPACITY * (double)(native.now_ns - r->worked_at);
	r->worked_at = native.now_ns;
	r->capacity_busy += (u32)capacity;
}

static void stop(struct sim_report *r, struct task_figures *t, const struct native_event *e)
{
	if (t->running_on != NO_CPU) {
		report_count_run(r, t);
		report_count_work(r, -(s32)native.cpus[t->running_on].capacity);
	}
	t->running_on = NO_CPU;
	if (e->value)
		begin_wait(r, t, WAIT_PUT);
}

static void sleep_or_die(struct sim_report *r, struct task_figures *t)
{
	end_wait(r, t);
	fair_share_set_wants_run(&t->share, r->ideal, false, native.now_ns);
}

static void change(struct sim_report *r, struct task_figures *t)
{
	u32 mask = mask_of(r, t->p);

	if (t->waits && mask != t->mask) {
		idle_watch_wait(r->idle, t->mask, false);
		idle_watch_wait(r->idle, mask, true);
	}
	t->mask = mask;
	fair_share_set_class(&t->share, r->ideal, ideal_class(r->ideal, mask, t->p->scx.weight),
			     native.now_ns);
}

void report_task_event(struct sim_report *r, const struct native_event *e)
{
	struct task_figures *t = figures_of(r, e->p);

	switch (e->kind) {
	case NATIVE_EVENT_WAKE: wake(r, t, e); break;
	case NATIVE_EVENT_RUN: run(r, t, e); break;
	case NATIVE_EVENT_STOP: stop(r, t, e); break;
	case NATIVE_EVENT_LEAVE:
	case NATIVE_EVENT_SLEEP: sleep_or_die(r, t); break;
	case NATIVE_EVENT_ATTR: change(r, t); break;
	default: break;
	}
	count(r, t);
	if (e->kind == NATIVE_EVENT_LEAVE)
		leave(r, t);
}
