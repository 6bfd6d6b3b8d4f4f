// SPDX-License-Identifier: GPL-2.0-only
/*
 * wd40: the scheduler. Thin callbacks over the modules; each is built as the kernel's life of a task
 * goes.
 *
 *   init_task    a context in the arena; the parent's domain unless that is busier     (task)
 *   runnable     its weight counts in the domain's load from here                      (domain)
 *   select_cpu   an idle CPU for it? then straight to that CPU's local queue           (placement)
 *   enqueue      else the CPU of who computes, if an event woke it                     (preempt)
 *                else to the queue of its domain, by deadline; wake a helper  (deadline, helper)
 *   dispatch     a CPU wants work: a queue that nobody attends to, its domain's, then the neighbours'
 *                                                                            (attend, steal)
 *   running      clock of the stint starts; the domain's virtual time follows
 *   tick         its slice ends if the first of the queue could have taken its CPU  (preempt)
 *   stopping     the run is charged to its vtime
 *   quiescent    its weight counts no more
 *   exit_task    everything is given back
 *
 * The daemon steers through the arena (bpf/shared.h): the live configuration, the tuner's decision
 * and requests to move a task. A callback reads the former two once (policy_now) and goes by that
 * throughout.
 *
 * When a request to move is served. A task passes a point where its domain may change each time it
 * wakes up (select_cpu, or enqueue if it is bound to a CPU), has its slice used up (dispatch if it goes
 * on, else enqueue), and gets a CPU (running): so also one that never sleeps, and one that never finds
 * its CPU busy. One that waits in a queue for long is brought to the queue of its next domain (guard), and
 * is served when it runs there. One that sleeps is served when it wakes up, or answered when it ends.
 *
 * Why nobody starves. Every queued task has deadline = vtime + request, and the request is at most one
 * slice (scaled by weight, as vtime is). The domain's time passes whenever one of its tasks runs
 * that others had to wait for, whoever they are, and a task that wakes or arrives starts at most one
 * slice of credit behind it. So what may still go before a waiting task is bounded: per competitor,
 * the run that lifts its deadline beyond the waiting one's, which is the credit plus two slices. For
 * a light task beside heavy ones that may be minutes: the guard knows a bound in seconds. When the order
 * is FIFO nothing passes a queued task at all.
 *
 * Why no CPU stays idle beside a queued task that it may take: see bpf/helper.bpf.h.
 *
 * A CPU that is taken offline. The kernel makes it inactive, and from then on neither calls dispatch there nor
 * lets it take anybody; it waits for a grace period, for which threads of its own have to run; only then
 * cpu_offline is called. Did all others wait for that call, nobody served a queue whose last CPU goes, and
 * where the thread that ends grace periods waits in it, the machine would stand still till the kernel's
 * watchdog ends the scheduler. So nobody relies on being told: a CPU that becomes idle without having been
 * asked says itself that it has left (cpu_has_left), and takes that back when it is asked again; and a queue
 * that none of its CPUs serves is served by all (bpf/attend.bpf.h).
 */
#include "bpf/attend.bpf.h"
#include "bpf/cpu.bpf.h"
#include "bpf/deadline.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/guard.bpf.h"
#include "bpf/helper.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/placement.bpf.h"
#include "bpf/policy.bpf.h"
#include "bpf/preempt.bpf.h"
#include "bpf/report.bpf.h"
#include "bpf/steal.bpf.h"
#include "bpf/task.bpf.h"
#include "bpf/waits.bpf.h"

char _license[] SEC("license") = "GPL";

struct wd40_shared __arena shared;

/* --- Placement and queueing. ------------------------------------------------------------------- */

/* The task has a CPU without waiting. */
static void unoppose(struct wd40_task __arena *t, struct policy policy)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);

	WRITE_ONCE(t->queued_at, 0);
	if (dom)
		deadline_unopposed(t, dom, policy_slice_ns(policy, dom->id));
}

