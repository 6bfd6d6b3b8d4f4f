/* SPDX-License-Identifier: GPL-2.0-only */
/* Scripts: read, checked, and done. */
#include "tests/sim/script.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/machine.h"
#include "util/macro.h"

#define MAX_DURATION_NS 1e15
#define MAX_FREQUENCY   1024

/* --- Durations. --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	u64 ns;
} units[] = { { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } };

int sim_parse_duration(const char *text, u64 *ret_ns)
{
	double number;
	char *unit;

	if (*text < '0' || *text > '9' || strspn(text, "0123456789.") != strcspn(text, "smun"))
		return -EINVAL;
	number = strtod(text, &unit);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		if (number * (double)units[i].ns > MAX_DURATION_NS)
			return -ERANGE;
		*ret_ns = (u64)llround(number * (double)units[i].ns);
		return 0;
	}
	return -EINVAL;
}

/* In the largest unit of which it is a whole number. */
static const char *format_duration(u64 ns, char text[32])
{
	size_t i = 0;

	while (ns % units[i].ns)
		i++;
	snprintf(text, 32, "%llu%s", ns / units[i].ns, units[i].name);
	return text;
}

/* --- Reading. ----------------------------------------------------------------------------------- */

static int read_set(struct sim_action *a, char *args, char why[SIM_WHY_SIZE])
{
	a->settings = strdup(args);
	return a->settings ? 0 : -ENOMEM;
}

static int read_cpus(struct sim_action *a, const char *text, char why[SIM_WHY_SIZE])
{
	a->cpus = cpuset_new(WD40_MAX_CPUS);
	if (!a->cpus)
		return -ENOMEM;
	if (!text || cpuset_parse(a->cpus, text) < 0 || cpuset_first(a->cpus) == UINT32_MAX)
		return sim_refuse(why, "\"%.100s\" is no list of CPUs", text ?: "");
	return 0;
}

static int read_hotplug(struct sim_action *a, char *args, char why[SIM_WHY_SIZE])
{
	return read_cpus(a, args, why);
}

static int read_occupy(struct sim_action *a, char *args, char why[SIM_WHY_SIZE])
{
	const char *cpus = strsep(&args, ":"), *thief = strsep(&args, ":");
	int r = read_cpus(a, cpus, why);

	if (r < 0)
		return r;
	if (!thief || (strcmp(thief, "rt") != 0 && strcmp(thief, "irq") != 0))
		return sim_refuse(why, "\"%.100s\" is neither rt nor irq", thief ?: "");
	a->thief = *thief == 'r' ? NATIVE_RT : NATIVE_IRQ;
	if (!args || sim_parse_duration(args, &a->ns) < 0 || !a->ns)
		return sim_refuse(why, "\"%.100s\" is no duration", args ?: "");
	return 0;
}

static int read_frequency(struct sim_action *a, char *args, char why[SIM_WHY_SIZE])
{
	const char *cpus = strsep(&args, ":");
	int r = read_cpus(a, cpus, why);

	if (r < 0)
		return r;
	a->frequency = args ? (u32)strtoul(args, NULL, 10) : 0;
	if (a->frequency < 1 || a->frequency > MAX_FREQUENCY)
		return sim_refuse(why, "\"%.100s\" is no frequency (allowed: 1 to %u)", args ?: "",
				  MAX_FREQUENCY);
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct sim_action *a, char *args, char why[SIM_WHY_SIZE]);
} acts[] = {
	[SIM_ACT_SET] = { "set", read_set },
	[SIM_ACT_OFFLINE] = { "offline", read_hotplug },
	[SIM_ACT_ONLINE] = { "online", read_hotplug },
	[SIM_ACT_OCCUPY] = { "occupy", read_occupy },
	[SIM_ACT_FREQUENCY] = { "frequency", read_frequency },
};
_Static_assert(ARRAY_SIZE(acts) == NR_SIM_ACTS, "each act can be read");

const char *sim_act_name(enum sim_act act)
{
	return acts[act].name;
}

static int read_action(struct sim_action *a, char *text, char why[SIM_WHY_SIZE])
{
	const char *name = strsep(&text, ":");

	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		if (strcmp(name, acts[i].name) != 0)
			continue;
		a->act = (enum sim_act)i;
		return text ? acts[i].read(a, text, why)
			    : sim_refuse(why, "\"%s\" needs something behind a colon", name);
	}
	return sim_refuse(why, "\"%.100s\" is none of set, offline, online, occupy, frequency",
			  name);
}

