/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of rt-app that are read, and what is said of bad ones. */
#include "tests/unit/sim/workloads.h"

#define FOUR "cpus 0-3\n"

static struct sim_machine *machine;

static int setup(void **state)
{
	machine = machine_of(FOUR);
	return 0;
}

static int teardown(void **state)
{
	machine = sim_machine_free(machine);
	return 0;
}

static struct sim_workload *read_good(const char *text)
{
	struct sim_workload *w = NULL;
	char why[256] = "";

	if (load_workload(text, machine, why, &w))
		fail_msg("%s", why);
	return w;
}

#define EVERYTHING                                                                                     \
	"{ 'global': { 'duration': 5, 'calibration': 'CPU0', 'default_policy': 'SCHED_OTHER',"         \
	"	'logdir': '/tmp' }, 'resources': {}, /* as rt-app allows */"                                 \
	"'tasks': { 'a': { 'instance': 3, 'delay': 250, 'loop': 2, 'priority': -5, 'cpus': [0, 2],"    \
	"	'membind_nodes': [1], 'phases': {"                                                           \
	"	'one': { 'loop': 4, 'run0': 10, 'runtime0': 20, 'sleep0': 30, 'cpus': [3], 'priority': 1 }," \
	"	'two': { 'timer': { 'ref': 'unique', 'period': 100 },"                                       \
	"		'timer2': { 'ref': 't', 'period': 200, 'mode': 'absolute' },"                               \
	"		'suspend': 's', 'resume': 's', 'lock': 'm', 'wait': { 'ref': 'c', 'mutex': 'm' },"          \
	"		'sync': { 'ref': 'c', 'mutex': 'm' }, 'unlock': 'm', 'signal': 'c',"                        \
	"		'broad': 'c', 'barrier': 'b', 'yield': '', 'fork': 'later' },"                              \
	"	'three': { 'sim_weight': 300, 'sim_prefer_nodes': [0, 1], 'sim_take': 'p', 'sim_post': 'p'," \
	"		'sim_exec': '', 'sim_pin': '', 'sim_unpin': '',"                                            \
	"		'sim_set': { 'task': 'a', 'priority': 3, 'cpus': [1] } } } },"                              \
	"'later': { 'instance': 0, 'policy': 'SCHED_OTHER', 'sim_ready': true, 'run': 7 } } }"

static void task_is_read(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = read_good(EVERYTHING);
	const struct sim_kind *a = sim_workload_find_kind(w, "a");

	assert_int_equal(w->duration_s, 5);
	assert_int_equal(sim_workload_nr_kinds(w), 2);
	assert_int_equal(a->instances, 3);
	assert_false(a->ready);
	assert_true(sim_workload_find_kind(w, "later")->ready);
	assert_int_equal(a->delay_ns, 250 * USEC);
	assert_int_equal(a->loop, 2);
	assert_int_equal(a->attributes.nice, -5);
	assert_int_equal(a->attributes.cpus[0], 0x5);
	assert_int_equal(a->attributes.memory_mode, MPOL_BIND);
	assert_int_equal(a->attributes.memory_nodes, 2);
	assert_int_equal(a->nr_phases, 3);
	assert_int_equal(w->kinds[1]->instances, 0);
	assert_int_equal(w->kinds[1]->loop, SIM_ENDLESS);
	assert_int_equal(w->kinds[1]->phases[0]->loop, 1);
}

static void phases_are_read(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = read_good(EVERYTHING);
	struct sim_phase **phases = w->kinds[0]->phases;

	assert_int_equal(phases[0]->loop, 4);
	assert_int_equal(phases[0]->attributes.nice, 1);
	assert_int_equal(phases[0]->attributes.cpus[0], 0x8);
	assert_int_equal(phases[1]->loop, 1);
	assert_int_equal(phases[1]->attributes.nice, SIM_NICE_UNSAID);
	assert_null(phases[1]->attributes.cpus);
	assert_int_equal(phases[2]->attributes.weight, 300);
	assert_int_equal(phases[2]->attributes.memory_mode, MPOL_PREFERRED_MANY);
}

