// SPDX-License-Identifier: GPL-2.0-only
/*
 * I5 and what must be consistent in the arena, as bpf/shared.h has it. At events "context" (a task has
 * one context, of its own, for its affinity), "wrong-domain" (it waits where it may run), "slab" (as many
 * objects in use as tasks) and "min-vtime" (a domain's time only grows); over everything "domain-tasks",
 * "domain-rate", "domain-load" (each is the sum over the tasks) and "hotplug" (the counts of CPUs).
 */
#include <string.h>

#include "bpf/arena.bpf.h"
#include "bpf/ravg.h"
#include "tests/sim/oracle-private.h"

#define RUNNABLE(context) (!!((context)->flags & WD40_TASK_RUNNABLE))

/*
 * What rounding can amount to, in units of wd40_ravg.avg: for a task that is there half a unit of its
 * duty and of its domain's load in each period of a half-life or two; what those who left have left
 * behind is at most a hundredth of the lightest weight.
 */
#define ROUNDING       (4 * RAVG_HALF_LIFE_PERIODS)
#define ROUNDING_OTHER ((1u << WD40_RAVG_FRAC) / 100)

/* --- One task. ---------------------------------------------------------------------------------- */

/* May the task run on a CPU of the domain that is online, as far as the scheduler was told? */
static bool may_use(struct task_struct *p, const struct wd40_domain *dom)
{
	kernel_mask affinity = kernel_mask_affinity(p);
	u64 found = 0;

	for (u32 w = dom->first_word; w < dom->end_word; w++)
		found |= dom->cpus[w] & shared.online_cpus[w] & kernel_mask_word(affinity, w);
	return found;
}

/* Does it know what its affinity allows: which domains, and whether all CPUs? */
static bool domains_match(struct task_struct *p, const struct wd40_task *context)
{
	bool all = true;

	for (u32 d = 0; d < shared.nr_domains; d++) {
		const struct wd40_domain *dom = domain_at(d);

		if (domain_allowed(context, d) != may_use(p, dom))
			return false;
		all &= cpumask_allowed(p, dom->cpus, dom->first_word, dom->end_word) ==
		       CPUMASK_WHOLLY;
	}
	return all == !!(context->flags & WD40_TASK_ALL_CPUS);
}

static void check_context(struct sim_oracles *o, struct oracle_task *t,
			  const struct wd40_task *context)
{
	if (!context || !(context->slot.generation & 1) || context->pid != (u32)t->p->pid)
		oracle_fail(o, "context", t, -1, "expected a context in use, found %s",
			    !context                       ? "none"
			    : context->slot.generation & 1 ? "another task's"
							   : "a freed one");
	else if (t->generation && t->generation != context->slot.generation)
		oracle_fail(o, "context", t, -1, "expected generation %u of slot %u, found %u",
			    t->generation, context->index, context->slot.generation);
	else
		t->generation = context->slot.generation;
}

static void check_slab(struct sim_oracles *o)
{
	u32 expected = o->used_before + o->nr_all;

	if (shared.tasks.nr_used != expected)
		oracle_fail(o, "slab", NULL, -1, "%u objects are in use by %u tasks",
			    shared.tasks.nr_used, expected);
}

static void check_min_vtime(struct sim_oracles *o, const struct oracle_task *t)
{
	struct oracle_domain *d = oracle_domain_of(o, t);
	u64 now;

	if (!d)
		return;
	now = shared.domains[t->domain].min_vtime;
	if ((s64)(now - d->min_vtime) < 0)
		oracle_fail(o, "min-vtime", t, -1, "the time of domain %u went from %llu to %llu",
			    t->domain, d->min_vtime, now);
	d->min_vtime = now;
}

/* A domain serves who may use a CPU of it that is online; others are the kernel's. */
static void check_queue(struct sim_oracles *o, const struct oracle_task *t,
			const struct native_event *e)
{
	u32 domain = (u32)(e->dsq / 2); /* QUEUE_DEADLINE, QUEUE_FIFO */

	if (oracle_context(t->p)->nr_allowed_domains && !may_use(t->p, domain_at(domain)))
		oracle_fail(o, "wrong-domain", t, -1,
			    "queued in domain %u, where it may run on no CPU", domain);
}

static void check_task(struct sim_oracles *o, const struct native_event *e)
{
	struct oracle_task *t = oracle_task(e->p);

	if (!t)
		return;
	check_context(o, t, oracle_context(e->p));
	check_min_vtime(o, t);
	if ((e->kind == NATIVE_EVENT_JOIN || e->kind == NATIVE_EVENT_ATTR) && !o->oracle &&
	    !domain_allowed_is_old(oracle_context(e->p)) &&
	    !domains_match(e->p, oracle_context(e->p)))
		oracle_fail(o, "context", t, -1,
			    "its allowed domains are not those of its affinity");
	if (e->kind == NATIVE_EVENT_QUEUE && !is_builtin_queue(e->dsq) && !o->oracle)
		check_queue(o, t, e);
}

/* --- CPUs. -------------------------------------------------------------------------------------- */

/* CPUs of a word that are inactive already, of which the scheduler has not been told. */
static u64 leaving_cpus(u32 word)
{
	s32 cpu = native.hotplug ? native.hotplug->cpu : -1;

	if (cpu < 0 || CPU_WORD((u32)cpu) != word || !native.cpus[cpu].leaving)
		return 0;
	return CPU_BIT((u32)cpu);
}

