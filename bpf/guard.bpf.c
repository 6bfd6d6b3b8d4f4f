// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/deadline.bpf.h"
#include "bpf/guard.bpf.h"
#include "bpf/helper.bpf.h"
#include "bpf/move.bpf.h"
#include "bpf/steal.bpf.h"
#include "bpf/task.bpf.h"

/* One search. */
struct search {
	u64 now;
	u32 domain;
	u32 nr_long_slices; /* that are left to give */
	u64 longest_wait_ns;
};

/* One CPU of a domain finds it true, once in the interval. */
static bool search_is_due(struct wd40_domain __arena *dom, u64 now)
{
	u64 last = READ_ONCE(dom->rescued_at);

	return now >= last + WD40_RESCUE_INTERVAL_NS &&
	       __sync_val_compare_and_swap(&dom->rescued_at, last, now) == last;
}

/* What the domain's CPUs can serve of long slices in an interval. */
static u32 long_slices(const struct wd40_domain __arena *dom, struct policy policy)
{
	return dom->nr_online * WD40_RESCUE_INTERVAL_NS / (policy.config->slice_underutil_ns ?: 1);
}

/*
 * The place in the queue of who has waited so long: before all that are queued without need, whose
 * deadlines are later than a slice before the domain's time.
 */
static u64 rescue_deadline(const struct wd40_domain __arena *dom, u64 waited_ns,
			   struct policy policy)
{
	return READ_ONCE(dom->min_vtime) - policy_slice_ns(policy, dom->id) - waited_ns;
}

static u64 rescue_slice_ns(struct search *s, struct policy policy)
{
	if (!s->nr_long_slices)
		return policy_slice_ns(policy, s->domain);
	s->nr_long_slices--;
	return policy.config->slice_underutil_ns;
}

/* A place in a queue. */
struct place {
	u32 domain;
	u64 slice_ns;
	u64 deadline;
};

/*
 * Where a task that shall move goes, queued with that deadline: to the queue of its next domain, where it
 * is as far from the domain's time. It lives there from when it runs, since only then nobody else
 * changes its domain.
 */
static struct place place_abroad(const struct wd40_task __arena *t, u64 deadline, u32 to,
				 struct search *s, struct policy policy)
{
	u64 slice_ns = policy_slice_ns(policy, to);

	return (struct place){
		.domain = to,
		.slice_ns = slice_ns,
		.deadline =
			deadline_carry(deadline, &shared.domains[s->domain], &shared.domains[to],
				       2 * deadline_scale(slice_ns, t->weight)),
	};
}

/* The nearest domain that serves the task, which no CPU of its own does; WD40_NO_DOMAIN: it may stay. */
static u32 refuge(const struct wd40_task __arena *t, struct task_struct *p, u32 domain)
{
	const struct wd40_domain __arena *dom = domain_at(domain);

	if (!dom || !READ_ONCE(shared.nr_offline) || t->flags & WD40_TASK_ALL_CPUS ||
	    domain_serves(domain, p))
		return WD40_NO_DOMAIN;
	for (u32 i = 0; i < dom->nr_victims && can_loop; i++)
		if (domain_serves(dom->victims[i], p))
			return dom->victims[i];
	return WD40_NO_DOMAIN;
}

/*
 * Shall the task, queued with that deadline, go to another place? Who is in the queue of its next domain
 * already keeps its place there, before all who come later.
 */
static bool find_place(const struct wd40_task __arena *t, struct task_struct *p, struct search *s,
		       struct policy policy, struct place *ret)
{
	const struct wd40_domain __arena *dom = &shared.domains[s->domain];
	u64 queued_at = READ_ONCE(t->queued_at), waited_ns, deadline = p->scx.dsq_vtime;
	u32 to = refuge(t, p, s->domain);

	if (to == WD40_NO_DOMAIN)
		to = move_wanted(t);

	waited_ns = queued_at && s->now > queued_at ? s->now - queued_at : 0;
	if (waited_ns > s->longest_wait_ns)
		s->longest_wait_ns = waited_ns;
	if (to < shared.nr_domains && to != s->domain) {
		*ret = place_abroad(t, deadline, to, s, policy);
		return true;
	}
	if (waited_ns < WD40_RESCUE_AFTER_NS ||
	    deadline_before(deadline, READ_ONCE(dom->min_vtime) - policy_slice_ns(policy, dom->id)))
		return false;
	*ret = (struct place){
		.domain = s->domain,
		.slice_ns = rescue_slice_ns(s, policy),
		.deadline = rescue_deadline(dom, waited_ns, policy),
	};
	return true;
}

static void search_queue(struct search *s, struct policy policy)
{
	u64 turn = s->now, end = s->now + GUARD_DEPTH, from = QUEUE_DEADLINE(s->domain);
	struct task_struct *p;

	barrier_var(end); /* a number that the verifier knows would make it follow each turn */
	kernel_for_each_from_tail (p, from) {
		struct wd40_task __arena *t = task_of(p);
		struct place place;

		if (turn++ == end)
			break;
		if (!t || !find_place(t, p, s, policy, &place))
			continue;
		if (!kernel_requeue(p, from, QUEUE_DEADLINE(place.domain), place.slice_ns,
				    place.deadline))
			continue;
		if (place.domain == s->domain)
			count(WD40_CTR_RESCUED);
		else
			helper_wake(p, place.domain, policy.config, policy.tune);
	}
}

__hidden void guard_domain(u32 domain, struct policy policy, u64 now)
{
	struct wd40_domain __arena *dom = domain_at(domain);
	struct search s = { .now = now, .domain = domain };

	if (!dom || !search_is_due(dom, now))
		return;
	helper_wake_for_queue(domain, policy);
	if (!kernel_can_requeue())
		return;
	s.nr_long_slices = long_slices(dom, policy);
	search_queue(&s, policy);
	if (s.longest_wait_ns > READ_ONCE(dom->max_wait_ns))
		WRITE_ONCE(dom->max_wait_ns, s.longest_wait_ns);
}
