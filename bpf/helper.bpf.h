/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers: idle CPUs that are woken for what is queued.
 *
 * Why no CPU stays idle beside a queued task that it may take. enqueue says that a task is expected before
 * it looks for an idle CPU, and a CPU is marked idle before update_idle looks into the queues and for whom is
 * expected: one of the two sees the other. The kernel queues the task as soon as enqueue has returned, which
 * is a shorter way than that of a CPU that kicks itself to come and look twice. A CPU that was claimed, and
 * found nothing, is marked idle again without update_idle: it looks twice, too (cpu_look_again). One that was
 * idle and found something wakes the next if there is more. Whoever is still missed waits for the guard.
 */
#pragma once

#include "bpf/kernel.bpf.h"
#include "bpf/policy.bpf.h"

/* So many tasks at the head of a queue are looked at for one that an idle CPU could take. */
#define HELPER_DEPTH 32

/*
 * Claims an idle CPU for the task p, queued in a domain, and kicks it to come and take it. False: there is
 * none (placement_claim_helper), or this CPU may not kick. A function of its own also where it is called in a
 * loop, so that the verifier follows it once.
 */
__attribute__((noinline)) bool helper_wake(struct task_struct *p __arg_trusted, u32 domain,
					   const struct wd40_config __arena *config __arg_arena,
					   const struct wd40_tune __arena *tune __arg_arena);

/*
 * For a CPU that may not kick: claims the CPU that helper_wake would. The kernel wakes a CPU whose local
 * queue gets a task, so that is where the task shall go. -ENOENT: there is none, or this CPU may kick.
 */
__hidden s32 helper_claim_unkicked(struct task_struct *p, u32 domain, struct policy policy);

/*
 * CPU c was idle and has taken a task. Where it sees more work it wakes the next one to help: it may have
 * been woken for another task than it took, tasks may have been queued by a CPU that cannot kick, and more
 * CPUs may be allowed to steal than when they were queued.
 */
__hidden void helper_wake_next(struct wd40_cpu __arena *c, struct policy policy);

/*
 * The CPU, of that domain, has been marked idle. A task may have been queued after it looked into the
 * queues and before it was marked, or may just be, so that nobody kicked it: looks again, where it would have
 * been kicked for.
 */
__hidden void helper_look_around(s32 cpu, u32 domain, struct policy policy);

/*
 * For CPU c, which was woken and found nothing that it may run: another one is woken if tasks are left where it
 * was called to. Who it was woken for may have gone to a CPU that was woken for one of them. Only once until it
 * runs again, so this ends, whatever keeps them. Till then, who calls it calls another CPU, too: one that the
 * kernel has made inactive is idle and may take nobody.
 */
__hidden void helper_pass_on(struct wd40_cpu __arena *c, struct policy policy);

/*
 * Wakes an idle CPU for each of the HELPER_DEPTH tasks at the head of the domain's queue that finds one. Who
 * was queued when fewer CPUs were allowed to help, and waits beside those bound elsewhere, is not seen
 * otherwise.
 */
__hidden void helper_wake_for_queue(u32 domain, struct policy policy);

/*
 * A CPU has gone offline. It may have been called to a queue and will not come; or it was the last of its
 * domain, whose queue nobody serves any more but by steal_orphan, and nobody was woken for what waits there.
 * Wakes all idle CPUs. For the cpu_offline callback, where the CPU that goes still handles its interrupts, so
 * it may kick.
 */
__hidden void helper_wake_all(void);