s32 SCHED_OPS(wd40_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct placement_wakeup wakeup = { .prev_cpu = prev_cpu, .wake_flags = wake_flags };
	struct policy policy = policy_now();
	struct wd40_task __arena *t = task_of(p);
	s32 cpu;

	if (!t)
		return prev_cpu;
	preempt_judge(p, t, cpu_here(), kernel_now(), wake_flags & WAKE_FORK);
	task_settle(p, t, policy);
	cpu = placement_claim_cpu(p, t, policy, &wakeup);
	if (cpu < 0)
		return prev_cpu;
	count(wakeup.why);
	unoppose(t, policy);
	kernel_insert(p, DSQ_LOCAL, policy_slice_ns(policy, t->domain), 0);
	return cpu;
}

/*
 * A task bound to its CPU skips select_cpu; it goes to the CPU directly when that is idle, or when
 * it is a kernel thread and those shall stay local. Else it queues like any other: a local queue is
 * served before the domain's, so hogs bound to their CPUs would starve everybody else.
 */
static bool queue_locally(struct task_struct *p, struct wd40_task __arena *t, struct policy policy,
			  u64 enq_flags)
{
	bool kthread = t->flags & WD40_TASK_KTHREAD;

	if (p->nr_cpus_allowed != 1)
		return false;
	if (kthread && policy.config->kthreads_local)
		count(WD40_CTR_KTHREAD_LOCAL);
	else if (scx_bpf_test_and_clear_cpu_idle(scx_bpf_task_cpu(p)))
		count(WD40_CTR_PINNED);
	else
		return false;
	unoppose(t, policy);
	kernel_insert(p, DSQ_LOCAL, policy_slice_ns(policy, t->domain), enq_flags);
	return true;
}

/* This CPU dies and may kick nobody: the task goes straight to the CPU that would have been kicked. */
static bool hand_over(struct task_struct *p, struct wd40_task __arena *t, struct policy policy,
		      u64 enq_flags)
{
	s32 cpu = helper_claim_unkicked(p, t->domain, policy);

	if (cpu < 0)
		return false;
	unoppose(t, policy);
	kernel_insert(p, DSQ_LOCAL_ON | cpu, policy_slice_ns(policy, t->domain), enq_flags);
	return true;
}

static void set_deadline(struct wd40_task __arena *t, const struct wd40_domain __arena *dom,
			 u64 slice_ns)
{
	if (deadline_set(t, dom, slice_ns))
		count(WD40_CTR_DEADLINE_CLAMPED);
}

/* The task takes its CPU from who runs there, if it may. Its deadline is set. */
static bool preempt(struct task_struct *p, struct wd40_task __arena *t, struct policy policy,
		    u64 now, u64 enq_flags)
{
	if (!preempt_claim(p, t, policy.config, now))
		return false;
	t->flags |= WD40_TASK_OPPOSED;
	WRITE_ONCE(t->queued_at, 0);
	kernel_insert(p, DSQ_LOCAL, policy_slice_ns(policy, t->domain), enq_flags | ENQ_PREEMPT);
	count(WD40_CTR_PREEMPTED);
	return true;
}

/* True when it is queued there: it has not got a CPU. */
static bool queue_in_domain(struct task_struct *p, struct wd40_task __arena *t,
			    struct policy policy, u64 now, u64 enq_flags)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	u64 slice = policy_slice_ns(policy, t->domain);

	if (!dom) {
		kernel_insert(p, DSQ_LOCAL, slice, enq_flags);
		return false;
	}
	set_deadline(t, dom, slice);
	if (preempt(p, t, policy, now, enq_flags))
		return false;
	WRITE_ONCE(t->queued_at, now);
	domain_expect(dom, now);
	if (policy.config->fifo_sched)
		kernel_insert(p, QUEUE_FIFO(t->domain), slice, enq_flags);
	else
		kernel_insert_vtime(p, QUEUE_DEADLINE(t->domain), slice, t->deadline, enq_flags);
	count(WD40_CTR_QUEUED);
	return true;
}

/* Who goes on wanting to run was not woken by anything; a wakeup that may choose its CPU is judged there. */
static void judge_enqueued(struct task_struct *p, struct wd40_task __arena *t, u64 now,
			   u64 enq_flags)
{
	if (!(enq_flags & ENQ_WAKEUP))
		t->prompt = 0;
	else if (!(enq_flags & ENQ_SELECTED))
		preempt_judge(p, t, cpu_here(), now, false);
}

