/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/daemon/topology-files.h"

/* Captured in the lab. There the ids of caches are wrong: each CPU has one of its own. */
static void captured_numa2x2(void **state)
{
	machine_load(*state, "numa2x2");
	assert_described(*state, 3, "",
			 "8 CPUs, 4 domains, 2 nodes: D0 N0 0-1; D1 N0 2-3; D2 N1 4-5; D3 N1 6-7");
}

static void captured_uni(void **state)
{
	machine_load(*state, "uni");
	assert_described(*state, 3, "", "1 CPU, 1 domain, 1 node: D0 N0 0");
}

static void captured_big16(void **state)
{
	machine_load(*state, "big16");
	assert_described(
		*state, 3, "",
		"16 CPUs, 4 domains, 2 nodes: D0 N0 0-3; D1 N0 4-7; D2 N1 8-11; D3 N1 12-15");
}

static void every_cpu_knows_its_place(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_make(*state, (struct machine_shape){ 2, 2, 2, 2 });
	t = read_with(*state, 3, "");
	assert_int_equal(t->nr_cpu_ids, 16);
	assert_int_equal(t->nr_nodes, 2);
	assert_int_equal(t->nr_domains, 4);
	for (uint32_t i = 0; i < 16; i++) {
		assert_int_equal(t->cpus[i].id, i);
		assert_true(t->cpus[i].online);
		assert_int_equal(t->cpus[i].node, i / 8);
		assert_int_equal(t->cpus[i].domain, i / 4);
	}
	assert_cpus(t->nodes[1].cpus, "8-15");
	assert_int_equal(t->nodes[1].distance[0], 20);
	assert_int_equal(t->nodes[1].distance[1], 10);
}

static void server_with_12_caches(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_make(*state, (struct machine_shape){ 1, 12, 8, 2 });
	t = read_with(*state, 3, "");
	assert_int_equal(t->nr_domains, 12);
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(cpuset_count(t->domains[i].cpus), 16);
}

/* A kernel without NUMA has no folder of nodes. */
static void no_numa(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	machine_remove(*state, NODE_DIR);
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 1 node: D0 N0 0-1; D1 N0 2-3");
	t = read_with(*state, 3, "");
	assert_int_equal(t->nodes[0].distance[0], 10);
}

/* Faults 5 and 6: ids with holes. What is no CPU has no domain, and start does not fail. */
static void ids_of_cpus_may_be_sparse(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;
	const struct machine *m = *state;

	machine_cpus(m, "0-1,4,100", "0-1,4,100");
	machine_node(m, 0, "0-1,4,100", "10");
	machine_cache(m, 0, 0, 3, "Unified", "0-1");
	machine_cache(m, 1, 0, 3, "Unified", "0-1");
	machine_cache(m, 4, 0, 3, "Unified", "4,100");
	machine_cache(m, 100, 0, 3, "Unified", "4,100");
	assert_described(m, 3, "", "4 CPUs, 2 domains, 1 node: D0 N0 0-1; D1 N0 4,100");
	t = read_with(m, 3, "");
	assert_int_equal(t->nr_cpu_ids, 101);
	assert_int_equal(t->cpus[2].domain, WD40_NO_DOMAIN);
	assert_int_equal(t->cpus[99].node, WD40_NO_NODE);
	assert_int_equal(t->cpus[100].domain, 1);
}

/* Fault 27: ids of nodes are not indices, and a node of memory only is none of ours. */
static void ids_of_nodes_may_be_sparse(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_cpus(*state, "0-3", "0-3");
	machine_node(*state, 2, "0-1", "10 15 21 40");
	machine_node(*state, 5, "", "15 10 30 50");
	machine_node(*state, 10, "2-3", "21 30 10 60");
	machine_node(*state, 300, "\n", "40 50 60 10");
	machine_write(*state, "not a node", NODE_DIR "/nodes/cpulist");
	machine_write(*state, "2,5,10,300", NODE_DIR "/online");
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 2 nodes: D0 N2 0-1; D1 N10 2-3");
	t = read_with(*state, 3, "");
	assert_int_equal(t->nodes[0].distance[0], 10);
	assert_int_equal(t->nodes[0].distance[1], 21);
	assert_int_equal(t->nodes[1].distance[0], 21);
	assert_int_equal(t->nodes[1].distance[1], 10);
	assert_int_equal(t->cpus[3].node, 1);
}

