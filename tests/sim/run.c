/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/sim/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/oracle.h"
#include "tests/sim/report.h"
#include "tests/sim/run-daemon.h"

/* So often it is looked whether the run is over before its time. */
#define CHUNK_NS (10ull * 1000 * 1000)

/* What a run needs while it lasts. */
struct running {
	const struct sim_run *run;
	struct sim_result *result;
	struct config *config;
	struct topology *topology;
	struct sim_context context;
	struct sim_daemon *daemon; /* NULL for a scheduler that is not wd40 */
	struct sim_oracles *oracles;
	struct sim_report *report;
	struct appointment *appointments; /* one an action of the script */
	bool booted, attached;
};

/* An action of the script, for native_at. */
struct appointment {
	struct running *r;
	const struct sim_action *action;
};

static int fail(struct running *r, int err, const char *what)
{
	if (!*r->result->why)
		snprintf(r->result->why, sizeof(r->result->why), "%s: %s", what, strerror(-err));
	return err;
}

/* --- Before. ------------------------------------------------------------------------------------ */

/* Re-tunes are tried on a configuration of their own, so that a bad one is told before the run. */
static int read_config(struct running *r)
{
	_cleanup_(config_freep) struct config *tried = NULL;
	int err = sim_settings_new(r->run->settings, r->result->why, &r->config);

	if (err < 0 || !r->run->script)
		return err;
	err = sim_settings_new(r->run->settings, r->result->why, &tried);
	return err < 0 ? err : sim_script_check(r->run->script, tried, r->result->why);
}

static int make_topology(struct running *r)
{
	const struct tunable_value *values = config_values(r->config)->values;

	return sim_machine_topology(r->run->machine, values[TUNABLE_CACHE_LEVEL].u,
				    values[TUNABLE_CPUMASKS].list, r->result->why, &r->topology);
}

/* Who looks on does so before anything happens. */
static int boot(struct running *r)
{
	const struct sim_run *run = r->run;
	int err = 0;

	sim_machine_boot(run->machine, r->topology, run->tasks_max ?: SIM_TASKS_MAX, run->tick_ns);
	r->booted = true;
	r->context = (struct sim_context){
		.topology = r->topology,
		.values = config_values(r->config),
		.seed = run->seed,
		.is_wd40 = strcmp(run->scheduler->name, WD40_OPS_NAME) == 0,
	};
	if (r->context.is_wd40)
		err = sim_daemon_new(run->machine, r->config, r->topology, &r->daemon);
	if (err == 0)
		err = sim_oracles_new(&r->context, &r->oracles);
	if (err == 0)
		err = sim_report_new(&r->context, run->trace, &r->report);
	return err;
}

/* --- During. ------------------------------------------------------------------------------------ */

/* A re-tune that was good when tried is good now: nothing else changes values. */
static void act(void *userdata)
{
	const struct appointment *a = userdata;

	if (a->action->act != SIM_ACT_SET)
		sim_action_do(a->action);
	else if (a->r->daemon && sim_daemon_set(a->r->daemon, a->action->settings) < 0)
		native_die("%s is refused in the run", a->action->settings);
}

static int plan(struct running *r)
{
	const struct sim_script *s = r->run->script;

	if (!s || !s->nr)
		return 0;
	r->appointments = calloc(s->nr, sizeof(r->appointments[0]));
	if (!r->appointments)
		return -ENOMEM;
	for (u32 i = 0; i < s->nr; i++) {
		r->appointments[i] = (struct appointment){ r, &s->actions[i] };
		native_at(native.now_ns + s->actions[i].at_ns, act, &r->appointments[i]);
	}
	return 0;
}

static bool has_hotplug(const struct sim_script *s)
{
	for (u32 i = 0; s && i < s->nr; i++)
		if (s->actions[i].act == SIM_ACT_OFFLINE || s->actions[i].act == SIM_ACT_ONLINE)
			return true;
	return false;
}

/* Grace periods take time where somebody waits for them. Kernels are not one in what they ask meanwhile. */
static int start(struct running *r)
{
	int err = native_attach(r->run->scheduler->ops);

	if (err < 0)
		return fail(r, err, "the scheduler does not attach");
	r->attached = true;
	native.asks_leaving = r->run->seed % 2;
	if (has_hotplug(r->run->script))
		native_grace_begin();
	if (r->daemon)
		sim_daemon_start(r->daemon);
	err = plan(r);
	if (err == 0)
		sim_workload_start(r->run->workload);
	return err;
}

static bool is_over(const struct running *r)
{
	return sim_oracles_violation(r->oracles) || native.ended || native.exit_code;
}

static void go(struct running *r)
{
	u64 begin = native.now_ns, end = begin + r->run->duration_ns;

	while (native.now_ns < end && !is_over(r)) {
		u64 left = end - native.now_ns;

		native_run(left < CHUNK_NS ? left : CHUNK_NS);
	}
	r->result->ran_ns = native.now_ns - begin;
	r->result->restarts = native.exit_code & ECODE_RESTART;
}

/* --- After. ------------------------------------------------------------------------------------- */

/* All tasks leave; after a violation that tells nothing. */
static int judge(struct running *r)
{
	const char *violation;

	native_detach();
	r->attached = false;
	if (!sim_oracles_violation(r->oracles))
		sim_oracles_finish(r->oracles);
	violation = sim_oracles_violation(r->oracles);
	if (!violation)
		return 0;
	r->result->violation = strdup(violation);
	return r->result->violation ? 0 : -ENOMEM;
}

static void clean_up(struct running *r)
{
	if (r->attached)
		native_detach();
	sim_report_free(r->report);
	sim_oracles_free(r->oracles);
	sim_daemon_free(r->daemon);
	if (r->booted)
		native_halt();
	topology_free(r->topology);
	config_free(r->config);
	free(r->appointments);
}

static int run_all(struct running *r)
{
	int err = read_config(r);

	if (err == 0)
		err = make_topology(r);
	if (err == 0)
		err = boot(r);
	if (err == 0)
		err = start(r);
	if (err < 0)
		return err;
	go(r);
	if (r->run->report) /* while the tasks are there */
		sim_report_print(r->report, r->run->report, r->run->json);
	return judge(r);
}

int sim_run(const struct sim_run *run, struct sim_result *ret)
{
	_cleanup_(clean_up) struct running r = { .run = run, .result = ret };
	int err;

	*ret = (struct sim_result){ 0 };
	err = run_all(&r);
	return err < 0 ? fail(&r, err, "the run") : 0;
}

void sim_result_done(struct sim_result *r)
{
	free(r->violation);
	r->violation = NULL;
}

const struct sim_scheduler *sim_scheduler_find(const char *name)
{
	for (const struct sim_scheduler *s = sim_schedulers; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}
