/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/sim/machines.h"

static void assert_refused(const char *text, const char *message)
{
	_cleanup_(drop_filep) char *path = make_file(text);
	struct sim_machine *m = NULL;
	char why[256];

	assert_int_equal(sim_machine_load(path, why, &m), -EINVAL);
	assert_null(m);
	assert_memory_equal(why, path, strlen(path));
	assert_string_equal(why + strlen(path), message);
}

static struct sim_machine *parse(const char *text)
{
	_cleanup_(drop_filep) char *path = make_file(text);

	return load(path);
}

static void assert_cpu(const struct sim_cpu *c, u32 id, u32 core, u32 l2, u32 llc, u32 node)
{
	assert_int_equal(c->id, id);
	assert_int_equal(c->core, core);
	assert_int_equal(c->l2, l2);
	assert_int_equal(c->llc, llc);
	assert_int_equal(c->node, node);
}

static void one_line_is_one_cache(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = parse("cpus 0-2\n");

	assert_int_equal(m->nr_cpus, 3);
	for (u32 i = 0; i < 3; i++) {
		assert_cpu(&m->cpus[i], i, i, i, 0, 0);
		assert_int_equal(m->cpus[i].capacity, 1024);
		assert_true(m->cpus[i].online);
	}
	assert_int_equal(m->nr_nodes, 1);
	assert_int_equal(m->distances[0], 10);
}

static void numbers_grow_along_the_list(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m =
		parse("cpus 0-7 threads 2 l2-cpus 4 llc-cpus 8 # the first\n"
		      "\n"
		      "cpus 10,20 node 3 capacity 300\n");

	for (u32 i = 0; i < 8; i++)
		assert_cpu(&m->cpus[i], i, i / 2, i / 4, 0, 0);
	assert_cpu(&m->cpus[8], 10, 4, 2, 1, 3);
	assert_cpu(&m->cpus[9], 20, 5, 3, 1, 3);
	assert_int_equal(m->cpus[9].capacity, 300);
	assert_int_equal(m->distances[1], 20);
}

static void lines_share_by_number(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m =
		parse("cpus 0-3 core 7 llc 9 llc-cpus 2\n"
		      "cpus 4-7 core 7 llc 9 llc-cpus 2\n");

	for (u32 i = 0; i < 8; i++)
		assert_cpu(&m->cpus[i], i, i % 4, i % 4, i % 4 / 2, 0);
}

static void nodes_and_what_is_offline(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = parse("node 4 distance 30 10 31\n"
								   "node 1 distance 10 30 12\n"
								   "cpus 0-3 node 4\n"
								   "cpus 4-5 node 8\n"
								   "offline 1-2,5\n");
	static const u32 expected[] = { 10, 30, 12, 30, 10, 31, 20, 20, 10 };

	assert_int_equal(m->nr_nodes, 3);
	assert_int_equal(m->node_ids[0], 1);
	assert_int_equal(m->node_ids[2], 8);
	assert_memory_equal(m->distances, expected, sizeof(expected));
	for (u32 i = 0; i < 6; i++)
		assert_int_equal(m->cpus[i].online, i == 0 || i == 3 || i == 4);
}

static void what_is_wrong_is_said(void **state)
{
	assert_refused("cpus 0-3\ncpu 4\n", ":2: \"cpu\" is none of node, cpus, offline");
	assert_refused("cpus\n", ":1: cpus needs a list of CPUs like 0-3,8");
	assert_refused("cpus 3-1\n", ":1: cpus needs a list of CPUs like 0-3,8");
	assert_refused("cpus 8192\n", ":1: cpus: \"8192\" has a CPU above 8191");
	assert_refused("cpus 0-3\n\ncpus 3-5\n",
		       ":3: a CPU of this line was on an earlier one, too");
	assert_refused("cpus 0 color 3\n", ":1: unknown key \"color\"");
	assert_refused("cpus 0 capacity\n", ":1: capacity needs a number");
	assert_refused("cpus 0 capacity 0\n",
		       ":1: capacity: 0 is out of range (allowed: 1 to 1024)");
	assert_refused("cpus 0 threads two\n", ":1: threads: \"two\" is not a number");
	assert_refused("cpus 0 threads -1\n", ":1: threads: \"-1\" is not a number");
	assert_refused("node x\n", ":1: node: \"x\" is not a number");
	assert_refused("node 0 far 10\n", ":1: \"far\" is not \"distance\"");
	assert_refused("node 0 distance 10\ncpus 0 node 1\n", ":1: 1 distances for 2 nodes");
	assert_refused("cpus 0\noffline 1\n", ":2: offline: there is no CPU 1 above");
	assert_refused("cpus 0\noffline 0 1\n", ":2: \"1\" is too much");
}

