/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks of a running workload: where they come from, what they do next, where they go. */
#include <string.h>

#include "tests/sim/workload-run.h"

#define SLAB_TASKS 1024

/* An endless loop of events that take no time is a busy loop: so many of them cost a microsecond. */
#define TIMELESS_EVENTS 256
#define TIMELESS_NS     1000

/* The weight that attributes say; 0: they do not. */
static u32 weight_of(const struct sim_attributes *a)
{
	if (!a->weight && a->nice != SIM_NICE_UNSAID)
		return sim_weight_of_nice(a->nice);
	return a->weight;
}

/* --- Memory: a fork storm makes and frees many. ------------------------------------------------- */

static void *fresh(struct workload_run *run)
{
	void **slabs;
	char *slab;

	if (!run->nr_fresh) {
		slabs = realloc(run->slabs, (run->nr_slabs + 1) * sizeof(*slabs));
		slab = malloc(SLAB_TASKS * run->task_size);
		if (slabs)
			run->slabs = slabs;
		if (!slabs || !slab) {
			free(slab);
			return NULL;
		}
		slabs[run->nr_slabs++] = slab;
		run->nr_fresh = SLAB_TASKS;
	}
	slab = run->slabs[run->nr_slabs - 1];
	return slab + --run->nr_fresh * run->task_size;
}

/* Those that have left: the event said so, but its other observers may have looked at them after us. */
static void bury(struct workload_run *run)
{
	struct sim_task *t;

	while ((t = run->dead)) {
		run->dead = t->next;
		t->p = native_task_free(t->p);
		t->next = run->spare;
		run->spare = t;
	}
}

static struct sim_task *new_task(struct workload_run *run)
{
	struct sim_task *t;

	bury(run);
	t = run->spare;
	if (t)
		run->spare = t->next;
	else
		t = fresh(run);
	return t ? memset(t, 0, run->task_size) : NULL;
}

static void unlink_task(struct sim_task *t)
{
	*(t->before ? &t->before->after : &t->run->alive[t->kind->index]) = t->after;
	if (t->after)
		t->after->before = t->before;
	t->next = t->run->dead;
	t->run->dead = t;
}

/* The CPU of a mask that a number chooses, going round; 0 where it has none. */
static s32 cpu_in_turn(const unsigned long *mask, u32 words, u32 number)
{
	u32 nr = 0, w;
	u64 word;

	for (w = 0; w < words; w++)
		nr += (u32)__builtin_popcountl(mask[w]);
	if (!nr)
		return 0;
	number %= nr;
	for (w = 0; number >= (nr = (u32)__builtin_popcountl(mask[w])); w++)
		number -= nr;
	for (word = mask[w]; number; number--)
		word &= word - 1;
	return (s32)(w * WD40_BITS_PER_WORD) + __builtin_ctzll(word);
}

/* Its kind's attributes hold before it begins, and tasks of nobody begin on its CPUs in turn. */
static void make_ready(struct sim_task *t, const struct task_struct *parent)
{
	const struct sim_attributes *a = &t->kind->attributes;

	t->p->scx.weight = weight_of(a) ?: t->p->scx.weight;
	if (!a->cpus)
		return;
	native_allow_mask(t->p, a->cpus);
	if (!parent)
		t->p->native.cpu = cpu_in_turn(a->cpus, WD40_WORDS(native.nr_cpu_ids),
					       t->run->nr_tasks);
}

void sim_task_fork(struct workload_run *run, const struct sim_kind *kind,
		   struct task_struct *parent)
{
	struct sim_task *t = new_task(run);

	if (!t)
		return;
	t->run = run;
	t->kind = kind;
	t->p = native_task_new();
	t->p->native.program = sim_task_step;
	t->p->native.userdata = t;
	if (kind->ready)
		make_ready(t, parent);
	snprintf(t->name, sizeof(t->name), "%s-%u", kind->name, run->nr_tasks++);
	t->after = run->alive[kind->index];
	run->alive[kind->index] = t;
	if (t->after)
		t->after->before = t;
	if (native_fork(parent, t->p))
		unlink_task(t);
}

static struct sim_task *task_of(const struct task_struct *p)
{
	return p->native.program == sim_task_step ? p->native.userdata : NULL;
}