void SCHED_OPS(wd40_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct policy policy = policy_now();
	struct wd40_task __arena *t = task_of(p);
	u64 now = kernel_now();

	if (!t) {
		kernel_insert(p, DSQ_LOCAL, policy_slice_ns(policy, WD40_NO_DOMAIN), enq_flags);
		return;
	}
	judge_enqueued(p, t, now, enq_flags);
	task_settle(p, t, policy);
	if (queue_locally(p, t, policy, enq_flags) || hand_over(p, t, policy, enq_flags))
		return;
	if (domain_of_cpu(scx_bpf_task_cpu(p)) != t->domain)
		count(WD40_CTR_REPATRIATE);
	if (queue_in_domain(p, t, policy, now, enq_flags))
		helper_wake(p, t->domain, policy.config, policy.tune);
}

/*
 * prev has used up its slice but could go on: does it come before the first of the queue for this CPU?
 * Without this question two tasks on one CPU would alternate whatever their weights, because prev is
 * queued only after the CPU has chosen.
 */
static bool prev_comes_first(struct wd40_task __arena *t, s32 cpu, struct policy policy)
{
	u32 domain = domain_of_cpu(cpu);
	struct wd40_domain __arena *dom = domain_at(domain);
	u64 first;

	if (!dom || policy.config->fifo_sched || t->domain != domain ||
	    !queue_first_deadline(domain, cpu, policy.config, &first))
		return false;
	set_deadline(t, dom, policy_slice_ns(policy, domain));
	return deadline_before(t->deadline, first);
}

static void keep(struct task_struct *prev, const struct wd40_task __arena *t,
		 struct wd40_cpu __arena *c, struct policy policy, u64 now)
{
	kernel_set_slice(prev, policy_slice_ns(policy, t->domain));
	preempt_go_on(c, now);
	count(WD40_CTR_KEPT);
}

static bool consume(u32 domain, struct policy policy)
{
	if (!queue_consume(domain, policy.config))
		return false;
	count(WD40_CTR_DISPATCH_OWN);
	return true;
}

static bool consume_abroad(u32 domain, struct policy policy)
{
	s32 why = steal(domain, policy.config);

	if (why >= 0)
		count(why);
	return why >= 0;
}

/*
 * Who goes next on the CPU: its domain's first, or prev once more (t: its context if it can go on). False where
 * somebody waits whom it could not take.
 */
static bool choose(s32 cpu, struct task_struct *prev, struct wd40_task __arena *t,
		   struct policy policy, u64 now)
{
	struct wd40_cpu __arena *c = &shared.cpus[cpu];
	u32 domain = c->domain;

	if (t && prev_comes_first(t, cpu, policy)) {
		t->flags |= WD40_TASK_OPPOSED;
		keep(prev, t, c, policy, now);
		return true;
	}
	if (consume(domain, policy) || (!t && consume_abroad(domain, policy))) {
		if (!prev)
			helper_wake_next(c, policy);
		return true;
	}
	if (t) {
		unoppose(t, policy);
		keep(prev, t, c, policy, now);
	} else if (!prev) {
		helper_pass_on(c, policy);
		cpu_stay_idle(c, now);
	}
	return !queue_length(domain, policy.config);
}

/* The CPU gives somebody from another queue the next turn, if that is due. */
static bool give_turn(struct wd40_cpu __arena *c, struct task_struct *prev, struct policy policy,
		      u64 now)
{
	if (!steal_orphan(policy.config) && !attend_elsewhere(c, policy.config, now))
		return false;
	count(WD40_CTR_STEAL_FAR);
	if (!prev)
		helper_wake_next(c, policy);
	return true;
}

void SCHED_OPS(wd40_dispatch, s32 cpu, struct task_struct *prev)
{
	struct policy policy = policy_now();
	bool prev_runnable = prev && (prev->scx.flags & TASK_QUEUED);
	struct wd40_task __arena *t = prev_runnable ? task_of(prev) : NULL;
	struct wd40_cpu __arena *c = cpu_record(cpu);
	u32 domain = domain_of_cpu(cpu);
	u64 now = kernel_now();

	if (c) /* for a task that goes on, running is not called */
		cpu_apply_perf(c, cpu, policy.config->perf_level);
	if (t) {
		deadline_charge(t, domain_at(t->domain), kernel_ran_ns(prev));
		task_catch_up(prev, t, policy);
	}
	if (!c || domain >= shared.nr_domains)
		return;
	c->asked = true;
	if (!READ_ONCE(c->online)) /* the kernel asks: it is there, whatever it seemed to be */
		domain_cpu_online(cpu, true);
	if (!give_turn(c, prev, policy, now)) {
		guard_domain(domain, policy, now);
		if (!choose(cpu, prev, t, policy, now))
			return;
	}
	c->attends = true;
	attend(&shared.domains[domain], now);
}