static void what_cannot_be_is_refused(void **state)
{
	assert_refused("", ": no CPU is online");
	assert_refused("cpus 0\noffline 0\n", ": no CPU is online");
	assert_refused("cpus 0 core 0 l2 0\ncpus 1 core 0 l2 1\n",
		       ": CPUs 0 and 1 are one core with two L2 caches");
	assert_refused("cpus 0-3 threads 2 llc-cpus 1\n",
		       ": CPUs 0 and 1 share an L2 cache, but not the last");
}

static void unknown_names_are_no_machines(void **state)
{
	struct sim_machine *m = NULL;
	char why[256];

	assert_int_equal(sim_machine_load("smp5", why, &m), -ENOENT);
	assert_string_equal(why, "smp5: no such machine or file");
}

static const char *const builtins[] = { "uni",    "smp4",     "numa2x2",  "big16",
					"laptop", "desktop8", "server2s", "ccd12",
					"big512", "huge4096", "sparse" };

static void assert_same_machine(const struct sim_machine *a, const struct sim_machine *b)
{
	assert_int_equal(a->nr_cpus, b->nr_cpus);
	assert_int_equal(a->nr_nodes, b->nr_nodes);
	assert_memory_equal(a->node_ids, b->node_ids, a->nr_nodes * sizeof(u32));
	assert_memory_equal(a->distances, b->distances, a->nr_nodes * a->nr_nodes * sizeof(u32));
	for (u32 i = 0; i < a->nr_cpus; i++) {
		const struct sim_cpu *x = &a->cpus[i], *y = &b->cpus[i];

		assert_cpu(x, y->id, y->core, y->l2, y->llc, y->node);
		assert_int_equal(x->capacity, y->capacity);
		assert_int_equal(x->online, y->online);
	}
}

static void printed_machines_are_read_again(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++) {
		_cleanup_(sim_machine_freep) struct sim_machine *m = load(builtins[i]);
		_cleanup_(freep) char *text = print(m);
		_cleanup_(sim_machine_freep) struct sim_machine *again = parse(text);

		assert_same_machine(m, again);
	}
}

static void kinds_of_cpus_are_a_line_each(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *laptop = load("laptop");
	_cleanup_(sim_machine_freep) struct sim_machine *server = load("server2s");
	_cleanup_(freep) char *laptop_text = print(laptop), *server_text = print(server);

	assert_string_equal(laptop_text, "node 0 distance 10\n"
					 "cpus 0-7 threads 2\n"
					 "cpus 8-15 l2 4 l2-cpus 4 llc 0 capacity 620\n"
					 "cpus 16-17 l2 6 l2-cpus 2 capacity 400\n");
	assert_string_equal(server_text, "node 0 distance 10 21\n"
					 "node 1 distance 21 10\n"
					 "cpus 0-23\n"
					 "cpus 24-47 node 1\n"
					 "cpus 48-71 core 0 llc 0\n"
					 "cpus 72-95 node 1 core 24 llc 1\n");
}

static void the_built_in_ones_are_as_they_say(void **state)
{
	static const struct {
		const char *name;
		u32 cpus, cores, llcs, nodes;
	} expected[] = {
		{ "uni", 1, 1, 1, 1 },         { "smp4", 4, 4, 1, 1 },
		{ "numa2x2", 8, 4, 4, 2 },     { "big16", 16, 8, 4, 2 },
		{ "laptop", 18, 14, 2, 1 },    { "desktop8", 8, 8, 2, 1 },
		{ "server2s", 96, 48, 2, 2 },  { "ccd12", 192, 96, 12, 1 },
		{ "big512", 512, 256, 64, 8 }, { "huge4096", 4096, 2048, 512, 8 },
		{ "sparse", 16, 12, 4, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		_cleanup_(sim_machine_freep) struct sim_machine *m = load(expected[i].name);
		u32 cores = 0, llcs = 0;

		for (u32 k = 0; k < m->nr_cpus; k++) {
			cores = m->cpus[k].core >= cores ? m->cpus[k].core + 1 : cores;
			llcs = m->cpus[k].llc >= llcs ? m->cpus[k].llc + 1 : llcs;
		}
		assert_int_equal(m->nr_cpus, expected[i].cpus);
		assert_int_equal(cores, expected[i].cores);
		assert_int_equal(llcs, expected[i].llcs);
		assert_int_equal(m->nr_nodes, expected[i].nodes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_is_one_cache),
		cmocka_unit_test(numbers_grow_along_the_list),
		cmocka_unit_test(lines_share_by_number),
		cmocka_unit_test(nodes_and_what_is_offline),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(unknown_names_are_no_machines),
		cmocka_unit_test(printed_machines_are_read_again),
		cmocka_unit_test(kinds_of_cpus_are_a_line_each),
		cmocka_unit_test(the_built_in_ones_are_as_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
