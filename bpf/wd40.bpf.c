// SPDX-License-Identifier: GPL-2.0-only
/*
 * wd40: the scheduler. Thin callbacks over the modules; each is built as the kernel's life of a task
 * goes.
 *
 *   init_task    a context in the arena; the parent's domain unless that is busier
 *   runnable     its weight counts in the domain's load from here
 *   select_cpu   an idle CPU for it? then straight to that CPU's local queue      (placement)
 *   enqueue      else to the queue of its domain, by deadline; wake a helper      (deadline)
 *   dispatch     a CPU wants work: its domain's queue, then the neighbours'       (steal)
 *   running      clock of the stint starts; the domain's virtual time follows
 *   stopping     the run is charged to its vtime
 *   quiescent    its weight counts no more
 *   exit_task    everything is given back
 *
 * The daemon steers through the arena (bpf/shared.h): the live configuration, the tuner's decision
 * and requests to move a task. A callback reads each once (policy_now) and goes by that throughout.
 *
 * Why nobody starves. Every queued task has deadline = vtime + request, and the request is at most one
 * slice (scaled by weight, as vtime is). The domain's time passes whenever one of its tasks runs
 * that others had to wait for, whoever they are, and a task that wakes or arrives starts at most one
 * slice of credit behind it. So what may still go before a waiting task is bounded: per competitor,
 * the run that lifts its deadline beyond the waiting one's, which is the credit plus two slices. For
 * a light task beside heavy ones that may be minutes: whoever has waited for WD40_RESCUE_AFTER_NS is
 * brought forward, whatever its weight. When the order is FIFO nothing passes a queued task at all.
 */
#include "bpf/arena.bpf.h"
#include "bpf/deadline.bpf.h"
#include "bpf/domain.bpf.h"
#include "bpf/kernel.bpf.h"
#include "bpf/move.bpf.h"
#include "bpf/placement.bpf.h"
#include "bpf/steal.bpf.h"

char _license[] SEC("license") = "GPL";

struct wd40_shared __arena shared;

/* Which context a task has. It dies with the task, so the pointer never outlives the slot's use. */
struct task_ref {
	struct wd40_task __arena *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ref);
} task_refs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WD40_PAGE_SIZE);
} events SEC(".maps");

/* How many tasks from the end of a queue are looked at when one searches for who waits too long. */
#define RESCUE_DEPTH 256

/* --- What every callback needs. ---------------------------------------------------------------- */

static __always_inline void count(u32 counter)
{
	u32 cpu = bpf_get_smp_processor_id();

	if (cpu < shared.nr_cpu_ids && counter < WD40_NR_COUNTERS)
		shared.cpus[cpu].counters[counter]++;
}

/* One generation of the configuration and of the tuner's decision. */
static __always_inline struct placement_policy policy_now(void)
{
	u32 config = READ_ONCE(shared.config_current) % WD40_CONFIG_SLOTS;
	u32 tune = READ_ONCE(shared.tune_current) % 2;

	return (struct placement_policy){
		.config = &shared.configs[config],
		.tune = &shared.tunes[tune],
	};
}

static __always_inline u64 slice_ns(struct placement_policy policy)
{
	return policy.tune->overutilized ? policy.config->slice_overutil_ns
					 : policy.config->slice_underutil_ns;
}

static __always_inline u64 load_time(struct placement_policy policy)
{
	return load_now(policy.config, kernel_now());
}

/* How far a task's vtime may lead or lag when it changes domains. */
static __always_inline u64 lag_limit_ns(const struct wd40_task __arena *t,
					struct placement_policy policy)
{
	return 2 * deadline_scale(slice_ns(policy), t->weight);
}

/* The context of a task; NULL is counted, and the task then gets the simplest treatment. */
static struct wd40_task __arena *task_of(struct task_struct *p)
{
	struct task_ref *ref = bpf_task_storage_get(&task_refs, p, NULL, 0);

	if (!ref || !ref->task) {
		count(WD40_CTR_TASK_MISSING);
		return NULL;
	}
	return ref->task;
}