static void action_done(struct sim_action *a)
{
	free(a->settings);
	cpuset_free(a->cpus);
}

int sim_script_add(struct sim_script *s, const char *time, const char *action,
		   char why[SIM_WHY_SIZE])
{
	_cleanup_(freep) char *copy = strdup(action);
	struct sim_action *larger, a = { 0 };
	int r;

	if (sim_parse_duration(time, &a.at_ns) < 0)
		return sim_refuse(why, "\"%.100s\" is no time like 2s or 500ms", time);
	larger = reallocarray(s->actions, s->nr + 1, sizeof(*larger));
	if (!copy || !larger)
		return -ENOMEM;
	s->actions = larger;
	r = read_action(&a, copy, why);
	if (r < 0)
		action_done(&a);
	else
		larger[s->nr++] = a;
	return r;
}

void sim_script_done(struct sim_script *s)
{
	for (u32 i = 0; i < s->nr; i++)
		action_done(&s->actions[i]);
	free(s->actions);
	*s = (struct sim_script){ 0 };
}

/* --- Checking and doing. ------------------------------------------------------------------------ */

/* The action that comes behind a (NULL: the first), those of one time as they were added. */
static const struct sim_action *next_action(const struct sim_script *s, const struct sim_action *a)
{
	const struct sim_action *next = NULL;

	for (const struct sim_action *b = s->actions; b < s->actions + s->nr; b++) {
		if (a && (b->at_ns < a->at_ns || (b->at_ns == a->at_ns && b <= a)))
			continue;
		if (!next || b->at_ns < next->at_ns)
			next = b;
	}
	return next;
}

int sim_script_check(const struct sim_script *s, struct config *c, char why[SIM_WHY_SIZE])
{
	int r = 0;

	for (const struct sim_action *a = next_action(s, NULL); r == 0 && a; a = next_action(s, a))
		if (a->act == SIM_ACT_SET)
			r = sim_settings_change(c, a->settings, why);
	return r;
}

static bool has_cpu(const struct sim_machine *m, u32 id)
{
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].id == id)
			return true;
	return false;
}

static int action_fits(const struct sim_action *a, const struct sim_machine *m, u64 duration_ns,
		       char why[SIM_WHY_SIZE])
{
	const char *name = sim_act_name(a->act);
	char at[32], end[32];

	format_duration(a->at_ns, at);
	if (a->at_ns > duration_ns)
		return sim_refuse(why, "--at %s %s: the run ends at %s", at, name,
				  format_duration(duration_ns, end));
	if (a->act == SIM_ACT_SET)
		return 0;
	for (u32 cpu = cpuset_first(a->cpus); cpu != UINT32_MAX; cpu = cpuset_next(a->cpus, cpu))
		if (!has_cpu(m, cpu))
			return sim_refuse(why, "--at %s %s: the machine has no CPU %u", at, name,
					  cpu);
	return 0;
}

int sim_script_fits(const struct sim_script *s, const struct sim_machine *m, u64 duration_ns,
		    char why[SIM_WHY_SIZE])
{
	int r = 0;

	for (u32 i = 0; i < s->nr && r == 0; i++)
		r = action_fits(&s->actions[i], m, duration_ns, why);
	return r;
}

static u32 nr_online(void)
{
	u32 n = 0;

	for (u32 w = 0; w < WD40_WORDS(native.nr_cpu_ids); w++)
		n += (u32)__builtin_popcountl(native.online[w]);
	return n;
}

/* The kernel, too, refuses to take the last CPU offline. */
static void do_to_cpu(const struct sim_action *a, u32 cpu)
{
	switch (a->act) {
	case SIM_ACT_ONLINE: native_set_online((s32)cpu, true); break;
	case SIM_ACT_OFFLINE:
		if (sim_is_online(cpu) && nr_online() > 1)
			native_set_online((s32)cpu, false);
		break;
	case SIM_ACT_OCCUPY:
		if (sim_is_online(cpu))
			native_occupy((s32)cpu, a->thief, a->ns);
		break;
	default: native_set_frequency((s32)cpu, a->frequency); break;
	}
}

void sim_action_do(const struct sim_action *a)
{
	for (u32 cpu = cpuset_first(a->cpus); cpu < native.nr_cpu_ids;
	     cpu = cpuset_next(a->cpus, cpu))
		do_to_cpu(a, cpu);
}
