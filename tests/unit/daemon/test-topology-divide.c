/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/daemon/topology-files.h"

/* Fault 12: scx_wd40 parses the level and ignores it. */
static void cache_level_counts(void **state)
{
	machine_make(*state, (struct machine_shape){ 1, 2, 2, 2 });
	assert_described(*state, 3, "", "8 CPUs, 2 domains, 1 node: D0 N0 0-3; D1 N0 4-7");
	assert_described(*state, 2, "",
			 "8 CPUs, 4 domains, 1 node: D0 N0 0-1; D1 N0 2-3; D2 N0 4-5; D3 N0 6-7");
	assert_described(*state, 4, "", "8 CPUs, 2 domains, 1 node: D0 N0 0-3; D1 N0 4-7");
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
	assert_described(m, 1, "", "2 CPUs, 2 domains, 1 node: D0 N0 0; D1 N0 1");
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
	assert_described(*state, 3, "", "10 CPUs, 2 domains, 1 node: D0 N0 0-7; D1 N0 8-9");
	assert_described(*state, 2, "",
			 "10 CPUs, 4 domains, 1 node: D0 N0 0-1; D1 N0 2-3; D2 N0 4-7; D3 N0 8-9");
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
	assert_described(m, 3, "", "6 CPUs, 3 domains, 1 node: D0 N0 0-1; D1 N0 2-3; D2 N0 4-5");
}

/* A CPU of whose caches nothing is known does not take in those that are known. */
static void cpu_without_caches_is_alone(void **state)
{
	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	machine_remove(*state, CPU_DIR "/cpu0/cache");
	machine_write(*state, "1", CPU_DIR "/cpu1/cache/index3/shared_cpu_list");
	assert_described(*state, 3, "", "4 CPUs, 3 domains, 1 node: D0 N0 0; D1 N0 1; D2 N0 2-3");
}

static void without_a_package_the_node_is_the_domain(void **state)
{
	machine_cpus(*state, "0-3", "0-3");
	machine_node(*state, 0, "0-1", "10 20");
	machine_node(*state, 1, "2-3", "20 10");
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 2 nodes: D0 N0 0-1; D1 N1 2-3");
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
	assert_described(*state, 3, "", "4 CPUs, 2 domains, 1 node: D0 N0 0-2; D1 N0 3");
}

static void list_may_lack_its_own_cpu(void **state)
{
	machine_cpus(*state, "0-2", "0-2");
	machine_cache(*state, 0, 0, 3, "Unified", "1");
	machine_cache(*state, 2, 0, 3, "Unified", "");
	assert_described(*state, 3, "", "3 CPUs, 2 domains, 1 node: D0 N0 0-1; D1 N0 2");
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
	assert_refused(*state, "\xff\033[2J", -EINVAL, "\"??[2J\""); /* printable */
}

/* Lists of caches that are garbage cost the cache, not the machine. */
static void garbage_of_a_cache_is_skipped(void **state)
{
	machine_make(*state, (struct machine_shape){ 1, 2, 2, 1 });
	machine_write(*state, "garbage", CPU_DIR "/cpu0/cache/index3/level");
	machine_write(*state, "9999999", CPU_DIR "/cpu1/cache/index3/shared_cpu_list");
	assert_described(*state, 3, "", "4 CPUs, 3 domains, 1 node: D0 N0 0; D1 N0 1; D2 N0 2-3");
}

static void too_many_domains_are_refused(void **state)
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
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cache_level_counts),
		TEST(instruction_caches_do_not_count),
		TEST(hybrid_falls_back_by_cpu),
		TEST(without_caches_the_package_is_the_domain),
		TEST(cpu_without_caches_is_alone),
		TEST(without_a_package_the_node_is_the_domain),
		TEST(cache_of_two_nodes_makes_two_domains),
		TEST(domains_are_ordered_by_node_then_cpu),
		TEST(contradicting_lists_stay_disjoint),
		TEST(list_may_lack_its_own_cpu),
		TEST(cpumasks_define_the_domains),
		TEST(cpumask_belongs_to_the_node_of_most),
		TEST(bad_cpumasks_are_refused),
		TEST(garbage_of_a_cache_is_skipped),
		TEST(too_many_domains_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
