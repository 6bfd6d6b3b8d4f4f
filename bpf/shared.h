/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract: everything that the BPF programs and the daemon both know.
 *
 * One arena holds it all. It is mapped at the same address on both sides, so a pointer in it means
 * the same to both. Its address space is laid out once, by the daemon, before attach:
 *
 *	WD40_ARENA_BASE   struct wd40_shared (the arena's only global variable)
 *	shared.daemon_*   the daemon's part: CPU and domain tables, masks, victim lists, moves
 *	shared.tasks      address range reserved for the task slab; BPF populates it as it grows
 *
 * Every struct says who writes it and how a reader must read it:
 *
 *	before attach     written by the daemon before the scheduler is attached, constant afterwards
 *	publish           written by the daemon into a spare slot, made current by one release store
 *	                  of an index; a reader loads the index once (acquire) and uses that slot only
 *	own CPU           written by BPF on the CPU it belongs to, with interrupts off; others read
 *	                  single words, which may be a moment old
 *	atomic            written by any CPU with cmpxchg or fetch-add
 *	lock              written by BPF under the domain's lock
 *
 * The file needs nothing but a C compiler: it is included by the BPF sources, the daemon, the
 * simulator and the tests.
 *
 * Times in ns are those of the scheduler's clock, scx_bpf_now(): the kernel's sched_clock as the run
 * queue saw it last. No clock that userspace can ask agrees with it: CLOCK_MONOTONIC begins at another
 * moment and is slewed by NTP, CLOCK_MONOTONIC_RAW is another count of the same crystal at best, and
 * both go on where the clocks of CPUs without a stable TSC stand still. So BPF tells it: wd40_clock_ns()
 * of bpf/ravg.h is the newest of what the CPUs stored. A daemon that runs was put on its CPU by the
 * scheduler, so what it reads is as old as its own stint at most (in partial mode, as old as the last
 * switch to or from a task of the scheduler, or to or from idle).
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#ifdef __bpf__
#define __arena __attribute__((address_space(1)))
#else
#define __arena
#endif

#define WD40_OPS_NAME "wd40"

/*
 * Where the arena lies, in kernel and user view. 1 << 45 is free in a process with AddressSanitizer,
 * whose shadow memory covers 1 << 44. An arena may not cross a 4 GiB boundary.
 */
#define WD40_ARENA_BASE  (1ull << 45)
#define WD40_ARENA_PAGES (1u << 20)
#define WD40_PAGE_SIZE   4096u

#define WD40_MAX_CPUS    8192u
#define WD40_MAX_DOMAINS 1024u
#define WD40_MAX_NODES   1024u
#define WD40_MAX_WEIGHT  10000u
#define WD40_BASE_WEIGHT 100u
#define WD40_NO_DOMAIN   (~0u)
#define WD40_NO_NODE     (~0u)
#define WD40_CACHELINE   64

#define WD40_BITS_PER_WORD 64u
#define WD40_WORDS(bits)   (((bits) + WD40_BITS_PER_WORD - 1) / WD40_BITS_PER_WORD)

/*
 * A task that has waited so long in a queue goes first; every interval one CPU of a domain looks for
 * such. Together they are the longest wait, apart from a turn of slices; the kernel ends a scheduler
 * where a task waits for 30 s.
 */
#define WD40_RESCUE_AFTER_NS    5000000000ull
#define WD40_RESCUE_INTERVAL_NS 1000000000ull

/*
 * Counters, one set per CPU (own CPU). X(NAME, field, help): NAME is the enumerator's suffix, field
 * the name under which statistics show it. Placement outcomes first, one is counted per task
 * placed; then paths of dispatch; then events.
 */
#define WD40_COUNTERS(X)                                                                         \
	X(WSYNC, wsync, "sync wakeups placed on the waker's CPU")                                \
	X(WSYNC_PREV_IDLE, wsync_prev_idle, "sync wakeups placed on the idle previous CPU")      \
	X(PREV_IDLE, prev_idle, "wakeups placed on the idle previous CPU")                       \
	X(PINNED, pinned, "tasks that may run on one CPU only, queued to it")                    \
	X(GREEDY_IDLE, greedy_idle, "wakeups placed on the idle previous CPU in another domain") \
	X(DIRECT_IDLE, direct_idle, "wakeups placed on an idle CPU of their domain")             \
	X(DIRECT_GREEDY, direct_greedy, "wakeups placed on an idle CPU of another domain")       \
	X(DIRECT_GREEDY_FAR, direct_greedy_far, "wakeups placed on an idle CPU of another node") \
	X(KTHREAD_LOCAL, kthread_local, "kernel threads queued to their own CPU")                \
	X(QUEUED, queued, "tasks queued to their domain")                                        \
	X(DISPATCH_OWN, dispatch_own, "dispatches from the CPU's own domain")                    \
	X(STEAL_NODE, steal_node, "dispatches stolen from another domain of the node")           \
	X(STEAL_FAR, steal_far, "dispatches stolen from another node")                           \
	X(PREEMPTED, preempted, "wakeups that took the CPU of a task that computes")             \
	X(KEPT, kept, "slices given again to a task that still came first")                      \
	X(REPATRIATE, repatriate, "tasks sent back from a foreign CPU to their domain")          \
	X(KICK_IDLE, kick_idle, "idle CPUs of the task's own domain kicked")                     \
	X(KICK_GREEDY, kick_greedy, "idle CPUs of other domains kicked to steal")                \
	X(RESCUED, rescued, "tasks brought forward since they had waited for too long")          \
	X(DEADLINE_CLAMPED, deadline_clamped, "tasks queued whose saved-up credit was cut")      \
	X(MOVE_APPLIED, move_applied, "balance moves applied")                                   \
	X(MOVE_REFUSED, move_refused, "balance moves refused")                                   \
	X(MOVE_STALE, move_stale, "balance moves whose task was gone")                           \
	X(RESHAPED, reshaped, "domains left for affinity, memory policy or want of a CPU")       \
	X(TASK_ALLOC_FAILED, task_alloc_failed, "tasks refused because the arena was full")      \
	X(TASK_MISSING, task_missing, "callbacks for a task without a context")

enum wd40_counter {
#define X(NAME, field, help) WD40_CTR_##NAME,
	WD40_COUNTERS(X)
#undef X
	WD40_NR_COUNTERS
};

/*
 * Load time: what averages of load fade by. It passes by 1 << WD40_HALF_LIFE_SHIFT in a half-life, so
 * that tunable is the pace of this time and nothing else. A load clock tells it from the scheduler's
 * clock, for one setting of the half-life. publish, by BPF: shared.load_clocks[.load_clock_current];
 * slots are written again as seldom as those of the configuration.
 */
#define WD40_HALF_LIFE_SHIFT 30
#define WD40_LOAD_PACE_SHIFT 24

struct wd40_load_clock {
	u64 generation; /* of the configuration whose half-life it goes by */
	u64 half_life_ns;
	u64 since_ns; /* scheduler's clock and load time at its begin */
	u64 since;
	u64 pace; /* load time that passes in a ns, with WD40_LOAD_PACE_SHIFT fraction bits */
};

/*
 * Decaying average of a rate: a geometric series over periods of 1 << WD40_RAVG_PERIOD_SHIFT, cut at
 * the same instants for all averages, so that sums and transfers are exact. avg is the average at the
 * end of the last whole period, with WD40_RAVG_FRAC fraction bits; partial is the integral of the rate
 * since then; at is the time both refer to. All in load time. A reader in userspace takes ravg_copy and
 * ravg_read of bpf/ravg.h.
 */
#define WD40_RAVG_PERIOD_SHIFT 20
#define WD40_RAVG_FRAC         24
#define WD40_RAVG_BUSY         (~0ull) /* at, while it is being written */

struct wd40_ravg {
	u64 avg;
	u64 partial;
	u64 at;
};

/* Rate of a task's duty while it is runnable: its weight times duty / WD40_DUTY_ONE is its load. */
#define WD40_DUTY_ONE (1u << 16)

/*
 * The live configuration. publish: shared.configs[shared.config_current]. A slot is written again
 * only after an RCU grace period, so a callback that holds a slot sees one generation throughout.
 * That covers callbacks that cannot sleep; one that can (init, init_task, cpu_online ..) must read
 * single fields only.
 */
#define WD40_CONFIG_SLOTS 16u

struct wd40_config {
	u64 generation;
	u64 slice_underutil_ns;
	u64 slice_overutil_ns;
	u64 load_half_life_ns;
	u32 greedy_threshold; /* queue length from which a domain may be stolen from; 0 = off */
	u32 greedy_threshold_x_numa; /* the same from another node; 0 = off */
	u32 perf_level;              /* cpufreq target 1..1024; 0 = leave alone */
	u8 fifo_sched;
	u8 order_changed; /* fifo_sched was switched since attach: look into both orders' queues */
	u8 kthreads_local;
	u8 direct_greedy_numa;
	u8 mempolicy_affinity;
	u8 wakeup_preemption;
	u8 pad[6];
};

/*
 * What the tuner decided last. publish: shared.tunes[shared.tune_current & 1]. A reader that is
 * delayed for a whole round, mostly 10 ms or more, may see words of the next but one: each word is
 * good by itself, and nothing may rely on two of them being of one round.
 */
struct wd40_tune {
	u64 round;
	u64 __arena *direct_greedy; /* CPU mask: idle ones take wakeups of other domains */
	u64 __arena *kick_greedy;   /* CPU mask: idle ones are kicked to steal */
	u64 __arena *overutilized;  /* domain mask: full, choose slice_overutil_ns */
	u8 any_direct_greedy;
	u8 any_kick_greedy;
	u8 any_overutilized;
	u8 pad[5];
};

/*
 * How long tasks waited: a histogram (own CPU). Times are in units of 1 << WD40_WAIT_SHIFT ns. Bucket 0
 * counts those below one unit, bucket i those below 1 << i units that are in no bucket before it, and
 * the last one all that are longer.
 */
#define WD40_WAIT_SHIFT   10
#define WD40_WAIT_BUCKETS 25

struct wd40_waits {
	u64 sum; /* of all, in units */
	u64 buckets[WD40_WAIT_BUCKETS];
};

#define WD40_YIELDS_NEVER (~0ull)

/* A CPU id. Entries exist for 0 .. nr_cpu_ids - 1. */
struct wd40_cpu {
	/* daemon: before attach, and when a CPU appears (single words) */
	u32 domain; /* index into domains, WD40_NO_DOMAIN where the id has no CPU */
	u32 node;   /* node index, WD40_NO_NODE likewise */

	/* BPF: in init and cpu_online/cpu_offline. Others read this line at each wakeup. */
	u32 capacity; /* 1..1024 */
	u32 online;

	/*
	 * BPF, under the lock of the CPU's run queue: at each switch and tick, and by who takes the CPU or
	 * would, which is a task that is prompt, wakes up and finds no idle CPU (bpf/preempt.bpf.h).
	 */
	u64 yields_at __attribute__((aligned(WD40_CACHELINE))); /* from when on */
	u64 preempt_spent; /* until when its preemptions are used up */
	u64 prompt_until;  /* who is woken by the running task until then is prompt too */
	u64 ticked_at;     /* when a task last began to run, was given a slice or met a tick */

	/* BPF, own CPU: at each switch, so in lines that others need not. busy_ns: up to running_since. */
	u64 busy_ns __attribute__((aligned(WD40_CACHELINE))); /* time spent in tasks of wd40 */
	u64 running_since; /* start of the running task's current stint, 0 when none */
	u64 idle;          /* for how long it has been idle, in the form of bpf/idle.h */
	u64 clock_ns; /* the scheduler's clock when a stint or idling last began or ended here */
	u32 perf_applied; /* wd40_config.perf_level last asked of cpufreq here */
	u32 looked_again; /* it found nothing twice since it was kicked */
	u32 called_to; /* any CPU: whose queue it was kicked for, till it comes; WD40_NO_DOMAIN: none */
	u32 asked;     /* dispatch was called since it became idle or busy, or began a stint */
	u64 patrol_at; /* not before that it looks after queues that nobody attends to */
	u32 patrol;    /* so many domains behind its own it will look next */
	u32 in_vain; /* it was called and could take nobody since it last ran a task: bpf/helper.bpf.h */
	u32 gave_turn; /* its last dispatch served another domain's queue, so the next is its own's */
	u32 attends; /* dispatch served its queue since it came, or last ran a task or was idle no more */
	u64 counters[WD40_NR_COUNTERS];
	struct wd40_waits queue_wait; /* of tasks that came to run here: in a domain's queue, and */
	struct wd40_waits run_delay;  /* since they were runnable and not on a CPU */
} __attribute__((aligned(WD40_CACHELINE)));

/* A domain: CPUs that share a cache, with one queue per order. Index = id. */
struct wd40_domain {
	/* daemon: before attach; nr_cpus, the words and the bits of cpus also when a CPU appears */
	u32 id;
	u32 node;
	u32 nr_cpus;
	u32 first_word; /* words of masks in which the domain has CPUs: [first_word, end_word) */
	u32 end_word;
	u32 nr_victims_node; /* the first of victims are in the same node */
	u32 nr_victims;
	u32 node_id;          /* the kernel's id of node */
	u64 __arena *cpus;    /* CPU mask, shared.mask_words words */
	u32 __arena *victims; /* the other domains, nearest first */

	/* BPF: in init and cpu_online/cpu_offline. Others read this line often. */
	u32 nr_online; /* atomic: its CPUs that are online */
	u32 capacity;  /* atomic: sum of theirs, 1024 for a CPU of the fastest kind */

	/* BPF */
	u64 min_vtime __attribute__((aligned(WD40_CACHELINE))); /* atomic, only grows */
	u64 arrival_at;  /* atomic: when a task was last about to be queued by enqueue */
	u64 rescued_at;  /* atomic: when its queue was last searched for who waits too long */
	u64 max_wait_ns; /* atomic: longest wait of a queued task since attach */
	u64 attended_at; /* any of its CPUs: when one last was there, to ATTEND_STEP_NS (bpf/attend.bpf.h) */
	u64 yielded_at; /* atomic: when one of its CPUs last ended a slice at a tick, and */
	u64 yielded_to; /* the deadline of the first of the queue then (bpf/preempt.bpf.h) */
	u32 nr_tasks;   /* atomic: tasks that live here */
	struct wd40_ravg load __attribute__((aligned(WD40_CACHELINE))); /* lock: rate: load_rate */
	u64 load_rate; /* lock: weight of the runnable tasks now */
} __attribute__((aligned(WD40_CACHELINE)));

/* Names a task's life: a slot of the slab and the generation that slot had. 0 is no handle. */
typedef u64 wd40_handle;
#define WD40_HANDLE(generation, index) ((wd40_handle)(generation) << 32 | (index))
#define WD40_HANDLE_INDEX(handle)      ((u32)(handle))
#define WD40_HANDLE_GENERATION(handle) ((u32)((handle) >> 32))

/* Head of each object in a slab. atomic. A generation is odd while the object is in use. */
struct wd40_slot {
	u32 generation;
	u32 next_free; /* index + 1 of the next free object, 0 = last */
};

/*
 * Objects of one run-time size in a reserved address range. base, object_size, chunk_* and limit:
 * before attach. The rest: atomic.
 */
struct wd40_slab {
	u8 __arena *base;
	u32 object_size; /* multiple of WD40_CACHELINE */
	u32 chunk_pages; /* grows by so many pages */
	u32 chunk_objects;
	u32 nr_chunks_max;
	u32 nr_chunks;
	u32 nr_growing; /* chunks counted in nr_chunks that may not be populated yet */
	u32 nr_used;
	u64 free_head; /* tag << 32 | index + 1: the tag counts pops, so that none is lost to ABA */
};

enum wd40_task_flags {
	WD40_TASK_ALL_CPUS = 1 << 0, /* may run on every CPU */
	WD40_TASK_KWORKER = 1 << 1,
	WD40_TASK_KTHREAD = 1 << 2,
	WD40_TASK_RUNNABLE = 1 << 3,
	WD40_TASK_OPPOSED = 1 << 4, /* others waited when it came to run, or wait now */
	WD40_TASK_ONE_CPU = 1 << 5, /* its affinity has one CPU */
	WD40_TASK_NO_MIGRATION = 1
				 << 6, /* it has switched migration off for now: not to be moved */
};

/*
 * A task, from init_task to exit_task. Written by BPF in the callbacks of the task, which the
 * kernel serialises, except move (atomic, both sides). A reader in userspace checks the generation
 * before and after.
 */
struct wd40_task {
	struct wd40_slot slot;
	u32 index; /* own index in the slab */
	u32 pid;
	u32 domain;
	u16 weight; /* 1 .. WD40_MAX_WEIGHT */
	u16 nr_allowed_domains;
	u8 flags;
	u8 prompt; /* an event woke it: what is left of it, in PREEMPT_UNIT_NS (bpf/preempt.bpf.h) */
	u16 hotplugs;       /* lowest bits of shared.hotplugs, when allowed_domains was looked up */
	u32 runnable_since; /* in units of struct wd40_waits; 0 when it runs or sleeps */

	u64 move; /* pending request: WD40_MOVE_WORD(generation, slot), 0 = none */
	u64 vtime;
	u64 deadline;
	u64 avg_run_ns; /* moving average of the time run between two sleeps, at most the cap */
	u64 run_since_wake_ns;
	u64 charged_ns; /* its run time, as the kernel counts it, that vtime has been charged for */
	u64 queued_at;  /* when it was queued, 0 when not */

	u64 preferred_nodes; /* kernel's ids below 64, while mempolicy-affinity is on; 0 = none */

	struct wd40_ravg duty; /* lock (its domain's): rate: WD40_DUTY_ONE while runnable */

	/*
	 * Which domains have a CPU online that its affinity allows, as of hotplugs: a bit per
	 * domain, shared.domain_words words. Looked up anew before the task is next placed or moved.
	 */
	u64 allowed_domains[];
};

/*
 * A request to move a task, and its answer, which stands beside it. The daemon fills a free entry,
 * then stores WD40_MOVE_WORD into the task's move with release; BPF takes the word with an atomic
 * exchange at the next safe point (the task wakes up, gets or gives up a CPU, or ends) and stores the
 * answer with release. The daemon frees the entry by setting answer to WD40_MOVE_FREE.
 *
 * Each request is answered once. One stored when the task has just ended is answered as stale when the
 * slot is used again; until then, which may be never, the daemon finds the slot's generation changed, and
 * may take the word back, by an atomic exchange with 0: who gets the word has the request.
 */
#define WD40_MOVE_SLOTS              16384u
#define WD40_MOVE_WORD(gen, slot)    ((u64)(gen) << 32 | ((slot) + 1))
#define WD40_MOVE_WORD_SLOT(word)    ((u32)(word) - 1)
#define WD40_MOVE_WORD_GENERATION(w) ((u32)((w) >> 32))

enum wd40_move_answer {
	WD40_MOVE_FREE,
	WD40_MOVE_PENDING,
	WD40_MOVE_APPLIED,
	WD40_MOVE_STALE,            /* the task ended, or its slot was used again */
	WD40_MOVE_REFUSED_AFFINITY, /* no CPU online there is allowed, or its memory is far */
	WD40_MOVE_REFUSED_DOMAIN,   /* the target does not exist or has no CPU online */
	WD40_MOVE_REFUSED_SAME,     /* it lives there already */
	WD40_NR_MOVE_ANSWERS
};

struct wd40_move {
	u64 id;
	wd40_handle task;
	u32 target; /* domain id */
	u32 answer; /* enum wd40_move_answer */
};

/* The arena's only global. Fields without a note: daemon, before attach. */
struct wd40_shared {
	u8 null_guard[WD40_PAGE_SIZE]; /* page 0 stays unused: a NULL arena pointer reads here */

	u32 nr_cpu_ids;
	u32 nr_domains;
	u32 nr_nodes;
	u32 mask_words;   /* of a CPU mask */
	u32 domain_words; /* of a domain mask */
	u32 nr_orphaned;  /* BPF: atomic: domains whose CPUs are all offline */
	u32 nr_offline;   /* BPF: atomic: CPUs of domains that are offline */
	u32 hotplugs;     /* BPF: atomic: grows when a CPU has gone on or offline */
	struct wd40_cpu __arena *cpus;
	struct wd40_domain __arena *domains;
	struct wd40_move __arena *moves;
	u64 __arena *all_cpus;    /* mask of the CPUs that have a domain */
	u64 __arena *online_cpus; /* BPF: atomic words: mask of those of them that are online */

	u32 config_current __attribute__((aligned(WD40_CACHELINE))); /* publish */
	u32 tune_current;                                            /* publish */
	u32 load_clock_current;                                      /* publish, by BPF; grows */
	u32 load_clock_claimed; /* BPF: atomic: who makes the next one */
	struct wd40_config configs[WD40_CONFIG_SLOTS];
	struct wd40_tune tunes[2];
	struct wd40_load_clock load_clocks[WD40_CONFIG_SLOTS];

	struct wd40_slab tasks __attribute__((aligned(WD40_CACHELINE)));

	/*
	 * BPF, in exit, before the event below: the kernel's dump for a scheduler that failed, as
	 * text with a NUL at its end; NULL when there is none.
	 */
	const char __arena *exit_dump;
};

/*
 * Sent once through the ring buffer "events" when the kernel has ended the scheduler; its arrival
 * wakes the daemon.
 */
struct wd40_exit_event {
	u32 kind; /* the kernel's enum scx_exit_kind */
	u32 pad;
	s64 code;
	char reason[128];
	char message[1024];
};
