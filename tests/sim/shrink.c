// SPDX-License-Identifier: GPL-2.0-only
#include "tests/sim/shrink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/loop.h"

/* What is tried, or has been found to do. The texts of settings and actions are the run's. */
struct attempt {
	char *workload;
	const char **settings;
	u32 nr_settings;
	struct sim_script script;
	u64 duration_ns; /* that it may take */
	u64 ran_ns;      /* when the violation ended it */
};

struct shrinker {
	const struct sim_run *run;
	const char *violation;
	u32 runs_left;
	uint64_t until_usec; /* CLOCK_MONOTONIC */
	struct attempt best;
	char *found; /* violation of best */
};

static void attempt_done(struct attempt *a)
{
	free(a->workload);
	free(a->settings);
	free(a->script.actions);
	*a = (struct attempt){ 0 };
}

/* --- Workloads as texts, so that what is printed in the end is what was run. --------------------- */

static char *print(const struct sim_workload *w)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	sim_workload_print(w, to);
	fclose(to);
	return text;
}

static int load(const struct shrinker *s, const char *text, struct sim_workload **ret)
{
	_cleanup_(closep) int fd = memfd_create("workload", MFD_CLOEXEC);
	char path[64], why[256];
	size_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		return -EIO;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return sim_workload_load(path, s->run->machine, s->run->seed, why, ret);
}

/* --- One attempt. ------------------------------------------------------------------------------- */

/* The oracle's name is what comes before the first colon. */
static bool same_oracle(const char *a, const char *b)
{
	size_t length = strcspn(a, ":");

	return length == strcspn(b, ":") && strncmp(a, b, length) == 0;
}

/* A smaller run may need longer to show the fault. */
static u64 patience_ns(u64 ran_ns)
{
	return 2 * ran_ns + 1000000000;
}

/* What was to happen behind the end had no part in it. */
static void forget_later_actions(struct attempt *a)
{
	u32 nr = a->script.nr;

	a->script.nr = 0;
	for (u32 i = 0; i < nr; i++)
		if (a->script.actions[i].at_ns <= a->ran_ns)
			a->script.actions[a->script.nr++] = a->script.actions[i];
}

/* 1: the oracle fires, and a is now the best, which ends with the violation; 0: it does not. */
static int try(struct shrinker *s, struct attempt *a)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = NULL;
	_cleanup_(sim_result_done) struct sim_result result = { 0 };
	struct sim_run run = *s->run;
	int err;

	if (!s->runs_left || loop_now_usec() > s->until_usec)
		return 0;
	s->runs_left--;
	err = load(s, a->workload, &w);
	if (err < 0)
		return err;
	run.workload = w;
	run.settings = a->settings;
	run.script = &a->script;
	run.duration_ns = a->duration_ns;
	run.trace = run.report = NULL;
	err = sim_run(&run, &result);
	if (err < 0 || !result.violation || !same_oracle(result.violation, s->violation))
		return err == -ENOMEM ? err : 0;
	a->ran_ns = result.ran_ns;
	if (a->duration_ns > patience_ns(a->ran_ns))
		a->duration_ns = patience_ns(a->ran_ns);
	forget_later_actions(a);
	attempt_done(&s->best);
	s->best = *a;
	*a = (struct attempt){ 0 };
	free(s->found);
	s->found = TAKE_PTR(result.violation);
	return 1;
}

static int copy(const struct attempt *from, struct attempt *to)
{
	*to = (struct attempt){
		.workload = strdup(from->workload),
		.settings = calloc(from->nr_settings + 1, sizeof(from->settings[0])),
		.nr_settings = from->nr_settings,
		.script.actions = calloc(from->script.nr + 1, sizeof(from->script.actions[0])),
		.script.nr = from->script.nr,
		.duration_ns = from->duration_ns,
	};
	if (!to->workload || !to->settings || !to->script.actions)
		return -ENOMEM;
	for (u32 i = 0; i < from->nr_settings; i++)
		to->settings[i] = from->settings[i];
	for (u32 i = 0; i < from->script.nr; i++)
		to->script.actions[i] = from->script.actions[i];
	return 0;
}

/* --- What may be left out. Each returns as try does, without what cannot be left out. ------------ */