/* The CPU goes offline. It may have been called to a queue; and its tasks may have no other CPU at home. */
static void leave(s32 cpu)
{
	struct wd40_domain __arena *dom = domain_at(domain_of_cpu(cpu));

	domain_cpu_online(cpu, false);
	if (dom)
		guard_soon(dom);
	helper_wake_all();
}

/*
 * A CPU that is idle no more, though it was called to a queue and has not been in dispatch, was given a
 * task by the kernel itself: one that must not migrate.
 */
void SCHED_OPS(wd40_update_idle, s32 cpu, bool idle)
{
	struct wd40_cpu __arena *c = cpu_record(cpu);
	u32 domain = domain_of_cpu(cpu);
	struct wd40_domain __arena *dom = domain_at(domain);
	u64 now = kernel_now();

	if (!c)
		return;
	cpu_set_idle(c, idle, now);
	if (cpu_has_left(c, idle))
		leave(cpu);
	c->asked = false;
	if (!dom || !cpu_may_kick())
		return;
	if (idle) {
		helper_look_around(cpu, domain, policy_now());
		return;
	}
	if (c->attends)
		attend(dom, now);
	c->attends = false;
	if (c->called_to != WD40_NO_DOMAIN)
		helper_wake_next(c, policy_now());
}

/* --- Life on a CPU. ---------------------------------------------------------------------------- */

void SCHED_OPS(wd40_runnable, struct task_struct *p, u64 enq_flags)
{
	struct wd40_task __arena *t = task_of(p);

	if (!t)
		return;
	t->runnable_since = waits_stamp(kernel_now());
	domain_set_runnable(t, true, policy_load_now(policy_now()));
}

void SCHED_OPS(wd40_quiescent, struct task_struct *p, u64 deq_flags)
{
	struct wd40_task __arena *t = task_of(p);

	if (!t)
		return;
	WRITE_ONCE(t->queued_at, 0);
	domain_set_runnable(t, false, policy_load_now(policy_now()));
}

/* It leaves its queue. True for one that waited for too long: it had no share by its weight, so owes none. */
static bool leave_queue(struct task_struct *p, struct wd40_task __arena *t, struct policy policy,
			u64 now)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	bool rescued;

	if (!dom)
		return false;
	rescued = waits_end(t, dom, now) > WD40_RESCUE_AFTER_NS;
	task_catch_up(p, t, policy);
	dom = domain_at(t->domain);
	if (!dom)
		return false;
	if (rescued)
		deadline_limit_lead(t, dom,
				    deadline_scale(policy_slice_ns(policy, dom->id), t->weight));
	t->flags |= WD40_TASK_OPPOSED;
	deadline_advance_domain(dom, t->vtime);
	return rescued;
}

void SCHED_OPS(wd40_running, struct task_struct *p)
{
	struct policy policy = policy_now();
	struct wd40_task __arena *t = task_of(p);
	s32 cpu = scx_bpf_task_cpu(p); /* another one changes attributes of a running task */
	struct wd40_cpu __arena *c = cpu_record(cpu);
	u64 now = kernel_now();

	if (!t || !c)
		return;
	deadline_begin(t, kernel_ran_ns(p));
	cpu_begin_stint(c, now);
	preempt_begin_run(c, t, now);
	waits_record(c, t, now);
	cpu_apply_perf(c, cpu, policy.config->perf_level);
	if (!t->queued_at)
		task_catch_up(p, t, policy);
	else if (leave_queue(p, t, policy, now))
		WRITE_ONCE(c->yields_at, WD40_YIELDS_NEVER);
}

