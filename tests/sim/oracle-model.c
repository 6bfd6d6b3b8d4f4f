// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: where each task is and what each CPU does, by the events alone. Oracles here say what is
 * so in every kernel, whatever the scheduler: "lost-task", "two-places", "wrong-cpu", "kernel-error",
 * "stall".
 */
#include <stdlib.h>

#include "bpf/helper.bpf.h"
#include "tests/sim/oracle-private.h"

/* --- Counts of the domains: what a task adds to its own. ----------------------------------------- */

static void touch(struct sim_oracles *o, u32 domain)
{
	if (domain >= shared.nr_domains || o->domains[domain].touched)
		return;
	o->domains[domain].touched = true;
	o->touched[o->nr_touched++] = domain;
}

static void count_in_domain(struct sim_oracles *o, struct oracle_task *t, u32 one)
{
	struct oracle_domain *d = oracle_domain_of(o, t);
	bool runnable = t->state != TASK_ASLEEP;

	if (!o->context.is_wd40 || !d)
		return;
	d->nr_runnable += runnable ? one : 0;
	d->nr_confined += runnable && t->confined ? one : 0;
	d->nr_bound += runnable && t->bound ? one : 0;
	touch(o, t->domain);
	if (t->state != TASK_WAITS || is_builtin_queue(t->dsq))
		return;
	d = &o->domains[oracle_waits_in(t)];
	d->nr_waiting += one;
	if (one == -1u || d->nr_waiting == 1)
		d->served_at = native.now_ns;
	d->nr_open += t->confined ? 0 : one;
	if (oracle_waits_in(t) != t->domain) {
		d->nr_guests += one;
		d->guest_rate += (u64)(s32)one * t->weight;
		d->nr_confined += t->bound ? one : 0; /* perhaps */
	}
	if (d->nr_waiting + (one == -1u) > HELPER_DEPTH) /* until now */
		d->crowded_at = native.now_ns;
	o->nr_waiting += one;
	touch(o, oracle_waits_in(t));
}

static void note_peaks(struct sim_oracles *o, const struct oracle_task *t, u32 domain)
{
	struct oracle_domain *d;

	if (domain >= shared.nr_domains)
		return;
	d = &o->domains[domain];
	peak_raise(&d->runnable, d->nr_runnable + d->nr_guests);
	peak_raise(&d->rate, shared.domains[domain].load_rate + d->guest_rate);
	if (t->weight && (!d->lightest || t->weight < d->lightest))
		d->lightest = t->weight;
	if (d->nr_confined)
		d->confined_at = native.now_ns;
}

/* What the scheduler and the affinity say about a task now. */
static void look_up(struct oracle_task *t)
{
	const struct wd40_task *context = oracle_context(t->p);
	const struct wd40_domain *dom;

	t->domain = context ? context->domain : WD40_NO_DOMAIN;
	t->may_owe |= context && t->weight && t->weight != context->weight;
	t->may_owe |= t->p->native.migration_disabled;
	t->weight = context ? context->weight : 0;
	dom = domain_at(t->domain);
	t->bound = context && !(context->flags & WD40_TASK_ALL_CPUS);
	t->confined =
		dom && !(context->flags & WD40_TASK_ALL_CPUS) &&
		cpumask_allowed(t->p, dom->cpus, dom->first_word, dom->end_word) != CPUMASK_WHOLLY;
}

/* --- States. ------------------------------------------------------------------------------------ */

static bool in_waiting(enum oracle_task_state state)
{
	return state == TASK_AWAKE || state == TASK_WAITS;
}

static u64 time_left_ns(u64 until)
{
	return until > native.now_ns ? until - native.now_ns : 0;
}

/* What thieves that are there already will still take counts as taken during the wait. */
static void begin_wait(struct sim_oracles *o, struct oracle_task *t)
{
	u32 domain = oracle_waits_in(t);
	const struct oracle_domain *d = domain < shared.nr_domains ? &o->domains[domain] : NULL;

	t->waits_since = native.now_ns;
	t->waited_in = WD40_NO_DOMAIN;
	if (d)
		t->stolen_before = d->stolen_ns - time_left_ns(d->occupied_until);
	TAILQ_INSERT_TAIL(&o->waiting, t, waiting);
}

static void set_state(struct sim_oracles *o, struct oracle_task *t, enum oracle_task_state state)
{
	o->nr_awake -= t->state == TASK_AWAKE;
	o->nr_awake += state == TASK_AWAKE;
	if (in_waiting(t->state) && !in_waiting(state))
		TAILQ_REMOVE(&o->waiting, t, waiting);
	else if (!in_waiting(t->state) && in_waiting(state))
		begin_wait(o, t);
	t->state = state;
}