static void distances_may_be_missing(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_make(*state, (struct machine_shape){ 2, 1, 1, 1 });
	machine_remove(*state, NODE_DIR "/node0/distance");
	machine_write(*state, "17", NODE_DIR "/node1/distance");
	t = read_with(*state, 3, "");
	assert_int_equal(t->nodes[0].distance[0], 10);
	assert_int_equal(t->nodes[0].distance[1], 20);
	assert_int_equal(t->nodes[1].distance[0], 17);
	assert_int_equal(t->nodes[1].distance[1], 10);
}

/* Nodes that share a CPU, and one that lists a CPU which is offline. */
static void nodes_stay_disjoint(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_cpus(*state, "0-3", "0-2");
	machine_node(*state, 0, "0-1", "10 20");
	machine_node(*state, 1, "1-3", "20 10");
	t = read_with(*state, 3, "");
	assert_cpus(t->nodes[0].cpus, "0-1");
	assert_cpus(t->nodes[1].cpus, "2");
	assert_int_equal(t->cpus[3].node, WD40_NO_NODE);
}

static void impossible_cpus_are_not_online(void **state)
{
	machine_cpus(*state, "0-1", "0-5");
	assert_described(*state, 3, "", "2 CPUs, 1 domain, 1 node: D0 N0 0-1");
}

static void no_sysfs(void **state)
{
	assert_refused(*state, "", -ENOENT, "cpu/possible");
	machine_write(*state, "0-3", CPU_DIR "/possible");
	assert_refused(*state, "", -ENOENT, "cpu/online");
}

static void garbage_in_sysfs_is_an_error(void **state)
{
	machine_cpus(*state, "garbage", "0");
	assert_refused(*state, "", -EINVAL, "cpu/possible");
	machine_cpus(*state, "", "");
	assert_refused(*state, "", -EINVAL, "cpu/possible");
	machine_cpus(*state, "0-1", "");
	assert_refused(*state, "", -EINVAL, "cpu/online");
	machine_cpus(*state, "0-1", "0-1");
	machine_node(*state, 3, "garbage", "10");
	assert_refused(*state, "", -EINVAL, "node 3");
}

static void largest_machine(void **state)
{
	machine_cpus(*state, "0-8191", "0-8191");
	assert_described(*state, 3, "", "8192 CPUs, 1 domain, 1 node: D0 N0 0-8191");
	machine_cpus(*state, "0-8192", "0-8192");
	assert_refused(*state, "", -E2BIG, "CPUs");
}

/* Fault 28: scx_wd40 refuses 64 nodes and cannot have more than 64 domains. */
static void more_than_64_nodes_and_domains(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_make(*state, (struct machine_shape){ 70, 2, 1, 1 });
	t = read_with(*state, 3, "");
	assert_int_equal(t->nr_nodes, 70);
	assert_int_equal(t->nr_domains, 140);
	assert_int_equal(t->cpus[139].domain, 139);
	assert_int_equal(t->nodes[69].distance[68], 20);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* CPU time, with sanitizers; tests/bench reads 4096 CPUs. */
static void many_cpus_are_read_quickly(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;
	double start;

	machine_make(*state, (struct machine_shape){ 8, 16, 8, 1, .only_l3 = true });
	start = seconds();
	t = read_with(*state, 3, "");
	assert_int_equal(t->nr_cpu_ids, 1024);
	assert_int_equal(t->nr_domains, 128);
	assert_true(seconds() - start < 0.25);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(captured_numa2x2),
		TEST(captured_uni),
		TEST(captured_big16),
		TEST(every_cpu_knows_its_place),
		TEST(server_with_12_caches),
		TEST(no_numa),
		TEST(ids_of_cpus_may_be_sparse),
		TEST(ids_of_nodes_may_be_sparse),
		TEST(distances_may_be_missing),
		TEST(nodes_stay_disjoint),
		TEST(impossible_cpus_are_not_online),
		TEST(no_sysfs),
		TEST(garbage_in_sysfs_is_an_error),
		TEST(largest_machine),
		TEST(more_than_64_nodes_and_domains),
		TEST(many_cpus_are_read_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
