/* SPDX-License-Identifier: GPL-2.0-only */
/* Generators: the same for a seed, valid files, and the figures they state. */
#include "tests/unit/sim/workloads.h"
#include "tests/sim/generator.h"

#define EIGHT "cpus 0-3 node 0\ncpus 4-7 node 1\noffline 7\n"

static struct sim_machine *machine; /* with 7 online CPUs */

static int setup(void **state)
{
	machine = machine_of(EIGHT);
	return 0;
}

static int teardown(void **state)
{
	machine = sim_machine_free(machine);
	return 0;
}

static u32 instances(const struct sim_workload *w)
{
	u32 nr = 0;

	for (u32 i = 0; i < w->nr_kinds; i++)
		nr += w->kinds[i]->instances;
	return nr;
}

static u32 instances_of(const char *spec)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w = generate(spec, machine, 1);

	return instances(w);
}

static void same_seed_gives_the_same(void **state)
{
	for (const struct sim_generator *g = sim_generators; g->name; g++) {
		_cleanup_(sim_workload_freep) struct sim_workload *a =
			generate(g->name, machine, 7);
		_cleanup_(sim_workload_freep) struct sim_workload *b =
			generate(g->name, machine, 7);
		_cleanup_(freep) char *x = text_of(a);
		_cleanup_(freep) char *y = text_of(b);

		assert_string_equal(x, y);
	}
}

static void another_seed_gives_another(void **state)
{
	static const char *const names[] = { "weights", "periodic", "pinned", "make", "random" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(sim_workload_freep) struct sim_workload *a =
			generate(names[i], machine, 7);
		_cleanup_(sim_workload_freep) struct sim_workload *b =
			generate(names[i], machine, 8);
		_cleanup_(freep) char *x = text_of(a);
		_cleanup_(freep) char *y = text_of(b);

		assert_string_not_equal(x, y);
	}
}

/* What is printed is read, prints the same again, and runs the same. */
static u64 hash_of(struct sim_workload *w)
{
	struct run run;
	u64 hash;

	begin(&run, EIGHT, w);
	native_run(50 * MSEC);
	hash = run.hash;
	end(&run);
	return hash;
}

static void printed_it_is_the_same(void **state)
{
	for (const struct sim_generator *g = sim_generators; g->name; g++) {
		struct sim_workload *w = generate(g->name, machine, 3), *again = NULL;
		_cleanup_(freep) char *text = text_of(w);
		_cleanup_(freep) char *second = NULL;
		char why[256] = "";

		if (load_workload(text, machine, why, &again))
			fail_msg("%s: %s", g->name, why);
		second = text_of(again);
		assert_string_equal(text, second);
		assert_int_equal(hash_of(w), hash_of(again)); /* which frees them */
	}
}

static void numbers_are_kept(void **state)
{
	assert_int_equal(instances_of("hogs"), 14);
	assert_int_equal(instances_of("hogs:percent=50"), 3);
	assert_int_equal(instances_of("hogs:tasks=5"), 5);
	assert_int_equal(instances_of("nice:tasks=23,levels=7"), 23);
	assert_int_equal(instances_of("weights:tasks=23,levels=7"), 23);
	assert_int_equal(instances_of("skew:tasks=23,levels=7"),
			 23 + 1); /* and who sets them free */
	assert_int_equal(instances_of("periodic:tasks=40"), 40);
	assert_int_equal(instances_of("pinned"), 7 + 7);
	assert_int_equal(instances_of("pinned:floaters=100"), 7 + 100);
	assert_int_equal(instances_of("chains:chains=3,length=5"), 15);
	assert_int_equal(instances_of("servers"), 2 * 7 + 7);
	assert_int_equal(instances_of("servers:clients=9,servers=2"), 11);
	assert_int_equal(instances_of("random:kinds=5,tasks=17"), 17 + 1); /* and room */
}

static void weights_reach_the_ends(void **state)
{
	_cleanup_(sim_workload_freep) struct sim_workload *w =
		generate("weights:levels=3", machine, 1);
	_cleanup_(sim_workload_freep) struct sim_workload *n =
		generate("nice:levels=3", machine, 1);

	assert_int_equal(w->kinds[0]->attributes.weight, 1);
	assert_int_equal(w->kinds[2]->attributes.weight, 100);
	assert_int_equal(w->kinds[4]->attributes.weight, 10000);
	assert_int_equal(n->kinds[0]->attributes.nice, -20);
	assert_int_equal(n->kinds[2]->attributes.nice, 19);
}

