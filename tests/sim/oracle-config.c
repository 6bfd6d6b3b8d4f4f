// SPDX-License-Identifier: GPL-2.0-only
/*
 * I7, atomic re-tuning: what is in force in the arena is one generation of the values, whole
 * ("config"), and a task is queued with a slice of that one ("slice"). A slot that was left is
 * poisoned as soon as no callback can hold it, so whoever still reads it gives itself away.
 */
#include <string.h>

#include "daemon/arena.h"
#include "tests/sim/oracle-private.h"

#define POISON 0xa5

static void poison_retired(void)
{
	for (u32 slot = 0; slot < WD40_CONFIG_SLOTS; slot++)
		if (slot != shared.config_current)
			memset(&shared.configs[slot], POISON, sizeof(shared.configs[slot]));
}

/* Is it what the daemon makes of the values, all of it? */
static bool is_of_values(const struct wd40_config *config, const struct tunable_set *values)
{
	static struct wd40_shared scratch;
	struct wd40_config expected;
	u32 retired = 0;

	memset(&scratch, 0, sizeof(scratch));
	arena_publish_config(&scratch, values, config->generation, &retired);
	expected = *arena_config(&scratch);
	expected.order_changed = config->order_changed;
	return memcmp(&expected, config, sizeof(expected)) == 0;
}

u64 oracle_slice_ns(u32 domain)
{
	bool full = native_tune()->overutilized[domain / 64] >> domain % 64 & 1;

	return full ? native_config()->slice_overutil_ns : native_config()->slice_underutil_ns;
}

static bool masks_differ(const u64 *a, const u64 *b, u32 words)
{
	return memcmp(a, b, words * sizeof(a[0])) != 0;
}

/* What the tuner decides each round is mostly what it decided the round before. */
static void compare_tunes(struct sim_oracles *o, bool configured)
{
	const struct wd40_tune *now = native_tune(), *before = &shared.tunes[o->tune & 1];
	bool skipped = shared.tune_current - o->tune > 1;
	bool reach = configured || skipped ||
		     masks_differ(now->kick_greedy, before->kick_greedy, shared.mask_words);

	if (reach) {
		o->reach_seq = o->seq;
		o->reach_at = native.now_ns;
	}
	if (reach || masks_differ(now->direct_greedy, before->direct_greedy, shared.mask_words) ||
	    masks_differ(now->overutilized, before->overutilized, shared.domain_words))
		o->settings_at = native.now_ns;
	o->tune = shared.tune_current;
}

static void changed(struct sim_oracles *o)
{
	const struct wd40_config *config = native_config();
	bool configured = config->generation != o->generation;

	if (config->generation < o->generation)
		oracle_fail(o, "config", NULL, -1, "generation %llu follows %llu",
			    config->generation, o->generation);
	if (o->context.values && !is_of_values(config, o->context.values))
		oracle_fail(o, "config", NULL, -1,
			    "generation %llu in the arena is not what the values in force say",
			    config->generation);
	if (o->generation && configured && shared.config_current == o->config)
		oracle_fail(o, "config", NULL, -1,
			    "generation %llu was written over %llu, which was in force",
			    config->generation, o->generation);
	if (configured) {
		poison_retired();
		o->changed_at = native.now_ns;
	}
	o->config = shared.config_current;
	o->generation = config->generation;
	compare_tunes(o, configured);
}

/* A rescued task gets the long slice whatever the tuner says. */
static void check_slice(struct sim_oracles *o, const struct native_event *e)
{
	u64 slice = e->p->scx.slice, expected = oracle_slice_ns((u32)(e->dsq / 2));

	if (slice != expected && slice != native_config()->slice_underutil_ns)
		oracle_fail(o, "slice", oracle_task(e->p), -1,
			    "queued with a slice of %llu ns, expected %llu ns of generation %llu",
			    slice, expected, native_config()->generation);
}

void oracle_config_event(struct sim_oracles *o, const struct native_event *e)
{
	if (e->kind == NATIVE_EVENT_QUEUE && !is_builtin_queue(e->dsq))
		check_slice(o, e);
	/* the longer of the two slices; who is queued keeps it when the next comes in force */
	if (e->kind == NATIVE_EVENT_QUEUE || e->kind == NATIVE_EVENT_SETTLED)
		peak_raise(&o->slice, native_config()->slice_underutil_ns);
	if (e->kind == NATIVE_EVENT_KICK) /* a callback is under way */
		return;
	if (o->config != shared.config_current || o->tune != shared.tune_current ||
	    o->generation != native_config()->generation)
		changed(o);
}