/* --- Events of tasks. --------------------------------------------------------------------------- */

static void join(struct sim_oracles *o, struct task_struct *p)
{
	struct oracle_task *t = calloc(1, sizeof(*t));

	if (!t)
		native_die("no memory for an oracle");
	t->p = p;
	t->cpu = -1;
	t->domain = WD40_NO_DOMAIN;
	p->native.shadow = t;
	TAILQ_INSERT_TAIL(&o->all, t, all);
	o->nr_all++;
}

static void leave(struct sim_oracles *o, struct oracle_task *t)
{
	if (t->state == TASK_RUNS)
		oracle_fail(o, "two-places", t, t->cpu, "a task left while it ran");
	set_state(o, t, TASK_ASLEEP);
	TAILQ_REMOVE(&o->all, t, all);
	o->nr_all--;
	t->p->native.shadow = NULL;
	free(t);
}

static void wait_anew(struct sim_oracles *o, struct oracle_task *t)
{
	TAILQ_REMOVE(&o->waiting, t, waiting);
	begin_wait(o, t);
}

/* The balancer's wish may take a task from queue to queue: there it has other competitors. */
static void queue(struct sim_oracles *o, struct oracle_task *t, const struct native_event *e)
{
	if (t->state != TASK_AWAKE && t->state != TASK_WAITS)
		oracle_fail(o, "two-places", t, t->cpu, "a task is queued that %s",
			    t->state == TASK_RUNS ? "runs" : "sleeps");
	t->seq = o->seq;
	t->queued_at = native.now_ns;
	if (e->dsq == DSQ_LOCAL)
		t->cpu = e->cpu;
	set_state(o, t, TASK_WAITS);
	if (!o->context.is_wd40 || is_builtin_queue(e->dsq))
		return;
	o->domains[oracle_waits_in(t)].queue_seq = o->seq;
	if (oracle_waits_in(t) != t->domain && oracle_waits_in(t) != t->waited_in)
		wait_anew(o, t);
	t->waited_in = oracle_waits_in(t);
}

static void run(struct sim_oracles *o, struct oracle_task *t, s32 cpu)
{
	struct oracle_cpu *c = &o->cpus[cpu];

	if (c->running && c->running != t)
		oracle_fail(o, "two-places", t, cpu, "a task runs on a CPU that runs task %d",
			    c->running->p->pid);
	if (t->state == TASK_RUNS && t->cpu != cpu)
		oracle_fail(o, "two-places", t, t->cpu, "a task that runs here runs on CPU %d too",
			    cpu);
	if (t->state == TASK_ASLEEP)
		oracle_fail(o, "two-places", t, cpu, "a task runs that sleeps");
	if (!native_allowed(t->p, cpu))
		oracle_fail(o, "wrong-cpu", t, cpu,
			    "a task runs on a CPU that its affinity forbids or that is offline");
	c->running = t;
	t->cpu = cpu;
	t->runs_since = native.now_ns;
	set_state(o, t, TASK_RUNS);
}

static void stop(struct sim_oracles *o, struct oracle_task *t)
{
	if (t->state != TASK_RUNS) {
		oracle_fail(o, "two-places", t, t->cpu, "a task stops that does not run");
		return;
	}
	o->cpus[t->cpu].running = NULL;
	t->ran_ns += native.now_ns - t->runs_since;
	set_state(o, t, TASK_AWAKE);
}

/*
 * The kernel puts a task that must not migrate, or dies, into its CPU's own queue, which goes before
 * the scheduler's: what the others wait then is not the scheduler's doing. Nor is the slice, which is the
 * kernel's default and may be longer than those in force.
 */
static void excuse(struct sim_oracles *o, const struct task_struct *p)
{
	u32 d = domain_of_cpu(p->native.cpu);

	if (d >= shared.nr_domains || !(p->native.migration_disabled || p->flags & PF_EXITING))
		return;
	o->domains[d].changed_at = native.now_ns;
	peak_raise(&o->slice, p->scx.slice);
}

/* An own change begins the wait anew: the kernel dequeued the task for it. */
static void attr(struct sim_oracles *o, struct oracle_task *t)
{
	if (in_waiting(t->state))
		wait_anew(o, t);
}