static void events_keep_their_order(void **state)
{
	static const enum sim_event_kind kinds[][13] = {
		{ SIM_RUN, SIM_RUNTIME, SIM_SLEEP },
		{ SIM_TIMER, SIM_TIMER, SIM_SUSPEND, SIM_RESUME, SIM_LOCK, SIM_WAIT, SIM_SYNC,
		  SIM_UNLOCK, SIM_SIGNAL, SIM_BROAD, SIM_BARRIER, SIM_YIELD, SIM_FORK },
		{ SIM_TAKE, SIM_POST, SIM_EXEC, SIM_PIN, SIM_UNPIN, SIM_SET },
	};
	static const u32 numbers[] = { 3, 13, 6 };
	_cleanup_(sim_workload_freep) struct sim_workload *w = read_good(EVERYTHING);

	for (u32 p = 0; p < 3; p++) {
		const struct sim_phase *phase = w->kinds[0]->phases[p];

		assert_int_equal(phase->nr_events, numbers[p]);
		for (u32 i = 0; i < numbers[p]; i++)
			assert_int_equal(phase->events[i].kind, kinds[p][i]);
	}
}

static void events_are_read(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = read_good(EVERYTHING);
	const struct sim_event *first = w->kinds[0]->phases[0]->events;
	const struct sim_event *e = w->kinds[0]->phases[1]->events;
	const struct sim_event *set = &w->kinds[0]->phases[2]->events[5];

	assert_int_equal(first[0].ns, 10 * USEC);
	assert_true(e[0].unique);
	assert_int_equal(e[0].ns, 100 * USEC);
	assert_false(e[1].unique);
	assert_false(w->kinds[0]->timers.names[e[0].ref].absolute);
	assert_true(w->timers.names[e[1].ref].absolute);
	assert_string_equal(w->conditions.names[e[2].ref].text, "s");
	assert_string_equal(w->conditions.names[e[5].ref].text, "c");
	assert_string_equal(w->mutexes.names[e[5].mutex].text, "m");
	assert_string_equal(w->barriers.names[e[10].ref].text, "b");
	assert_int_equal(e[12].ref, 1);
	assert_int_equal(set->ref, 0);
	assert_int_equal(set->attributes->nice, 3);
	assert_int_equal(set->attributes->cpus[0], 0x2);
}

static void printed_it_is_the_same(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = read_good(EVERYTHING);
	_cleanup_(freep) char *first = text_of(w);
	_cleanup_(sim_workload_freep) struct sim_workload *again = read_good(first);
	_cleanup_(freep) char *second = text_of(again);

	assert_string_equal(first, second);
	assert_non_null(strstr(first, "\"duration\": 5"));
	assert_non_null(strstr(first, "\"mode\": \"absolute\""));
}

#define TASK(members) "{ 'tasks': { 'a': {" members "} } }"