/* Serves the task's pending request to move, if any, where its domain may change: it is not queued. */
static void serve_move(struct wd40_task __arena *t, struct placement_policy policy)
{
	if (!READ_ONCE(t->move))
		return;
	switch (move_serve(t, load_time(policy), lag_limit_ns(t, policy))) {
	case WD40_MOVE_FREE: break;
	case WD40_MOVE_APPLIED: count(WD40_CTR_MOVE_APPLIED); break;
	case WD40_MOVE_STALE: count(WD40_CTR_MOVE_STALE); break;
	default: count(WD40_CTR_MOVE_REFUSED); break;
	}
}

/*
 * May this CPU kick others? Not while it dies: its interrupts are flushed before its last wakeups and
 * its last step to idle, so a kick from there would stay pending for ever, and the kernel would wait
 * for it when the scheduler is detached.
 */
static __always_inline bool may_kick(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return cpu < shared.nr_cpu_ids && READ_ONCE(shared.cpus[cpu].online);
}

/* --- Placement and queueing. ------------------------------------------------------------------- */

/* The task has a CPU without waiting. */
static void unoppose(struct wd40_task __arena *t, struct placement_policy policy)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);

	WRITE_ONCE(t->queued_at, 0);
	if (dom)
		deadline_unopposed(t, dom, slice_ns(policy));
}

s32 SCHED_OPS(wd40_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct placement_wakeup wakeup = { .prev_cpu = prev_cpu, .wake_flags = wake_flags };
	struct placement_policy policy = policy_now();
	struct wd40_task __arena *t = task_of(p);
	s32 cpu;

	if (!t)
		return prev_cpu;
	cpu = placement_claim_cpu(p, t, policy, &wakeup);
	if (cpu < 0)
		return prev_cpu;
	count(wakeup.why);
	unoppose(t, policy);
	kernel_insert(p, DSQ_LOCAL, slice_ns(policy), 0);
	return cpu;
}

/*
 * A task bound to its CPU skips select_cpu; it goes to the CPU directly when that is idle, or when
 * it is a kernel thread and those shall stay local. Else it queues like any other: a local queue is
 * served before the domain's, so hogs bound to their CPUs would starve everybody else.
 */
static bool queue_locally(struct task_struct *p, struct wd40_task __arena *t,
			  struct placement_policy policy, u64 enq_flags)
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
	kernel_insert(p, DSQ_LOCAL, slice_ns(policy), enq_flags);
	return true;
}

/*
 * The task's domain from now on: the memory policy's choice, and never one without a CPU for it. While
 * CPUs are offline a task with an affinity follows the CPU that the kernel has put it on, since of its
 * domains' CPUs just the offline ones may be its own.
 */
static void settle_domain(struct task_struct *p, struct wd40_task __arena *t,
			  struct placement_policy policy)
{
	u64 nodes = 0;
	u32 to;

	if (policy.config->mempolicy_affinity)
		nodes = placement_preferred_nodes(p);
	if (READ_ONCE(shared.nr_offline) && !(t->flags & WD40_TASK_ALL_CPUS))
		to = domain_of_cpu(scx_bpf_task_cpu(p));
	else if (nodes || READ_ONCE(shared.nr_orphaned))
		to = domain_nearest_allowed(t, t->domain, nodes);
	else
		return;
	if (to == t->domain || to == WD40_NO_DOMAIN)
		return;
	domain_transfer(t, to, load_time(policy), lag_limit_ns(t, policy));
	count(WD40_CTR_RESHAPED);
}

static void queue_in_domain(struct task_struct *p, struct wd40_task __arena *t,
			    struct placement_policy policy, u64 now, u64 enq_flags)
{
	struct wd40_domain __arena *dom = domain_at(t->domain);
	u64 slice = slice_ns(policy);

	if (!dom) {
		kernel_insert(p, DSQ_LOCAL, slice, enq_flags);
		return;
	}
	if (deadline_set(t, dom, slice))
		count(WD40_CTR_DEADLINE_CLAMPED);
	WRITE_ONCE(t->queued_at, now);
	if (policy.config->fifo_sched)
		kernel_insert(p, QUEUE_FIFO(t->domain), slice, enq_flags);
	else
		kernel_insert_vtime(p, QUEUE_DEADLINE(t->domain), slice, t->deadline, enq_flags);
	count(WD40_CTR_QUEUED);
}

