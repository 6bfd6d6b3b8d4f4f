/* SPDX-License-Identifier: GPL-2.0-only */
/* wd40 on the native kernel with oracles that look on, for tests of theirs. */
#pragma once

#include <string.h>

#include "tests/sim/oracle.h"
#include "tests/unit/bpf/scheduler.h"

static struct sim_oracles *oracles;

/* A copy of wd40's callbacks, of which a test replaces some. */
__attribute__((unused)) static struct sched_ext_ops broken;

/* A machine whose scheduler has the given callbacks. */
static inline void watch_ops(struct native_shape shape, const struct sched_ext_ops *ops)
{
	struct sim_context context = { .seed = 42, .is_wd40 = true };

	nr_actors = 0;
	native_boot(shape);
	assert_int_equal(sim_oracles_new(&context, &oracles), 0);
	assert_int_equal(native_attach(ops), 0);
}

static inline void watch(struct native_shape shape)
{
	watch_ops(shape, &wd40_ops);
}

static inline int unwatch(void **state)
{
	oracles = sim_oracles_free(oracles);
	stop();
	return 0;
}

/* An event that a correct kernel would not tell. */
static inline void tell(enum native_event_kind kind, struct task_struct *p, s32 cpu, u64 value)
{
	struct native_event e = { .kind = kind, .cpu = cpu, .p = p, .value = value };

	native.observers->event(native.observers, &e);
}

/* The last step of a test of a whole run: all tasks leave, nothing is left behind. */
static inline void leave_all(void)
{
	for (u32 i = 0; i < nr_actors; i++)
		native_leave(actors[i]);
	sim_oracles_finish(oracles);
}

static inline void assert_silent(void)
{
	if (sim_oracles_violation(oracles))
		fail_msg("%s", sim_oracles_violation(oracles));
}

static inline void assert_fires(const char *oracle)
{
	const char *violated = sim_oracles_violated(oracles);

	if (!violated || strcmp(violated, oracle) != 0)
		fail_msg("expected %s, found %s", oracle,
			 violated ? sim_oracles_violation(oracles) : "none");
}