void SCHED_OPS(wd40_stopping, struct task_struct *p, bool runnable)
{
	struct wd40_task __arena *t = task_of(p);
	struct wd40_cpu __arena *c = cpu_record(scx_bpf_task_cpu(p));
	u64 now = kernel_now();

	if (!t || !c)
		return;
	deadline_charge(t, domain_at(t->domain), kernel_ran_ns(p));
	if (runnable) {
		t->runnable_since = waits_stamp(now);
		c->asked = true; /* if it is idle next, core scheduling wants that */
	} else {
		deadline_sleep(t);
	}
	preempt_end_run(c);
	cpu_end_stint(c, now);
}

void SCHED_OPS(wd40_tick, struct task_struct *p)
{
	if (preempt_at_tick(scx_bpf_task_cpu(p), policy_now().config, kernel_now()))
		kernel_set_slice(p, 0);
}

/* --- Attributes, birth and death. -------------------------------------------------------------- */

void SCHED_OPS(wd40_set_weight, struct task_struct *p, u32 weight)
{
	struct wd40_task __arena *t = task_of(p);

	if (t)
		domain_set_weight(t, weight, policy_load_now(policy_now()));
}

void SCHED_OPS(wd40_set_cpumask, struct task_struct *p, const struct cpumask *cpumask)
{
	struct wd40_task __arena *t = task_of(p);

	if (t) /* the kernel has set p->cpus_ptr before */
		task_look_up(p, t, policy_now());
}

s32 SCHED_OPS_SLEEPABLE(wd40_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	return task_begin(p, args->fork, policy_now());
}

void SCHED_OPS(wd40_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	task_end(p, policy_now());
}

/* --- The scheduler's own life. ------------------------------------------------------------------ */

void SCHED_OPS_SLEEPABLE(wd40_cpu_online, s32 cpu)
{
	if (!domain_cpu_online(cpu, true))
		kernel_exit(ECODE_HOTPLUG | ECODE_RESTART,
			    "cpu %d came online and belongs to no domain yet", cpu);
}

void SCHED_OPS_SLEEPABLE(wd40_cpu_offline, s32 cpu)
{
	leave(cpu);
}

s32 SCHED_OPS_SLEEPABLE(wd40_init)
{
	struct task_struct *any = bpf_get_current_task_btf();
	const struct cpumask *online = scx_bpf_get_online_cpumask();

	domain_begin(kernel_mask_at(any, online));
	scx_bpf_put_cpumask(online);
	return queues_create();
}

void SCHED_OPS_SLEEPABLE(wd40_exit, struct scx_exit_info *info)
{
	report_end(info);
}

void SCHED_OPS(wd40_dump, struct scx_dump_ctx *dump)
{
	report_machine(policy_now());
}

void SCHED_OPS(wd40_dump_cpu, struct scx_dump_ctx *dump, s32 cpu, bool idle)
{
	report_cpu(cpu);
}

void SCHED_OPS(wd40_dump_task, struct scx_dump_ctx *dump, struct task_struct *p)
{
	struct wd40_task __arena *t = task_of(p);

	if (t)
		report_task(t);
}

SEC(".struct_ops.link")
struct sched_ext_ops wd40_ops = {
	.select_cpu = (void *)wd40_select_cpu,
	.enqueue = (void *)wd40_enqueue,
	.dispatch = (void *)wd40_dispatch,
	.runnable = (void *)wd40_runnable,
	.running = (void *)wd40_running,
	.stopping = (void *)wd40_stopping,
	.tick = (void *)wd40_tick,
	.quiescent = (void *)wd40_quiescent,
	.set_weight = (void *)wd40_set_weight,
	.set_cpumask = (void *)wd40_set_cpumask,
	.update_idle = (void *)wd40_update_idle,
	.init_task = (void *)wd40_init_task,
	.exit_task = (void *)wd40_exit_task,
	.dump = (void *)wd40_dump,
	.dump_cpu = (void *)wd40_dump_cpu,
	.dump_task = (void *)wd40_dump_task,
	.cpu_online = (void *)wd40_cpu_online,
	.cpu_offline = (void *)wd40_cpu_offline,
	.init = (void *)wd40_init,
	.exit = (void *)wd40_exit,
	.name = WD40_OPS_NAME,
};