void SCHED_OPS(wd40_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct placement_policy policy = policy_now();
	struct wd40_task __arena *t = task_of(p);
	u64 now = kernel_now();
	u32 why = 0;
	s32 cpu;

	if (!t) {
		kernel_insert(p, DSQ_LOCAL, slice_ns(policy), enq_flags);
		return;
	}
	serve_move(t, policy);
	settle_domain(p, t, policy);
	if (queue_locally(p, t, policy, enq_flags))
		return;
	if (domain_of_cpu(scx_bpf_task_cpu(p)) != t->domain)
		count(WD40_CTR_REPATRIATE);
	queue_in_domain(p, t, policy, now, enq_flags);
	if (!may_kick())
		return;
	cpu = placement_claim_helper(p, t, policy, &why);
	if (cpu >= 0) {
		count(why);
		scx_bpf_kick_cpu(cpu, KICK_IDLE);
	}
}

/*
 * prev has used up its slice but could go on: does it come before the first task of the queue? Without
 * this question two tasks on one CPU would alternate whatever their weights, because prev is queued
 * only after the CPU has chosen.
 */
static bool prev_comes_first(struct wd40_task __arena *t, u32 domain,
			     struct placement_policy policy)
{
	struct wd40_domain __arena *dom = domain_at(domain);
	u64 head;

	if (!dom || policy.config->fifo_sched || t->domain != domain ||
	    !kernel_queue_head(QUEUE_DEADLINE(domain), &head))
		return false;
	/* what was queued in the other order goes first */
	if (policy.config->order_changed && scx_bpf_dsq_nr_queued(QUEUE_FIFO(domain)) > 0)
		return false;
	deadline_set(t, dom, slice_ns(policy));
	return deadline_before(t->deadline, head);
}

/* One CPU of a domain finds it true, once in the interval. */
static bool rescue_is_due(struct wd40_domain __arena *dom, u64 now)
{
	u64 last = READ_ONCE(dom->rescued_at);

	return now >= last + WD40_RESCUE_INTERVAL_NS &&
	       __sync_val_compare_and_swap(&dom->rescued_at, last, now) == last;
}

/*
 * A task of little weight would wait for minutes beside heavy ones, which may have come after it was
 * queued. The kernel ends a scheduler where a task waits for 30 s, or holds up RCU for 21 s since it was
 * preempted while it read (seen: khugepaged, nice 19, beside hogs at nice -20). So now and then one looks
 * at the end of the queue, and brings to its head who has waited for too long, for a long slice.
 */
static void rescue(u32 domain, struct placement_policy policy, u64 now)
{
	struct wd40_domain __arena *dom = domain_at(domain);
	u64 turn = now, end = now + RESCUE_DEPTH;
	struct task_struct *p;

	if (!dom || !kernel_can_requeue() || !rescue_is_due(dom, now))
		return;
	barrier_var(end); /* a number that the verifier knows would make it follow each turn */
	kernel_for_each_from_tail (p, QUEUE_DEADLINE(domain)) {
		struct wd40_task __arena *t = task_of(p);

		if (turn++ == end)
			break;
		if (!t || !t->queued_at || now < t->queued_at + WD40_RESCUE_AFTER_NS)
			continue;
		if (kernel_requeue(p, QUEUE_DEADLINE(domain), policy.config->slice_underutil_ns,
				   dom->min_vtime - slice_ns(policy)))
			count(WD40_CTR_RESCUED);
	}
}

static void keep(struct task_struct *prev, struct placement_policy policy)
{
	kernel_set_slice(prev, slice_ns(policy));
	count(WD40_CTR_KEPT);
}

void SCHED_OPS(wd40_dispatch, s32 cpu, struct task_struct *prev)
{
	struct placement_policy policy = policy_now();
	bool prev_runnable = prev && (prev->scx.flags & TASK_QUEUED);
	struct wd40_task __arena *t = prev_runnable ? task_of(prev) : NULL;
	u32 domain = domain_of_cpu(cpu);
	u64 now = kernel_now();
	s32 why;

	if (t) {
		deadline_charge(t, domain_at(t->domain), now);
		serve_move(t, policy);
	}
	if (domain == WD40_NO_DOMAIN)
		return;
	if (steal_orphan(policy.config)) {
		count(WD40_CTR_STEAL_FAR);
		return;
	}
	rescue(domain, policy, now);
	if (t && prev_comes_first(t, domain, policy)) {
		t->flags |= WD40_TASK_OPPOSED;
		keep(prev, policy);
	} else if (queue_consume(domain, policy.config)) {
		count(WD40_CTR_DISPATCH_OWN);
	} else if (prev_runnable) {
		if (t)
			unoppose(t, policy);
		keep(prev, policy);
	} else {
		why = steal(domain, policy.config);
		if (why >= 0)
			count(why);
	}
}