static const struct {
	const char *text, *why;
} bad[] = {
	{ "{ 'tasks': {\n 'a': {\n 'run' 10 } } }", "line 3: object property name separator" },
	{ "{ 'tasks': {", "line 1: " },
	{ "[]", ": must be an object" },
	{ "{}", "tasks: there are none" },
	{ "{ 'tasks': {} }", "tasks: there are none" },
	{ "{ 'tasks': [] }", "tasks: must be an object" },
	{ "{ 'threads': {} }", "threads: is not known here" },
	{ "{ 'global': { 'default_policy': 'SCHED_RR' }, 'tasks': {} }",
	  "global.default_policy: SCHED_RR is not modelled, SCHED_OTHER is" },
	{ "{ 'global': { 'duration': 'x' } }",
	  "global.duration: must be a whole number of -1 to 2147483647" },
	{ "{ 'tasks': { 'a': 1 } }", "tasks.a: must be an object" },
	{ TASK(""), "tasks.a: there are no events" },
	{ TASK("'phases': {}"), "tasks.a.phases: there are no phases" },
	{ TASK("'phases': { 'p': {} }"), "tasks.a.phases.p: there are no events" },
	{ TASK("'phases': { 'p': [] }"), "tasks.a.phases.p: must be an object" },
	{ TASK("'run': 1, 'phases': { 'p': { 'run': 1 } }"),
	  "tasks.a.run: belongs into one of the phases" },
	{ TASK("'run': 1, 'loop': 3"), "tasks.a.loop: rt-app's versions differ in this" },
	{ TASK("'run': 1, 'loop': 0"), "tasks.a.loop: must be -1 (endless) or a number above 0" },
	{ TASK("'phases': { 'p': { 'loop': 0, 'run': 1 } }"), "tasks.a.phases.p.loop: must be -1" },
	{ TASK("'instance': -1"), "tasks.a.instance: must be a whole number of 0 to 1000000" },
	{ TASK("'delay': 1.5"), "tasks.a.delay: must be a whole number" },
	{ TASK("'priority': 20"), "tasks.a.priority: must be a whole number of -20 to 19" },
	{ TASK("'sim_weight': 0"), "tasks.a.sim_weight: must be a whole number of 1 to 10000" },
	{ TASK("'sim_ready': 1"), "tasks.a.sim_ready: must be true or false" },
	{ TASK("'policy': 'SCHED_FIFO'"), "tasks.a.policy: SCHED_FIFO is not modelled" },
	{ TASK("'cpus': []"), "tasks.a.cpus: must not be empty" },
	{ TASK("'cpus': 1"), "tasks.a.cpus: must be an array" },
	{ TASK("'cpus': [4]"), "tasks.a.cpus: the machine has no CPU 4" },
	{ TASK("'cpus': ['0']"), "tasks.a.cpus: must be a whole number" },
	{ TASK("'membind_nodes': []"), "tasks.a.membind_nodes: must not be empty" },
	{ TASK("'membind_nodes': [64]"),
	  "tasks.a.membind_nodes: must be a whole number of 0 to 63" },
	{ TASK("'mem': 100"), "tasks.a.mem: is not known here" },
	{ TASK("'run': -1"), "tasks.a.run: must be a whole number of 0 to 2147483647" },
	{ TASK("'sleep': '1'"), "tasks.a.sleep: must be a whole number" },
	{ TASK("'timer': 1"), "tasks.a.timer: must be an object" },
	{ TASK("'timer': { 'period': 1 }"), "tasks.a.timer: \"ref\" is missing" },
	{ TASK("'timer': { 'ref': 'x' }"), "tasks.a.timer: \"period\" is missing" },
	{ TASK("'timer': { 'ref': 'x', 'period': 0 }"),
	  "tasks.a.timer: must be a whole number of 1 to" },
	{ TASK("'timer': { 'ref': 'x', 'period': 1, 'mode': 'x' }"),
	  "tasks.a.timer: \"mode\" must be relative or absolute" },
	{ TASK("'suspend': ''"), "tasks.a.suspend: must not be empty" },
	{ TASK("'lock': 1"), "tasks.a.lock: must be a text" },
	{ TASK("'wait': { 'ref': 'x' }"), "tasks.a.wait: \"mutex\" is missing" },
	{ TASK("'wait': { 'ref': 1, 'mutex': 'm' }"), "tasks.a.wait.ref: must be a text" },
	{ TASK("'fork': 'b'"), "tasks.a.fork: there is no task b" },
	{ TASK("'sim_set': { 'cpus': [0] }"), "tasks.a.sim_set: \"task\" is missing" },
	{ TASK("'sim_set': { 'task': 'a', 'cpus': [7] }"),
	  "tasks.a.sim_set.cpus: the machine has no CPU 7" },
	{ TASK("'sim_set': { 'task': 'a', 'run': 7 }"),
	  "tasks.a.sim_set.run: is no attribute of a task" },
};

static void bad_files_are_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sim_workload *w = NULL;
		char why[256] = "";

		assert_int_equal(load_workload(bad[i].text, machine, why, &w), -EINVAL);
		if (!strstr(why, bad[i].why))
			fail_msg("%s\nsays: %s\nnot: %s", bad[i].text, why, bad[i].why);
		assert_non_null(strstr(why, "/tmp/wd40-sim-test"));
	}
}

/* Those that guests run too (tests/lab cross-check). */
static void shipped_files_are_read(void **state)
{
	static const char *const names[] = { "nice", "periodic", "chain" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(sim_workload_freep) struct sim_workload *w = NULL;
		char path[256], why[256] = "";

		snprintf(path, sizeof(path), SOURCE_DIR "/tests/sim/workloads/%s.json", names[i]);
		if (sim_workload_load(path, machine, 1, why, &w))
			fail_msg("%s", why);
		assert_true(sim_workload_nr_kinds(w) >= 8);
	}
}

static void missing_file_is_said(void **state)
{
	struct sim_workload *w = NULL;
	char why[256] = "";

	assert_int_equal(sim_workload_load("/none/such.json", machine, 1, why, &w), -ENOENT);
	assert_string_equal(why, "/none/such.json: No such file or directory");
}

/* As kernel/sched/core.c and sched_weight_to_cgroup give them. */
static void nice_is_a_weight(void **state)
{
	assert_int_equal(sim_weight_of_nice(-20), 8668);
	assert_int_equal(sim_weight_of_nice(-5), 305);
	assert_int_equal(sim_weight_of_nice(0), 100);
	assert_int_equal(sim_weight_of_nice(5), 33);
	assert_int_equal(sim_weight_of_nice(19), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(task_is_read),
		cmocka_unit_test(phases_are_read),
		cmocka_unit_test(events_keep_their_order),
		cmocka_unit_test(events_are_read),
		cmocka_unit_test(printed_it_is_the_same),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(shipped_files_are_read),
		cmocka_unit_test(missing_file_is_said),
		cmocka_unit_test(nice_is_a_weight),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
