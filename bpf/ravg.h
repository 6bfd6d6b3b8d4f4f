/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decaying averages of a rate (struct wd40_ravg in bpf/shared.h says how they are stored), and the
 * time that they decay by. BPF keeps them, the daemon brings what it reads to the present: both by
 * this code, which needs nothing but a C compiler.
 *
 * At the end of each period:  avg = avg * y + mean * (1 - y),  y = 2^(-period / half-life),
 * mean = partial / period. That is linear in the rate and all averages are cut at the same instants,
 * so the average of a sum is the sum of the averages. Period and half-life are load time, whose pace
 * is what the administrator sets: y is a constant, and each stretch of the past has faded alike in
 * all averages, however the half-life has changed since they were last brought to the present.
 *
 * All inline: BPF runs this under a bpf_spin_lock, where a call may not be made.
 */
#pragma once

#include "bpf/shared.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define RAVG_ONE_Q32           (1ull << 32)
#define RAVG_DECAY_Q32         4292061010ull /* y = 2^(-1 / RAVG_HALF_LIFE_PERIODS) */
#define RAVG_PERIOD            (1ull << WD40_RAVG_PERIOD_SHIFT)
#define RAVG_HALF_LIFE_SHIFT   (WD40_HALF_LIFE_SHIFT - WD40_RAVG_PERIOD_SHIFT)
#define RAVG_HALF_LIFE_PERIODS (1u << RAVG_HALF_LIFE_SHIFT)
#define RAVG_PARTIAL_SHIFT     (WD40_RAVG_FRAC - WD40_RAVG_PERIOD_SHIFT) /* partial -> avg */
#define RAVG_DUTY_SHIFT        16
#define RAVG_FORGOTTEN_AFTER   32 /* half-lives */

/* The stores before come first: x86 keeps their order, elsewhere a reader may see a mixture. */
#define ravg_barrier() asm volatile("" : : : "memory")

_Static_assert(1u << RAVG_DUTY_SHIFT == WD40_DUTY_ONE, "a duty is a number of bits");

/* a * f / 2^32, rounded; f at most 2^32 */
static __always_inline u64 ravg_mul_q32(u64 a, u64 f)
{
	return (a >> 32) * f + (((a & 0xffffffffull) * f + (1ull << 31)) >> 32);
}

/* y^n, as a fraction of 2^32 */
static __always_inline u64 ravg_pow_q32(u64 n)
{
	u64 half_lives = n >> RAVG_HALF_LIFE_SHIFT, y_q32 = RAVG_DECAY_Q32, result = RAVG_ONE_Q32;

	if (half_lives >= RAVG_FORGOTTEN_AFTER)
		return 0;
	n &= RAVG_HALF_LIFE_PERIODS - 1;
	for (int bit = 0; bit < RAVG_HALF_LIFE_SHIFT && n; bit++) {
		if (n & 1)
			result = ravg_mul_q32(result, y_q32);
		n >>= 1;
		y_q32 = ravg_mul_q32(y_q32, y_q32);
	}
	return result >> half_lives;
}

/*
 * Brings r to the load time now, up to which its rate was rate. A time before r's own (clocks of two
 * CPUs differ a little) changes nothing.
 */
static __always_inline void ravg_advance(struct wd40_ravg __arena *r, u64 rate, u64 now)
{
	u64 at = r->at, periods, to_end, mean, kept;

	if (now <= at)
		return;
	periods = (now >> WD40_RAVG_PERIOD_SHIFT) - (at >> WD40_RAVG_PERIOD_SHIFT);
	if (!periods) {
		r->partial += rate * (now - at);
		r->at = now;
		return;
	}
	r->at = WD40_RAVG_BUSY;
	ravg_barrier();

	/* the period that was under way */
	to_end = RAVG_PERIOD - (at & (RAVG_PERIOD - 1));
	mean = (r->partial + rate * to_end) << RAVG_PARTIAL_SHIFT;
	r->avg = ravg_mul_q32(r->avg, RAVG_DECAY_Q32) +
		 ravg_mul_q32(mean, RAVG_ONE_Q32 - RAVG_DECAY_Q32);

	/* whole periods at a constant rate, in closed form */
	if (periods > 1) {
		kept = ravg_pow_q32(periods - 1);
		r->avg = ravg_mul_q32(r->avg, kept) +
			 ravg_mul_q32(rate << WD40_RAVG_FRAC, RAVG_ONE_Q32 - kept);
	}
	r->partial = rate * (now & (RAVG_PERIOD - 1));
	ravg_barrier();
	r->at = now;
}

