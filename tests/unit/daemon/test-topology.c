/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/topology.h"
#include "tests/unit/daemon/machine.h"

static int set_up(void **state)
{
	struct machine *m = malloc(sizeof(*m));

	*m = machine_new();
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	machine_done(*state);
	free(*state);
	return 0;
}

static struct topology *read_with(const struct machine *m, uint32_t level, const char *cpumasks)
{
	struct topology *t = NULL;
	char why[256] = "";
	int r = topology_read(m->root, level, cpumasks, why, &t);

	if (r != 0)
		fail_msg("topology_read: %d, %s", r, why);
	return t;
}

static void assert_described(const struct machine *m, uint32_t level, const char *cpumasks,
			     const char *expected)
{
	_cleanup_(topology_freep) struct topology *t = read_with(m, level, cpumasks);
	_cleanup_(freep) char *text = topology_describe(t);

	assert_string_equal(text, expected);
}

/* The reason must name what is wrong, and *ret must stay as it was. */
static void assert_refused(const struct machine *m, const char *cpumasks, int error,
			   const char *reason)
{
	struct topology *t = (struct topology *)0x1234;
	char why[256];

	assert_int_equal(topology_read(m->root, 3, cpumasks, why, &t), error);
	assert_ptr_equal(t, 0x1234);
	if (!strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
}

static void assert_cpus(const struct cpuset *s, const char *expected)
{
	_cleanup_(freep) char *text = cpuset_format(s);

	assert_string_equal(text, expected);
}

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
	assert_described(*state, 3, "", "1 CPUs, 1 domains, 1 nodes: D0 N0 0");
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

/* Fault 12: scx_wd40 parses the level and ignores it. */
static void cache_level_counts(void **state)
{
	machine_make(*state, (struct machine_shape){ 1, 2, 2, 2 });
	assert_described(*state, 3, "", "8 CPUs, 2 domains, 1 nodes: D0 N0 0-3; D1 N0 4-7");
	assert_described(*state, 2, "",
			 "8 CPUs, 4 domains, 1 nodes: D0 N0 0-1; D1 N0 2-3; D2 N0 4-5; D3 N0 6-7");
	assert_described(*state, 4, "", "8 CPUs, 2 domains, 1 nodes: D0 N0 0-3; D1 N0 4-7");
}

/* A wrongly shared instruction cache must not become a domain. */
static void instruction_caches_do_not_count(void **state)
{
	const struct machine *m = *state;

	machine_cpus(m, "0-1", "0-1");
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		machine_cache(m, cpu, 0, 1, "Instruction", "0-1");
		machine_cache(m, cpu, 1, 1, "Data", cpu ? "1" : "0");
	}
	assert_described(m, 1, "", "2 CPUs, 2 domains, 1 nodes: D0 N0 0; D1 N0 1");
}

/* Two fast cores with two threads, four slow ones, and two on an island without the L3. */
static void make_hybrid(const struct machine *m)
{
	machine_cpus(m, "0-9", "0-9");
	machine_node(m, 0, "0-9", "10");
	for (unsigned int cpu = 0; cpu < 10; cpu++) {
		const char *l2 = cpu < 2 ? "0-1" : cpu < 4 ? "2-3" : cpu < 8 ? "4-7" : "8-9";

		machine_cache(m, cpu, 0, 2, "Unified", l2);
		if (cpu < 8)
			machine_cache(m, cpu, 1, 3, "Unified", "0-7");
	}
}

static void hybrid_falls_back_by_cpu(void **state)
{
	make_hybrid(*state);
	assert_described(*state, 3, "", "10 CPUs, 2 domains, 1 nodes: D0 N0 0-7; D1 N0 8-9");
	assert_described(*state, 2, "",
			 "10 CPUs, 4 domains, 1 nodes: D0 N0 0-1; D1 N0 2-3; D2 N0 4-7; D3 N0 8-9");
}

static void without_caches_the_package_is_the_domain(void **state)
{
	static const char *const lists[] = { "0-1", "2-3", "4-5" };
	const struct machine *m = *state;

	machine_cpus(m, "0-5", "0-5");
	machine_node(m, 0, "0-5", "10");
	for (unsigned int cpu = 0; cpu < 6; cpu++)
		machine_write(m, lists[cpu / 2], CPU_DIR "/cpu%u/topology/%s", cpu,
			      cpu < 2 ? "package_cpus_list" : "core_siblings_list");
	assert_described(m, 3, "", "6 CPUs, 3 domains, 1 nodes: D0 N0 0-1; D1 N0 2-3; D2 N0 4-5");
}