/*
 * The CPU has been marked idle. A task may have been queued after it looked into the queues and
 * before it was marked, so that nobody kicked it: look again. Only into the own domain's: the
 * neighbours' are looked into by their own CPUs, and asking them all at each idle costs more.
 */
void SCHED_OPS(wd40_update_idle, s32 cpu, bool idle)
{
	u32 domain = domain_of_cpu(cpu);

	if (!idle || domain == WD40_NO_DOMAIN || !may_kick())
		return;
	if (queue_length(domain, policy_now().config))
		scx_bpf_kick_cpu(cpu, KICK_IDLE);
}

/* --- Life on a CPU. ---------------------------------------------------------------------------- */

void SCHED_OPS(wd40_runnable, struct task_struct *p, u64 enq_flags)
{
	struct wd40_task __arena *t = task_of(p);

	if (t)
		domain_set_runnable(t, true, load_time(policy_now()));
}

void SCHED_OPS(wd40_quiescent, struct task_struct *p, u64 deq_flags)
{
	struct wd40_task __arena *t = task_of(p);

	if (!t)
		return;
	WRITE_ONCE(t->queued_at, 0);
	domain_set_runnable(t, false, load_time(policy_now()));
}

/*
 * The wait of a queued task is over. Returns it, and records the domain's longest: two CPUs may race,
 * the larger value comes back with its next wait.
 */
static u64 end_wait(struct wd40_task __arena *t, struct wd40_domain __arena *dom, u64 now)
{
	u64 waited_ns = now > t->queued_at ? now - t->queued_at : 0;

	WRITE_ONCE(t->queued_at, 0);
	if (waited_ns > READ_ONCE(dom->max_wait_ns))
		WRITE_ONCE(dom->max_wait_ns, waited_ns);
	return waited_ns;
}

/* cpufreq is asked only where the wish differs from what was asked last; 0 gives the kernel's own. */
static void apply_perf(struct wd40_cpu __arena *c, s32 cpu, u32 level)
{
	if (c->perf_applied == level)
		return;
	c->perf_applied = level;
	scx_bpf_cpuperf_set(cpu, level ?: CPUPERF_ONE);
}

void SCHED_OPS(wd40_running, struct task_struct *p)
{
	struct wd40_task __arena *t = task_of(p);
	u32 cpu = bpf_get_smp_processor_id();
	struct wd40_domain __arena *dom;
	u64 now = kernel_now();

	if (!t || cpu >= shared.nr_cpu_ids)
		return;
	WRITE_ONCE(t->running_at, now);
	WRITE_ONCE(shared.cpus[cpu].running_since, now);
	WRITE_ONCE(shared.cpus[cpu].clock_ns, now);
	apply_perf(&shared.cpus[cpu], cpu, policy_now().config->perf_level);
	dom = domain_at(t->domain);
	if (!dom || !t->queued_at)
		return;
	if (end_wait(t, dom, now) >
	    WD40_RESCUE_AFTER_NS) /* then its weight was not kept to anyway */
		deadline_limit_lead(t, dom, deadline_scale(slice_ns(policy_now()), t->weight));
	t->flags |= WD40_TASK_OPPOSED;
	deadline_advance_domain(dom, t->vtime);
}

void SCHED_OPS(wd40_stopping, struct task_struct *p, bool runnable)
{
	struct wd40_task __arena *t = task_of(p);
	u32 cpu = bpf_get_smp_processor_id();
	u64 now = kernel_now(), since;

	if (!t || cpu >= shared.nr_cpu_ids)
		return;
	deadline_charge(t, domain_at(t->domain), now);
	WRITE_ONCE(t->running_at, 0);
	if (!runnable)
		deadline_sleep(t);
	since = shared.cpus[cpu].running_since;
	if (since && now > since)
		shared.cpus[cpu].busy_ns += now - since;
	WRITE_ONCE(shared.cpus[cpu].running_since, 0);
	WRITE_ONCE(shared.cpus[cpu].clock_ns, now);
}