static void task_event(struct sim_oracles *o, const struct native_event *e)
{
	struct oracle_task *t;
	u32 domain;

	if (e->kind == NATIVE_EVENT_JOIN)
		join(o, e->p);
	t = oracle_task(e->p);
	if (!t)
		return;
	count_in_domain(o, t, -1u);
	domain = t->domain;
	if (o->context.is_wd40 && e->kind != NATIVE_EVENT_LEAVE)
		look_up(t);
	if (e->kind == NATIVE_EVENT_QUEUE) /* a wait that begins anew does so there */
		t->dsq = e->dsq;
	if (t->domain != domain && in_waiting(t->state))
		wait_anew(o, t);
	switch (e->kind) {
	case NATIVE_EVENT_WAKE: set_state(o, t, TASK_AWAKE); break;
	case NATIVE_EVENT_QUEUE: queue(o, t, e); break;
	case NATIVE_EVENT_RUN: run(o, t, e->cpu); break;
	case NATIVE_EVENT_STOP: stop(o, t); break;
	case NATIVE_EVENT_SLEEP:
		t->may_owe = false; /* a lead that is longer than a slice is forgiven */
		set_state(o, t, TASK_ASLEEP);
		break;
	case NATIVE_EVENT_ATTR: attr(o, t); break;
	case NATIVE_EVENT_LEAVE: leave(o, t); return;
	default: break;
	}
	count_in_domain(o, t, 1);
	note_peaks(o, t, t->domain);
	note_peaks(o, t, oracle_waits_in(t));
	excuse(o, e->p);
}

/* --- Events of CPUs and of the kernel. ---------------------------------------------------------- */

void oracle_model_idle(struct sim_oracles *o, s32 cpu, bool idle)
{
	struct oracle_cpu *c = &o->cpus[cpu];
	u32 d = domain_of_cpu(cpu);

	if (idle && c->running)
		oracle_fail(o, "two-places", c->running, cpu, "an idle CPU runs a task");
	if (d < shared.nr_domains)
		o->domains[d].nr_idle += (u32)idle - (u32)c->idle;
	c->idle = idle;
	c->idle_seq = o->seq;
	c->idle_at = c->busy_since = native.now_ns;
	if (idle && !c->idled)
		o->idled[o->nr_idled++] = (u32)cpu;
	c->idled |= idle;
	touch(o, d);
}

static void occupy(struct sim_oracles *o, s32 cpu, u64 ns)
{
	struct oracle_cpu *c = &o->cpus[cpu];
	u32 d = domain_of_cpu(cpu);

	if (c->occupied_until < native.now_ns)
		c->occupied_until = native.now_ns;
	c->occupied_until += ns;
	if (d < shared.nr_domains) {
		o->domains[d].stolen_ns += ns;
		if (o->domains[d].occupied_until < c->occupied_until)
			o->domains[d].occupied_until = c->occupied_until;
	}
}

static void change_online(struct sim_oracles *o, s32 cpu, bool online)
{
	u32 d = domain_of_cpu(cpu);

	o->cpus_changed = true;
	o->cpus[cpu].busy_since = native.now_ns;
	if (!online)
		oracle_model_idle(o, cpu, false);
	if (d < shared.nr_domains)
		o->domains[d].changed_at = native.now_ns;
}

static void cpu_event(struct sim_oracles *o, const struct native_event *e)
{
	switch (e->kind) {
	case NATIVE_EVENT_IDLE: oracle_model_idle(o, e->cpu, e->value); break;
	case NATIVE_EVENT_OCCUPY: occupy(o, e->cpu, e->value); break;
	case NATIVE_EVENT_ONLINE: change_online(o, e->cpu, e->value); break;
	default: break;
	}
}

static void settled(struct sim_oracles *o)
{
	struct oracle_task *t;

	if (!o->nr_awake)
		return;
	TAILQ_FOREACH(t, &o->waiting, waiting)
	if (t->state == TASK_AWAKE)
		break;
	oracle_fail(o, "lost-task", t, -1, "a task wants to run and is in no queue and on no CPU");
}

void oracle_model(struct sim_oracles *o, const struct native_event *e)
{
	if (e->kind == NATIVE_EVENT_STALL)
		oracle_fail(o, "stall", oracle_task(e->p), -1,
			    "the watchdog ended the scheduler: a task waited for %.3f ms",
			    e->value / 1e6);
	if (e->kind == NATIVE_EVENT_ERROR)
		oracle_fail(o, "kernel-error", oracle_task(e->p), e->cpu, "%s", native.exit_text);
	if ((u32)e->cpu < native.nr_cpu_ids)
		cpu_event(o, e);
	if (e->p)
		task_event(o, e);
	if (e->kind == NATIVE_EVENT_SETTLED)
		settled(o);
}
