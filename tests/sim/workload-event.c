/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each event does, with rt-app's semantics: a condition remembers nothing, so a resume that comes
 * before the suspend is lost; a mutex that is released goes to whoever asks first, not to the one that
 * waited; a barrier counts its users as rt-app's source does.
 */
#include "tests/sim/workload-run.h"

/* How long rt-app works between two looks at the clock. */
#define RUNTIME_STEP_NS 32000

typedef bool (*handler)(struct sim_task *t, const struct sim_event *e, struct native_step *ret);

static bool take_step(struct native_step *ret, enum native_step_kind kind, u64 ns)
{
	*ret = (struct native_step){ kind, ns };
	return false;
}

/* --- Time. -------------------------------------------------------------------------------------- */

static bool do_run(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	return t->stage || take_step(ret, NATIVE_RUN, e->ns);
}

static bool do_runtime(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	if (!t->stage)
		t->until_ns = native.now_ns + e->ns;
	else if (native.now_ns >= t->until_ns)
		return true;
	return take_step(ret, NATIVE_RUN, RUNTIME_STEP_NS);
}

static bool do_sleep(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	return t->stage || !e->ns || take_step(ret, NATIVE_SLEEP, native.now_ns + e->ns);
}

static bool do_timer(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	const struct sim_names *names = e->unique ? &t->kind->timers : &t->run->workload->timers;
	struct sim_timer *timer = e->unique ? &t->timers[e->ref] : &t->run->timers[e->ref];

	if (t->stage)
		return true;
	if (!timer->used)
		timer->next_ns = t->run->started_ns + t->kind->delay_ns;
	timer->used = true;
	timer->next_ns += e->ns;
	if (timer->next_ns > native.now_ns)
		return take_step(ret, NATIVE_SLEEP, timer->next_ns);
	if (!names->names[e->ref].absolute)
		timer->next_ns = native.now_ns;
	return true;
}

static bool do_yield(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	return t->stage || take_step(ret, NATIVE_YIELD, 0);
}

/* --- Waiting for each other. -------------------------------------------------------------------- */

static bool wait_in(struct sim_queue *q, struct sim_task *t, struct native_step *ret)
{
	*(q->first ? &q->last->next : &q->first) = t;
	q->last = t;
	t->next = NULL;
	return take_step(ret, NATIVE_BLOCK, 0);
}

static bool wake_first(struct sim_queue *q, u64 wake_flags)
{
	struct sim_task *t = q->first;

	if (!t)
		return false;
	q->first = t->next;
	native_wake(t->p, wake_flags);
	return true;
}

static void wake_all(struct sim_queue *q)
{
	while (wake_first(q, 0))
		;
}

static bool lock(struct sim_task *t, u32 mutex, struct native_step *ret)
{
	struct sim_mutex *m = &t->run->mutexes[mutex];

	if (m->owner)
		return wait_in(&m->waiters, t, ret);
	m->owner = t;
	return true;
}

static void unlock(struct sim_task *t, u32 mutex)
{
	struct sim_mutex *m = &t->run->mutexes[mutex];

	if (m->owner != t)
		return;
	m->owner = NULL;
	wake_first(&m->waiters, 0);
}

static bool do_lock(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	return lock(t, e->ref, ret);
}

static bool do_unlock(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	unlock(t, e->ref);
	return true;
}

/* pthread_cond_wait: once it was woken it needs the mutex again. */
static bool do_wait(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	if (t->stage)
		return lock(t, e->mutex, ret);
	unlock(t, e->mutex);
	return wait_in(&t->run->conditions[e->ref], t, ret);
}

static bool do_signal(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	wake_first(&t->run->conditions[e->ref], 0);
	return true;
}

static bool do_broad(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	wake_all(&t->run->conditions[e->ref]);
	return true;
}

static bool do_sync(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	if (!t->stage)
		do_signal(t, e, ret);
	return do_wait(t, e, ret);
}

/* The mutex that rt-app takes around both, for no time, is left out. */
static bool do_suspend(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	return t->stage || wait_in(&t->run->conditions[e->ref], t, ret);
}

static bool do_barrier(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	struct sim_barrier *b = &t->run->barriers[e->ref];

	if (t->stage) {
		b->missing++;
		return true;
	}
	if (!b->missing) {
		wake_all(&b->waiters);
		return true;
	}
	b->missing--;
	return wait_in(&b->waiters, t, ret);
}

static bool do_take(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	struct sim_pipe *pipe = &t->run->pipes[e->ref];

	if (!pipe->items)
		return wait_in(&pipe->readers, t, ret);
	pipe->items--;
	return true;
}

static bool do_post(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	struct sim_pipe *pipe = &t->run->pipes[e->ref];

	pipe->items++;
	wake_first(&pipe->readers, WAKE_SYNC);
	return true;
}

/* --- The task itself, and others. --------------------------------------------------------------- */

static bool do_fork(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	sim_task_fork(t->run, t->run->workload->kinds[e->ref], t->p);
	return true;
}

static bool do_exec(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	native_exec(t->p);
	return true;
}

static bool do_set(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	for (struct sim_task *other = t->run->alive[e->ref]; other; other = other->after)
		sim_task_set(other, e->attributes);
	return true;
}

static bool do_pin(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	native_migrate_disable(t->p);
	return true;
}

static bool do_unpin(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	native_migrate_enable(t->p);
	return true;
}

static const handler handlers[SIM_NR_EVENTS] = {
	[SIM_RUN] = do_run,         [SIM_RUNTIME] = do_runtime, [SIM_SLEEP] = do_sleep,
	[SIM_TIMER] = do_timer,     [SIM_SUSPEND] = do_suspend, [SIM_RESUME] = do_broad,
	[SIM_LOCK] = do_lock,       [SIM_UNLOCK] = do_unlock,   [SIM_WAIT] = do_wait,
	[SIM_SIGNAL] = do_signal,   [SIM_BROAD] = do_broad,     [SIM_SYNC] = do_sync,
	[SIM_BARRIER] = do_barrier, [SIM_YIELD] = do_yield,     [SIM_FORK] = do_fork,
	[SIM_TAKE] = do_take,       [SIM_POST] = do_post,       [SIM_EXEC] = do_exec,
	[SIM_SET] = do_set,         [SIM_PIN] = do_pin,         [SIM_UNPIN] = do_unpin,
};

bool sim_event_do(struct sim_task *t, const struct sim_event *e, struct native_step *ret)
{
	if (handlers[e->kind](t, e, ret))
		return true;
	t->stage++;
	return false;
}