void sim_task_event(struct native_observer *o, const struct native_event *e)
{
	struct sim_task *t = e->kind == NATIVE_EVENT_LEAVE ? task_of(e->p) : NULL;

	if (t)
		unlink_task(t);
}

const char *sim_task_name(const struct task_struct *p)
{
	const struct sim_task *t = task_of(p);

	return t ? t->name : "-";
}

/* --- Attributes. -------------------------------------------------------------------------------- */

static void set_priority(struct sim_task *t, const struct sim_attributes *a)
{
	u32 weight = weight_of(a);

	if (weight)
		native_set_weight(t->p, weight);
}

static void set_memory(struct sim_task *t, const struct sim_attributes *a)
{
	if (a->memory_mode)
		native_set_mempolicy(t->p, a->memory_mode, a->memory_nodes);
}

void sim_task_set(struct sim_task *t, const struct sim_attributes *a)
{
	if (a->cpus)
		native_set_mask(t->p, a->cpus);
	set_priority(t, a);
	set_memory(t, a);
}

/* As rt-app does: without a word of the phase on its CPUs those of the task are valid again. */
static void enter_phase(struct sim_task *t, const struct sim_phase *phase)
{
	const struct workload_run *run = t->run;
	const unsigned long *cpus = phase->attributes.cpus ?: t->kind->attributes.cpus ?: run->all_cpus;
	size_t size = WD40_WORDS(run->workload->nr_cpu_ids) * sizeof(long);

	t->entered = true;
	if (cpus != t->cpus && memcmp(cpus, t->cpus, size))
		native_set_mask(t->p, cpus);
	t->cpus = cpus;
	if (t->priority == &phase->attributes)
		return;
	t->priority = &phase->attributes;
	set_priority(t, &phase->attributes);
	set_memory(t, &phase->attributes);
}

/* --- What comes next. --------------------------------------------------------------------------- */

/* True once the delay is over. */
static bool begin(struct sim_task *t, struct native_step *ret)
{
	u64 first_ns = t->run->started_ns + t->kind->delay_ns;

	if (t->begun)
		return true;
	if (native.now_ns < first_ns) {
		*ret = (struct native_step){ NATIVE_SLEEP, first_ns };
		return false;
	}
	t->begun = true;
	t->cpus = t->run->all_cpus;
	if (t->kind->ready && t->kind->attributes.cpus)
		t->cpus = t->kind->attributes.cpus;
	if (!t->kind->ready)
		set_priority(t, &t->kind->attributes);
	set_memory(t, &t->kind->attributes);
	return true;
}

/* It may have moved itself away, by its affinity: then it goes on when it runs there. */
static bool has_cpu(const struct sim_task *t)
{
	return native.cpus[t->p->native.cpu].running == t->p;
}

static bool reached(u64 loops, s32 limit)
{
	return limit != SIM_ENDLESS && loops >= (u64)limit;
}

static void advance(struct sim_task *t, const struct sim_phase *phase)
{
	t->stage = 0;
	if (++t->event < phase->nr_events)
		return;
	t->event = 0;
	t->entered = false;
	if (!reached(++t->phase_loops, phase->loop))
		return;
	t->phase_loops = 0;
	if (++t->phase < t->kind->nr_phases)
		return;
	t->phase = 0;
	t->loops++;
}

struct native_step sim_task_step(struct task_struct *p)
{
	struct sim_task *t = p->native.userdata;
	const struct sim_phase *phase;
	struct native_step step;

	if (!begin(t, &step))
		return step;
	for (u32 i = 0; i < TIMELESS_EVENTS; i++) {
		if (!has_cpu(t))
			return (struct native_step){ NATIVE_RUN, 0 };
		if (reached(t->loops, t->kind->loop))
			return (struct native_step){ .kind = NATIVE_EXIT };
		phase = t->kind->phases[t->phase];
		if (!t->entered) {
			enter_phase(t, phase);
			continue;
		}
		if (!sim_event_do(t, &phase->events[t->event], &step))
			return step;
		advance(t, phase);
	}
	return (struct native_step){ NATIVE_RUN, TIMELESS_NS };
}
