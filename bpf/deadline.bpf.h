/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual time and deadlines. A task's vtime grows by the time it runs, divided by its weight (in
 * units of WD40_BASE_WEIGHT). A domain has a time too, min_vtime, which only grows: it is about the
 * vtime of the tasks that contend there, and where new ones and sleepers begin. It passes while tasks
 * wait, and only then: with each run of one that had to wait or that others wait for, by what each
 * runnable task gets of it in the mean, and at least to the vtime of whoever leaves the queue. A task
 * that runs unopposed neither moves it nor gets far ahead of it. Queues are ordered by
 *
 *	deadline = vtime + request,  request = expected run * WD40_BASE_WEIGHT / weight
 *
 * where the expected run is the mean time the task runs between two sleeps, at most one slice: a
 * task that runs briefly goes first, and a hog's request never grows beyond a slice, so hogs that
 * start later do not starve those that started earlier. A task that slept keeps at most one slice
 * of credit, or of debt: with heavy tasks the domain's time passes slowly, and the kernel's own threads
 * would wait for seconds for what they ran before.
 */
#pragma once

#include "bpf/kernel.bpf.h"

/* The shortest expected run, so that deadlines of very brief tasks stay distinct from vtime. */
#define DEADLINE_MIN_RUN_NS 10000ull

/* Much more than any lead or lag that counts; times WD40_MAX_WEIGHT it has room in an s64. */
#define DEADLINE_LEAD_MAX (1ll << 49)

/* Comparison that survives wrap-around. */
static __always_inline bool deadline_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static __always_inline u64 deadline_scale(u64 ns, u32 weight)
{
	return ns * WD40_BASE_WEIGHT / (weight ?: 1);
}

/* The task begins to run. ran_ns: its run time so far, as the kernel counts it (kernel_ran_ns). */
static __always_inline void deadline_begin(struct wd40_task __arena *t, u64 ran_ns)
{
	t->charged_ns = ran_ns;
}

/*
 * Accounts the run since it was charged last, or began: vtime, run since wakeup. total_ns: its run time so
 * far (kernel_ran_ns): what interrupts took meanwhile is nobody's. While others wait (WD40_TASK_OPPOSED)
 * the time of the task's domain passes by what each runnable task gets of the run in the mean.
 */
static __always_inline void deadline_charge(struct wd40_task __arena *t,
					    struct wd40_domain __arena *dom, u64 total_ns)
{
	u64 ran_ns, rate;

	if (total_ns <= t->charged_ns)
		return;
	ran_ns = total_ns - t->charged_ns;
	t->charged_ns = total_ns;
	t->run_since_wake_ns += ran_ns;
	t->vtime += deadline_scale(ran_ns, t->weight);
	if (!dom || !(t->flags & WD40_TASK_OPPOSED))
		return;
	rate = READ_ONCE(dom->load_rate);
	__sync_fetch_and_add(&dom->min_vtime, ran_ns * WD40_BASE_WEIGHT / (rate ?: 1));
}

/* The task goes to sleep: its run since the wakeup enters the mean (3/4 old + 1/4 new). */
static __always_inline void deadline_sleep(struct wd40_task __arena *t)
{
	t->avg_run_ns = t->avg_run_ns - t->avg_run_ns / 4 + t->run_since_wake_ns / 4;
	t->run_since_wake_ns = 0;
}

/* Takes back what a vtime leads the domain's time by more than limit. */
static __always_inline void deadline_limit_lead(struct wd40_task __arena *t,
						const struct wd40_domain __arena *dom, u64 limit)
{
	u64 ceiling = READ_ONCE(dom->min_vtime) + limit;

	if (deadline_before(ceiling, t->vtime))
		t->vtime = ceiling;
}

/*
 * Sets the deadline of a task that is to be queued in a domain; slice_ns: the slice now. True when
 * its saved-up credit was cut.
 */
static __always_inline bool deadline_set(struct wd40_task __arena *t,
					 const struct wd40_domain __arena *dom, u64 slice_ns)
{
	u64 expected_ns =
		t->avg_run_ns > t->run_since_wake_ns ? t->avg_run_ns : t->run_since_wake_ns;
	u64 floor = READ_ONCE(dom->min_vtime) - slice_ns;
	bool clamped = deadline_before(t->vtime, floor);

	if (clamped)
		t->vtime = floor;
	if (!t->run_since_wake_ns)
		deadline_limit_lead(t, dom, deadline_scale(slice_ns, t->weight));
	if (expected_ns > slice_ns)
		expected_ns = slice_ns;
	if (expected_ns < DEADLINE_MIN_RUN_NS)
		expected_ns = DEADLINE_MIN_RUN_NS;
	t->deadline = t->vtime + deadline_scale(expected_ns, t->weight);
	return clamped;
}

/*
 * The task goes on, or starts, and nobody waited for it: it takes nothing from anybody, so more than a
 * slice of it is not held against it when others come.
 */
static __always_inline void deadline_unopposed(struct wd40_task __arena *t,
					       const struct wd40_domain __arena *dom, u64 slice_ns)
{
	t->flags &= ~WD40_TASK_OPPOSED;
	deadline_limit_lead(t, dom, deadline_scale(slice_ns, t->weight));
}

/* A task of the domain starts to run: the domain's time follows. Lock-free, only grows. */
static __always_inline void deadline_advance_domain(struct wd40_domain __arena *dom, u64 vtime)
{
	u64 seen = READ_ONCE(dom->min_vtime);

	/* losing three races means that others advanced it at this moment; then once later is soon */
	for (int tries = 0; tries < 3; tries++) {
		u64 was;

		if (!deadline_before(seen, vtime))
			return;
		was = __sync_val_compare_and_swap(&dom->min_vtime, seen, vtime);
		if (was == seen)
			return;
		seen = was;
	}
}

/*
 * The vtime of a task of the domain whose weight changes. The time that it lags behind, or leads, is
 * measured at its weight, so it is as much real time as before.
 */
static __always_inline u64 deadline_reweigh(u64 vtime, const struct wd40_domain __arena *dom,
					    u32 weight, u32 new_weight)
{
	u64 now = READ_ONCE(dom->min_vtime);
	s64 lead = (s64)(vtime - now);

	if (lead > DEADLINE_LEAD_MAX)
		lead = DEADLINE_LEAD_MAX;
	if (lead < -DEADLINE_LEAD_MAX)
		lead = -DEADLINE_LEAD_MAX;
	return now + (u64)(lead * (s64)weight / (s64)new_weight);
}

/*
 * The vtime that a task takes along from one domain to another: its lag behind (or lead before) the
 * domain's time stays, up to limit_ns of virtual time.
 */
static __always_inline u64 deadline_carry(u64 vtime, const struct wd40_domain __arena *from,
					  const struct wd40_domain __arena *to, u64 limit_ns)
{
	s64 lead = (s64)(vtime - READ_ONCE(from->min_vtime));
	s64 limit = (s64)limit_ns;

	if (lead > limit)
		lead = limit;
	if (lead < -limit)
		lead = -limit;
	return READ_ONCE(to->min_vtime) + (u64)lead;
}