/* --- Attributes, birth and death. -------------------------------------------------------------- */

void SCHED_OPS(wd40_set_weight, struct task_struct *p, u32 weight)
{
	struct wd40_task __arena *t = task_of(p);

	if (t)
		domain_set_weight(t, weight, load_time(policy_now()));
}

/* The domain stays as long as the new affinity allows it; else the nearest allowed one. */
void SCHED_OPS(wd40_set_cpumask, struct task_struct *p, const struct cpumask *cpumask)
{
	struct placement_policy policy = policy_now();
	struct wd40_task __arena *t = task_of(p);
	u32 to;

	if (!t)
		return;
	domain_set_allowed(t, p); /* the kernel has set p->cpus_ptr before */
	to = domain_nearest_allowed(t, t->domain, 0);
	if (to == t->domain)
		return;
	domain_transfer(t, to, load_time(policy), lag_limit_ns(t, policy));
	count(WD40_CTR_RESHAPED);
}

/*
 * WRITE_ONCE: clang-19 makes one memset of plain zero stores, and forgets the address space in it.
 * move stays as it is: a request left to the slot's last user has been answered before.
 */
static void task_init(struct wd40_task __arena *t, u32 index, struct task_struct *p)
{
	t->index = index;
	t->pid = p->pid;
	t->weight = p->scx.weight ?: WD40_BASE_WEIGHT;
	t->flags = (p->flags & PF_WQ_WORKER ? WD40_TASK_KWORKER : 0) |
		   (p->flags & PF_KTHREAD ? WD40_TASK_KTHREAD : 0);
	WRITE_ONCE(t->deadline, 0);
	WRITE_ONCE(t->avg_run_ns, 0);
	WRITE_ONCE(t->run_since_wake_ns, 0);
	WRITE_ONCE(t->running_at, 0);
	WRITE_ONCE(t->queued_at, 0);
}

/* Where a new task begins: near its parent, or where it is now when the scheduler has just begun. */
static u32 first_domain(struct wd40_task __arena *t, struct task_struct *p, bool fork)
{
	struct task_ref *ref = NULL;
	u32 here;

	if (fork)
		ref = bpf_task_storage_get(&task_refs, bpf_get_current_task_btf(), NULL, 0);
	if (ref && ref->task)
		return domain_for_fork(t, ref->task->domain);
	here = domain_of_cpu(scx_bpf_task_cpu(p));
	return domain_nearest_allowed(t, here == WD40_NO_DOMAIN ? 0 : here, 0);
}

s32 SCHED_OPS_SLEEPABLE(wd40_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct wd40_domain __arena *dom;
	struct wd40_task __arena *t;
	struct task_ref *ref;
	s64 index;

	ref = bpf_task_storage_get(&task_refs, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!ref)
		return -ENOMEM;
	index = slab_alloc(&shared.tasks);
	if (index < 0) {
		count(WD40_CTR_TASK_ALLOC_FAILED);
		return -ENOMEM;
	}
	t = (struct wd40_task __arena *)slab_slot(&shared.tasks, index);
	if (move_answer_stale(t))
		count(WD40_CTR_MOVE_STALE);
	task_init(t, index, p);
	domain_set_allowed(t, p);
	domain_join(t, first_domain(t, p, args->fork), load_time(policy_now()));
	dom = domain_at(t->domain);
	if (dom)
		t->vtime = READ_ONCE(dom->min_vtime);
	ref->task = t;
	return 0;
}

void SCHED_OPS(wd40_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	struct task_ref *ref = bpf_task_storage_get(&task_refs, p, NULL, 0);
	struct wd40_task __arena *t;

	if (!ref || !ref->task)
		return;
	t = ref->task;
	ref->task = NULL;
	if (move_answer_stale(t))
		count(WD40_CTR_MOVE_STALE);
	domain_leave(t, load_time(policy_now()));
	slab_free(&shared.tasks, t->index);
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
	domain_cpu_online(cpu, false);
}