/*
 * What a task of that duty and weight is of its domain's load. Taken out of a load it is never more
 * than there is: averages round.
 */
static __always_inline u64 ravg_weigh(u64 duty, u32 weight)
{
	return duty * weight >> RAVG_DUTY_SHIFT;
}

/* Adds a task's duty to a load, both advanced to the same time before. */
static __always_inline void ravg_add(struct wd40_ravg __arena *load,
				     const struct wd40_ravg __arena *duty, u32 weight)
{
	load->avg += ravg_weigh(duty->avg, weight);
	load->partial += ravg_weigh(duty->partial, weight);
}

/* Takes it out, likewise. */
static __always_inline void ravg_sub(struct wd40_ravg __arena *load,
				     const struct wd40_ravg __arena *duty, u32 weight)
{
	u64 avg = ravg_weigh(duty->avg, weight), partial = ravg_weigh(duty->partial, weight);

	load->avg -= avg < load->avg ? avg : load->avg;
	load->partial -= partial < load->partial ? partial : load->partial;
}

/* The load time of a scheduler clock's time; one before the load clock's begin is taken for that. */
static __always_inline u64 load_clock_read(const struct wd40_load_clock __arena *c, u64 now_ns)
{
	u64 passed_ns = now_ns > c->since_ns ? now_ns - c->since_ns : 0;

	return c->since + (passed_ns >> WD40_LOAD_PACE_SHIFT) * c->pace +
	       ((passed_ns & ((1u << WD40_LOAD_PACE_SHIFT) - 1)) * c->pace >> WD40_LOAD_PACE_SHIFT);
}

/* --- For readers in userspace. ------------------------------------------------------------------ */

#ifndef __bpf__

/* The scheduler's clock, as of when a task of it last began or ended to run (wd40_cpu.clock_ns). */
static inline u64 wd40_clock_ns(const struct wd40_shared *s)
{
	u64 latest = 0;

	for (u32 cpu = 0; cpu < s->nr_cpu_ids; cpu++) {
		u64 clock = __atomic_load_n(&s->cpus[cpu].clock_ns, __ATOMIC_RELAXED);

		if (clock > latest)
			latest = clock;
	}
	return latest;
}

/* The load time at a time of the scheduler's clock. */
static inline u64 wd40_load_time(const struct wd40_shared *s, u64 clock_ns)
{
	u32 current = __atomic_load_n(&s->load_clock_current, __ATOMIC_ACQUIRE);

	return load_clock_read(&s->load_clocks[current % WD40_CONFIG_SLOTS], clock_ns);
}

/*
 * Copies an average that BPF is changing meanwhile: one that was caught in the middle is taken again.
 * Where a writer was stopped in the middle, as a guest's CPU may be, the last copy has to do.
 */
static inline struct wd40_ravg ravg_copy(const struct wd40_ravg *r)
{
	struct wd40_ravg copy;
	u64 at;

	for (int tries = 0; tries < 100; tries++) {
		at = __atomic_load_n(&r->at, __ATOMIC_ACQUIRE);
		copy.avg = __atomic_load_n(&r->avg, __ATOMIC_RELAXED);
		copy.partial = __atomic_load_n(&r->partial, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		copy.at = __atomic_load_n(&r->at, __ATOMIC_RELAXED);
		if (at == copy.at && at != WD40_RAVG_BUSY)
			break;
	}
	return copy;
}

/*
 * The average of a copy of an average at the load time now, with WD40_RAVG_FRAC fraction bits: the
 * period under way counts for as much of it as has passed.
 */
static inline u64 ravg_read(struct wd40_ravg copy, u64 rate, u64 now)
{
	u64 fading_q32 = RAVG_ONE_Q32 - RAVG_DECAY_Q32, passed;

	ravg_advance(&copy, rate, now);
	passed = copy.at & (RAVG_PERIOD - 1);
	return copy.avg - ravg_mul_q32(copy.avg, fading_q32 * passed >> WD40_RAVG_PERIOD_SHIFT) +
	       ravg_mul_q32(copy.partial << RAVG_PARTIAL_SHIFT, fading_q32);
}

/* The same in units of the rate. */
static inline double ravg_value(struct wd40_ravg copy, u64 rate, u64 now)
{
	return (double)ravg_read(copy, rate, now) / (1u << WD40_RAVG_FRAC);
}

#endif