/* EIGHT has a cache a node: all begin in the first one, with their weights, and may go anywhere later. */
static void skew_begins_in_some_caches(void **state)
{
	struct run run;
	struct task_struct *p;
	u32 in_second = 0;

	begin(&run, EIGHT, generate("skew:tasks=18,levels=3,caches=1,free_ms=20", machine, 1));
	assert_int_equal(task("hog10000-12")->scx.weight, 10000);
	assert_int_equal(task("hog1-0")->native.cpu, 0);
	assert_int_equal(task("hog1-1")->native.cpu, 1);
	native_run(19 * MSEC);
	for (p = native.tasks; p; p = p->native.older) {
		if (p == task("liberator-18"))
			continue;
		assert_in_range(p->native.cpu, 0, 3);
		assert_int_equal(p->nr_cpus_allowed, 4);
	}
	native_run(100 * MSEC);
	for (p = native.tasks; p; p = p->native.older)
		in_second += p->native.cpu > 3;
	assert_in_range(in_second, 1, 18);
	end(&run);
}

/* No more children at once than it says, but many in all. */
static void storm_is_bounded(void **state)
{
	struct run run;
	u32 alive = 0;

	begin(&run, EIGHT, generate("forks:alive=10,child_us=50", machine, 1));
	native_run(100 * MSEC);
	for (struct task_struct *p = native.tasks; p; p = p->native.older)
		alive += !strncmp(sim_task_name(p), "child", 5);
	assert_in_range(alive, 1, 10);
	assert_true(run.nr_left > 5000);
	end(&run);
}

static void chain_wakes_link_by_link(void **state)
{
	struct run run;

	begin(&run, EIGHT,
	      generate("chains:chains=1,length=3,run_us=200,period_us=5000", machine, 1));
	native_run(51 * MSEC);
	assert_int_equal(task("c0-0-0")->native.ran, 10 * 200 * USEC);
	assert_int_equal(task("c0-2-2")->native.ran, 10 * 200 * USEC);
	end(&run);
}

static void servers_answer(void **state)
{
	struct run run;

	begin(&run, EIGHT,
	      generate("servers:clients=2,servers=1,think_us=1000,run_us=300", machine, 1));
	native_run(100 * MSEC);
	assert_true(task("server0-1")->native.ran > 70 * 300 * USEC);
	end(&run);
}

static void bad_specs_are_refused(void **state)
{
	static const struct {
		const char *spec, *why;
		int err;
	} bad[] = {
		{ "no-such", "no-such: neither a file nor a generator", -ENOENT },
		{ "hogs:x=1", "hogs: there is no key x", -EINVAL },
		{ "hogs:tasks", "hogs: tasks must be a number of 0 to 1000000", -EINVAL },
		{ "hogs:tasks=x", "hogs: tasks must be a number of 0 to 1000000", -EINVAL },
		{ "hogs:tasks=1x", "hogs: tasks must be a number of 0 to 1000000", -EINVAL },
		{ "hogs:tasks=1000001", "hogs: tasks must be a number of 0 to 1000000", -EINVAL },
		{ "nice:tasks=1,levels=1", "nice: levels must be a number of 2 to 40", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sim_workload *w = NULL;
		char why[256] = "";

		assert_int_equal(sim_workload_load(bad[i].spec, machine, 1, why, &w), bad[i].err);
		assert_string_equal(why, bad[i].why);
	}
}

static void list_names_all(void **state)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	sim_workload_list(f);
	fclose(f);
	for (const struct sim_generator *g = sim_generators; g->name; g++)
		assert_non_null(strstr(text, g->help));
	assert_non_null(strstr(text, "levels=5 (2..40): nice levels"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_gives_the_same),
		cmocka_unit_test(another_seed_gives_another),
		cmocka_unit_test(printed_it_is_the_same),
		cmocka_unit_test(numbers_are_kept),
		cmocka_unit_test(weights_reach_the_ends),
		cmocka_unit_test(skew_begins_in_some_caches),
		cmocka_unit_test(storm_is_bounded),
		cmocka_unit_test(chain_wakes_link_by_link),
		cmocka_unit_test(servers_answer),
		cmocka_unit_test(bad_specs_are_refused),
		cmocka_unit_test(list_names_all),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