s32 SCHED_OPS_SLEEPABLE(wd40_init)
{
	struct task_struct *any = bpf_get_current_task_btf();
	s32 err = queues_create();
	const struct cpumask *cpus;
	kernel_mask online;

	if (err)
		return err;
	shared.nr_orphaned = shared.nr_domains;
	for (u32 d = 0; d < shared.nr_domains && can_loop; d++)
		shared.nr_offline += shared.domains[d].nr_cpus;
	cpus = scx_bpf_get_online_cpumask();
	online = kernel_mask_at(any, cpus);
	for (u32 cpu = 0; cpu < shared.nr_cpu_ids && can_loop; cpu++)
		if (cpumask_kernel_test(online, cpu))
			domain_cpu_online(cpu, true);
	scx_bpf_put_cpumask(cpus);
	return 0;
}

void SCHED_OPS_SLEEPABLE(wd40_exit, struct scx_exit_info *info)
{
	u64 dump = (u64)BPF_CORE_READ(info, dump);
	struct wd40_exit_event *event;

	if (dump)
		shared.exit_dump = (const char __arena *)arena_copy_text(dump);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return;
	event->kind = BPF_CORE_READ(info, kind);
	event->pad = 0;
	event->code = bpf_core_field_exists(info->exit_code) ? BPF_CORE_READ(info, exit_code) : 0;
	bpf_probe_read_kernel_str(event->reason, sizeof(event->reason),
				  BPF_CORE_READ(info, reason));
	bpf_probe_read_kernel_str(event->message, sizeof(event->message), BPF_CORE_READ(info, msg));
	bpf_ringbuf_submit(event, 0);
}

/* --- What the kernel prints when the scheduler fails, or on request. ---------------------------- */

void SCHED_OPS(wd40_dump, struct scx_dump_ctx *dump)
{
	struct placement_policy policy = policy_now();

	kernel_dump(
		"wd40: config generation %llu, slice %llu us, tuner round %llu, overutilized %d",
		policy.config->generation, slice_ns(policy) / 1000, policy.tune->round,
		policy.tune->overutilized);
	kernel_dump("wd40: %u tasks in %u chunks, %u domains, %u without a CPU",
		    shared.tasks.nr_used, shared.tasks.nr_chunks, shared.nr_domains,
		    shared.nr_orphaned);
	for (u32 d = 0; d < shared.nr_domains && can_loop; d++) {
		struct wd40_domain __arena *dom = &shared.domains[d];

		kernel_dump("wd40: domain %u: node %u, %u tasks, rate %llu, queued %u", d,
			    dom->node_id, dom->nr_tasks, dom->load_rate,
			    queue_length(d, policy.config));
		kernel_dump("wd40: domain %u: min_vtime %llu, longest wait %llu us", d,
			    dom->min_vtime, dom->max_wait_ns / 1000);
	}
}

void SCHED_OPS(wd40_dump_cpu, struct scx_dump_ctx *dump, s32 cpu, bool idle)
{
	struct wd40_cpu __arena *c;

	if (idle || domain_of_cpu(cpu) == WD40_NO_DOMAIN)
		return;
	c = &shared.cpus[cpu];
	kernel_dump("wd40: domain %u, busy %llu us, own %llu, stolen %llu", c->domain,
		    c->busy_ns / 1000, c->counters[WD40_CTR_DISPATCH_OWN],
		    c->counters[WD40_CTR_STEAL_NODE] + c->counters[WD40_CTR_STEAL_FAR]);
}

void SCHED_OPS(wd40_dump_task, struct scx_dump_ctx *dump, struct task_struct *p)
{
	struct wd40_task __arena *t = task_of(p);
	u64 now = kernel_now();

	if (!t)
		return;
	kernel_dump("wd40: slot %u/%u, domain %u, weight %u, request %lld us, waits for %llu us",
		    t->index, t->slot.generation, t->domain, t->weight,
		    (s64)(t->deadline - t->vtime) / 1000,
		    t->queued_at ? (now - t->queued_at) / 1000 : 0);
}

SEC(".struct_ops.link")
struct sched_ext_ops wd40_ops = {
	.select_cpu = (void *)wd40_select_cpu,
	.enqueue = (void *)wd40_enqueue,
	.dispatch = (void *)wd40_dispatch,
	.runnable = (void *)wd40_runnable,
	.running = (void *)wd40_running,
	.stopping = (void *)wd40_stopping,
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