static int without_setting(struct shrinker *s, u32 i)
{
	_cleanup_(attempt_done) struct attempt a;
	int err = copy(&s->best, &a);

	if (err < 0)
		return err;
	memmove(&a.settings[i], &a.settings[i + 1], (a.nr_settings - i) * sizeof(a.settings[0]));
	a.nr_settings--;
	return try(s, &a);
}

static int without_action(struct shrinker *s, u32 i)
{
	_cleanup_(attempt_done) struct attempt a;
	int err = copy(&s->best, &a);

	if (err < 0)
		return err;
	memmove(&a.script.actions[i], &a.script.actions[i + 1],
		(a.script.nr - i) * sizeof(a.script.actions[0]));
	a.script.nr--;
	return try(s, &a);
}

static int without_tasks(struct shrinker *s, u32 kind, bool half)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = NULL, *less = NULL;
	_cleanup_(attempt_done) struct attempt a = { 0 };
	int err = load(s, s->best.workload, &w);

	if (err == 0)
		err = sim_workload_without(w, kind, half, &less);
	if (err == 0)
		err = copy(&s->best, &a);
	if (err < 0)
		return err == -EINVAL ? 0 : err;
	if (!sim_workload_nr_kinds(less))
		return 0;
	free(a.workload);
	a.workload = print(less);
	return a.workload ? try(s, &a) : -ENOMEM;
}

static int nr_kinds(const struct shrinker *s)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = NULL;
	int err = load(s, s->best.workload, &w);

	return err < 0 ? err : (int)sim_workload_nr_kinds(w);
}

/* --- All of it. --------------------------------------------------------------------------------- */

static int less_tasks(struct shrinker *s)
{
	int changed = 0, r, n = nr_kinds(s);

	for (int kind = n - 1; kind >= 0; kind--) {
		r = without_tasks(s, (u32)kind, false);
		if (r == 0)
			r = without_tasks(s, (u32)kind, true);
		if (r < 0)
			return r;
		changed |= r;
		n = nr_kinds(s); /* others may have gone with it */
		if (kind > n)
			kind = n;
	}
	return n < 0 ? n : changed;
}

/* One round over everything. 1: something is gone, so another one may find more. */
static int round_of(struct shrinker *s)
{
	int changed = less_tasks(s), r;

	for (u32 i = s->best.script.nr; i-- && changed >= 0;) {
		r = without_action(s, i);
		changed = r < 0 ? r : changed | r;
	}
	for (u32 i = s->best.nr_settings; i-- && changed >= 0;) {
		r = without_setting(s, i);
		changed = r < 0 ? r : changed | r;
	}
	return changed;
}

/* The whole run again, from its printed workload. */
static int repeat(struct shrinker *s)
{
	const struct sim_run *run = s->run;
	struct attempt whole = { .duration_ns = run->duration_ns };
	_cleanup_(attempt_done) struct attempt a = { 0 };
	int err;

	while (run->settings && run->settings[whole.nr_settings])
		whole.nr_settings++;
	whole.settings = (const char **)run->settings;
	if (run->script)
		whole.script = *run->script;
	whole.workload = print(run->workload);
	err = whole.workload ? copy(&whole, &a) : -ENOMEM;
	free(whole.workload);
	if (err < 0)
		return err;
	err = try(s, &a);
	return err == 0 ? -ENOENT : err;
}

int sim_shrink(const struct sim_run *run, const char *violation, u32 runs_max, u32 seconds_max,
	       struct sim_shrunk *ret)
{
	struct shrinker s = {
		.run = run,
		.violation = violation,
		.runs_left = runs_max,
		.until_usec = seconds_max ? loop_now_usec() + seconds_max * 1000000ull : UINT64_MAX,
	};
	int r = repeat(&s);

	while (r > 0)
		r = round_of(&s);
	if (r < 0) {
		attempt_done(&s.best);
		free(s.found);
		return r;
	}
	*ret = (struct sim_shrunk){
		.workload = s.best.workload,
		.settings = s.best.settings,
		.script = s.best.script,
		.duration_ns = s.best.ran_ns,
		.violation = s.found,
		.nr_runs = runs_max - s.runs_left,
	};
	return 0;
}

void sim_shrunk_done(struct sim_shrunk *s)
{
	free(s->workload);
	free(s->settings);
	free(s->script.actions);
	free(s->violation);
	*s = (struct sim_shrunk){ 0 };
}