/* A CPU of whose caches nothing is known does not take in those that are known. */
static void cpu_without_caches_is_alone(void **state)
{
	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	machine_remove(*state, CPU_DIR "/cpu0/cache");
	machine_write(*state, "1", CPU_DIR "/cpu1/cache/index3/shared_cpu_list");
	assert_described(*state, 3, "", "4 CPUs, 3 domains, 1 nodes: D0 N0 0; D1 N0 1; D2 N0 2-3");
}

static void without_a_package_the_node_is_the_domain(void **state)
{
	machine_cpus(*state, "0-3", "0-3");
	machine_node(*state, 0, "0-1", "10 20");
	machine_node(*state, 1, "2-3", "20 10");
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 2 nodes: D0 N0 0-1; D1 N1 2-3");
}

/* A kernel without NUMA has no folder of nodes. */
static void no_numa(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	machine_remove(*state, NODE_DIR);
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 1 nodes: D0 N0 0-1; D1 N0 2-3");
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
	assert_described(m, 3, "", "4 CPUs, 2 domains, 1 nodes: D0 N0 0-1; D1 N0 4,100");
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

/* Sub-NUMA clustering: one L3 serves two nodes. A domain is of one node. */
static void cache_of_two_nodes_makes_two_domains(void **state)
{
	machine_cpus(*state, "0-3", "0-3");
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		machine_cache(*state, cpu, 0, 3, "Unified", "0-3");
	machine_node(*state, 0, "0,2", "10 12");
	machine_node(*state, 1, "1,3", "12 10");
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 2 nodes: D0 N0 0,2; D1 N1 1,3");
}

static void domains_are_ordered_by_node_then_cpu(void **state)
{
	machine_cpus(*state, "0-3", "0-3");
	machine_node(*state, 0, "1,3", "10 20");
	machine_node(*state, 1, "0,2", "20 10");
	for (unsigned int cpu = 0; cpu < 4; cpu++) {
		char own[8];

		snprintf(own, sizeof(own), "%u", cpu);
		machine_cache(*state, cpu, 0, 3, "Unified", own);
	}
	assert_described(*state, 3, "",
			 "4 CPUs, 4 domains, 2 nodes: D0 N0 1; D1 N0 3; D2 N1 0; D3 N1 2");
}

/* Firmware whose lists contradict each other must not put a CPU in two domains. */
static void contradicting_lists_stay_disjoint(void **state)
{
	machine_cpus(*state, "0-3", "0-3");
	machine_cache(*state, 0, 0, 3, "Unified", "0-2");
	machine_cache(*state, 1, 0, 3, "Unified", "1-3");
	machine_cache(*state, 2, 0, 3, "Unified", "2");
	machine_cache(*state, 3, 0, 3, "Unified", "0,2");
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 1 nodes: D0 N0 0-2; D1 N0 3");
}

static void list_may_lack_its_own_cpu(void **state)
{
	machine_cpus(*state, "0-2", "0-2");
	machine_cache(*state, 0, 0, 3, "Unified", "1");
	machine_cache(*state, 2, 0, 3, "Unified", "");
	assert_described(*state, 3, "", "3 CPUs, 2 domains, 1 nodes: D0 N0 0-1; D1 N0 2");
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
	assert_described(*state, 3, "", "2 CPUs, 1 domains, 1 nodes: D0 N0 0-1");
}

/* An offline CPU is in no list and has no cache folder. */
static void take_offline(const struct machine *m, unsigned int cpu, const char *online,
			 const char *shared_with, const char *their_list)
{
	machine_write(m, online, CPU_DIR "/online");
	machine_write(m, online, NODE_DIR "/node0/cpulist");
	machine_remove(m, CPU_DIR "/cpu%u/cache", cpu);
	machine_write(m, their_list, CPU_DIR "/cpu%s/cache/index3/shared_cpu_list", shared_with);
}

static void offline_cpus_have_no_domain_yet(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	take_offline(*state, 1, "0,2-3", "0", "0");
	assert_described(*state, 3, "", "3 CPUs, 2 domains, 1 nodes: D0 N0 0; D1 N0 2-3");
	t = read_with(*state, 3, "");
	assert_int_equal(t->nr_cpu_ids, 4);
	assert_false(t->cpus[1].online);
	assert_int_equal(t->cpus[1].domain, WD40_NO_DOMAIN);
}

static void update_without_news_says_so(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL;

	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	t = read_with(*state, 3, "");
	fresh = read_with(*state, 3, "");
	assert_int_equal(topology_update(t, fresh), 0);
}

static void update_keeps_the_domain_of_cpus_that_go(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL, *again = NULL;

	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	t = read_with(*state, 3, "");
	again = read_with(*state, 3, "");
	take_offline(*state, 0, "1-3", "1", "1");
	fresh = read_with(*state, 3, "");
	assert_int_equal(topology_update(t, fresh), 1);
	assert_false(t->cpus[0].online);
	assert_int_equal(t->cpus[0].domain, 0);
	assert_cpus(t->online, "1-3");
	assert_cpus(t->domains[0].cpus, "0-1");
	assert_int_equal(topology_update(t, again), 1);
	assert_true(t->cpus[0].online);
	assert_cpus(t->online, "0-3");
}

/* All CPUs of a domain may go: it stays, empty for now. */
static void update_keeps_a_domain_without_cpus_online(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL;

	machine_make(*state, (struct machine_shape){ 1, 3, 1, 1 });
	t = read_with(*state, 3, "");
	machine_write(*state, "0,2", CPU_DIR "/online");
	fresh = read_with(*state, 3, "");
	assert_int_equal(fresh->nr_domains, 2);
	assert_int_equal(topology_update(t, fresh), 1);
	assert_int_equal(t->nr_domains, 3);
	assert_int_equal(t->cpus[2].domain, 2);
}

/* The new CPU is the lowest of the last domain: a fresh reading numbers domains otherwise. */
static void update_gives_new_cpus_their_domain(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL;

	machine_cpus(*state, "0-3", "1-3");
	machine_node(*state, 0, "1-3", "10");
	machine_cache(*state, 1, 0, 3, "Unified", "1-2");
	machine_cache(*state, 2, 0, 3, "Unified", "1-2");
	machine_cache(*state, 3, 0, 3, "Unified", "3");
	t = read_with(*state, 3, "");
	machine_cpus(*state, "0-3", "0-3");
	machine_node(*state, 0, "0-3", "10");
	machine_cache(*state, 0, 0, 3, "Unified", "0,3");
	machine_cache(*state, 3, 0, 3, "Unified", "0,3");
	fresh = read_with(*state, 3, "");
	assert_int_equal(fresh->cpus[3].domain, 0);
	assert_int_equal(topology_update(t, fresh), 1);
	assert_int_equal(t->cpus[3].domain, 1);
	assert_int_equal(t->cpus[0].domain, 1);
	assert_int_equal(t->cpus[0].node, 0);
	assert_cpus(t->domains[1].cpus, "0,3");
	assert_cpus(t->nodes[0].cpus, "0-3");
	assert_cpus(t->online, "0-3");
}

static void update_refuses_what_does_not_fit(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL;
	_cleanup_(freep) char *before = NULL, *after = NULL;

	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	machine_cpus(*state, "0-3", "0,2");
	t = read_with(*state, 3, "2-3");
	before = topology_describe(t);
	machine_cpus(*state, "0-3", "0-3");
	fresh = read_with(*state, 3, "1;2-3");
	assert_int_equal(topology_update(t, fresh), -ESTALE);
	after = topology_describe(t);
	assert_string_equal(before, after);
	assert_int_equal(t->cpus[3].domain, WD40_NO_DOMAIN);
}

static void update_refuses_a_new_node(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL;

	machine_make(*state, (struct machine_shape){ 2, 1, 1, 1 });
	machine_write(*state, "0", CPU_DIR "/online");
	machine_write(*state, "", NODE_DIR "/node1/cpulist");
	t = read_with(*state, 3, "");
	assert_int_equal(t->nr_nodes, 1);
	machine_write(*state, "0-1", CPU_DIR "/online");
	machine_write(*state, "1", NODE_DIR "/node1/cpulist");
	fresh = read_with(*state, 3, "");
	assert_int_equal(topology_update(t, fresh), -ESTALE);
	topology_free(fresh);
	fresh = read_with(*state, 3, "0-1"); /* there is a domain for it, but no node */
	assert_int_equal(topology_update(t, fresh), -ESTALE);
}

static void cpumasks_define_the_domains(void **state)
{
	machine_make(*state, (struct machine_shape){ 2, 1, 4, 1 });
	assert_described(*state, 3, "0,2;5-7",
			 "8 CPUs, 4 domains, 2 nodes: D0 N0 0,2; D1 N0 1,3; D2 N1 4; D3 N1 5-7");
	assert_described(*state, 3, " 0xf ; 0xf0 ",
			 "8 CPUs, 2 domains, 2 nodes: D0 N0 0-3; D1 N1 4-7");
}

/* scx_rusty puts every explicit domain in node 0. */
static void cpumask_belongs_to_the_node_of_most(void **state)
{
	machine_make(*state, (struct machine_shape){ 2, 1, 4, 1 });
	assert_described(*state, 3, "0-1,4-6;2-3,7",
			 "8 CPUs, 2 domains, 2 nodes: D0 N0 2-3,7; D1 N1 0-1,4-6");
	assert_described(*state, 3, "0,4",
			 "8 CPUs, 3 domains, 2 nodes: D0 N0 0,4; D1 N0 1-3; D2 N1 5-7");
}

static void cpumask_of_offline_cpus_waits(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL;

	machine_make(*state, (struct machine_shape){ 1, 1, 4, 1 });
	machine_write(*state, "0-1", CPU_DIR "/online");
	assert_described(*state, 3, "0;2-3", "2 CPUs, 2 domains, 1 nodes: D0 N0 0; D1 N0 1");
	t = read_with(*state, 3, "0,2;3");
	machine_write(*state, "0-2", CPU_DIR "/online");
	fresh = read_with(*state, 3, "0,2;3");
	assert_int_equal(topology_update(t, fresh), 1);
	assert_int_equal(t->cpus[2].domain, t->cpus[0].domain);
}

static void bad_cpumasks_are_refused(void **state)
{
	machine_make(*state, (struct machine_shape){ 1, 1, 4, 1 });
	assert_refused(*state, "0-1;1-2", -EINVAL, "CPU 1 ");
	assert_refused(*state, "0-1;", -EINVAL, "empty");
	assert_refused(*state, ";", -EINVAL, "empty");
	assert_refused(*state, "0;0x0", -EINVAL, "empty");
	assert_refused(*state, "0-4", -EINVAL, "CPU 4");
	assert_refused(*state, "0-9999", -EINVAL, "0-9999");
	assert_refused(*state, "zebra", -EINVAL, "zebra");
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

/* Lists of caches that are garbage cost the cache, not the machine. */
static void garbage_of_a_cache_is_skipped(void **state)
{
	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	machine_write(*state, "garbage", CPU_DIR "/cpu0/cache/index3/level");
	machine_write(*state, "9999999", CPU_DIR "/cpu1/cache/index3/shared_cpu_list");
	assert_described(*state, 3, "", "4 CPUs, 3 domains, 1 nodes: D0 N0 0; D1 N0 1; D2 N0 2-3");
}

static void limits_of_the_arena(void **state)
{
	char *masks = NULL;
	size_t size;
	FILE *f = open_memstream(&masks, &size);

	for (unsigned int i = 0; i <= WD40_MAX_DOMAINS; i++)
		fprintf(f, "%s%u", i ? ";" : "", i);
	fclose(f);
	machine_cpus(*state, "0-8191", "0-8191");
	assert_refused(*state, masks, -E2BIG, "domains");
	free(masks);
	assert_described(*state, 3, "", "8192 CPUs, 1 domains, 1 nodes: D0 N0 0-8191");
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
		TEST(cache_level_counts),
		TEST(instruction_caches_do_not_count),
		TEST(hybrid_falls_back_by_cpu),
		TEST(without_caches_the_package_is_the_domain),
		TEST(cpu_without_caches_is_alone),
		TEST(without_a_package_the_node_is_the_domain),
		TEST(no_numa),
		TEST(ids_of_cpus_may_be_sparse),
		TEST(ids_of_nodes_may_be_sparse),
		TEST(distances_may_be_missing),
		TEST(cache_of_two_nodes_makes_two_domains),
		TEST(domains_are_ordered_by_node_then_cpu),
		TEST(contradicting_lists_stay_disjoint),
		TEST(list_may_lack_its_own_cpu),
		TEST(nodes_stay_disjoint),
		TEST(impossible_cpus_are_not_online),
		TEST(offline_cpus_have_no_domain_yet),
		TEST(update_without_news_says_so),
		TEST(update_keeps_the_domain_of_cpus_that_go),
		TEST(update_keeps_a_domain_without_cpus_online),
		TEST(update_gives_new_cpus_their_domain),
		TEST(update_refuses_what_does_not_fit),
		TEST(update_refuses_a_new_node),
		TEST(cpumasks_define_the_domains),
		TEST(cpumask_belongs_to_the_node_of_most),
		TEST(cpumask_of_offline_cpus_waits),
		TEST(bad_cpumasks_are_refused),
		TEST(no_sysfs),
		TEST(garbage_in_sysfs_is_an_error),
		TEST(garbage_of_a_cache_is_skipped),
		TEST(limits_of_the_arena),
		TEST(more_than_64_nodes_and_domains),
		TEST(many_cpus_are_read_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