static void check_hotplug(struct sim_oracles *o)
{
	u32 nr_offline = 0, nr_orphaned = 0;

	for (u32 d = 0; d < shared.nr_domains; d++) {
		const struct wd40_domain *dom = domain_at(d);
		u32 online = 0;
		u64 wrong = 0;

		for (u32 w = dom->first_word; w < dom->end_word; w++) {
			online += (u32)__builtin_popcountll(dom->cpus[w] & shared.online_cpus[w]);
			wrong |= dom->cpus[w] & (native.online[w] ^ shared.online_cpus[w]) &
				 ~leaving_cpus(w);
		}
		if (online != dom->nr_online || wrong)
			oracle_fail(o, "hotplug", NULL, -1,
				    "domain %u has %u CPUs online and says %u%s", d, online,
				    dom->nr_online, wrong ? ", other ones" : "");
		nr_offline += dom->nr_cpus - online;
		nr_orphaned += !online;
	}
	if (nr_offline != shared.nr_offline || nr_orphaned != shared.nr_orphaned)
		oracle_fail(o, "hotplug", NULL, -1,
			    "%u CPUs are offline and %u domains without one; the arena says %u, %u",
			    nr_offline, nr_orphaned, shared.nr_offline, shared.nr_orphaned);
}

/* --- Events. ------------------------------------------------------------------------------------ */

void oracle_arena_event(struct sim_oracles *o, const struct native_event *e)
{
	if (e->p)
		check_task(o, e);
	if (e->kind == NATIVE_EVENT_JOIN || e->kind == NATIVE_EVENT_LEAVE)
		check_slab(o);
	if (e->kind != NATIVE_EVENT_SETTLED || !o->cpus_changed)
		return;
	o->cpus_changed = false;
	check_hotplug(o);
}

/* --- Everything. -------------------------------------------------------------------------------- */

static void add(struct sim_oracles *o, struct oracle_sum *sums, struct oracle_task *t,
		u64 load_time)
{
	const struct wd40_task *context = oracle_context(t->p);
	u64 duty;

	check_context(o, t, context);
	if (o->oracle)
		return;
	if (RUNNABLE(context) != (t->state != TASK_ASLEEP))
		oracle_fail(o, "domain-rate", t, -1, "it counts as %srunnable",
			    RUNNABLE(context) ? "" : "not ");
	if (context->domain >= shared.nr_domains) {
		oracle_fail(o, "domain-tasks", t, -1, "it lives in domain %u", context->domain);
		return;
	}
	sums[context->domain].tasks++;
	sums[context->domain].rate += RUNNABLE(context) ? context->weight : 0;
	duty = ravg_read(context->duty, RUNNABLE(context) ? WD40_DUTY_ONE : 0, load_time);
	sums[context->domain].load += ravg_weigh(duty, context->weight);
}

static void compare(struct sim_oracles *o, u32 d, const struct oracle_sum *sum, u64 load_time)
{
	const struct wd40_domain *dom = domain_at(d);
	u64 load = ravg_read(dom->load, dom->load_rate, load_time);
	u64 apart = load > sum->load ? load - sum->load : sum->load - load;

	if (dom->nr_tasks != sum->tasks)
		oracle_fail(o, "domain-tasks", NULL, -1, "domain %u has %u tasks and says %u", d,
			    sum->tasks, dom->nr_tasks);
	if (dom->load_rate != sum->rate)
		oracle_fail(o, "domain-rate", NULL, -1,
			    "domain %u has runnable tasks of weight %llu and says %llu", d,
			    sum->rate, dom->load_rate);
	if (apart > load / 100 + (u64)sum->tasks * ROUNDING + ROUNDING_OTHER)
		oracle_fail(o, "domain-load", NULL, -1,
			    "the loads of the tasks of domain %u make %.3f, it says %.3f", d,
			    sum->load / (double)(1 << WD40_RAVG_FRAC),
			    load / (double)(1 << WD40_RAVG_FRAC));
}

void oracle_arena_sweep(struct sim_oracles *o)
{
	u64 load_time = wd40_load_time(&shared, native.now_ns);
	struct oracle_task *t;

	memset(o->sums, 0, shared.nr_domains * sizeof(o->sums[0]));
	TAILQ_FOREACH(t, &o->all, all)
	add(o, o->sums, t, load_time);
	for (u32 d = 0; d < shared.nr_domains && !o->oracle; d++)
		compare(o, d, &o->sums[d], load_time);
	if (!o->oracle)
		check_hotplug(o);
}

/* --- The end. ----------------------------------------------------------------------------------- */

/* Every object is in use, or once on the free list. */
void oracle_arena_finish(struct sim_oracles *o)
{
	u32 made = shared.tasks.nr_chunks * shared.tasks.chunk_objects, nr_free = 0;
	u32 next = (u32)shared.tasks.free_head;

	for (; next && nr_free <= made; nr_free++) {
		const struct wd40_slot *slot = slab_slot(&shared.tasks, next - 1);

		if (slot->generation & 1)
			oracle_fail(o, "slab", NULL, -1, "object %u is free and in use", next - 1);
		next = slot->next_free;
	}
	if (nr_free + shared.tasks.nr_used != made)
		oracle_fail(o, "slab", NULL, -1, "of %u objects %u are in use and %u free", made,
			    shared.tasks.nr_used, nr_free);
}
