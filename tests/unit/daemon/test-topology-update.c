/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/daemon/topology-files.h"

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
	assert_described(*state, 3, "", "3 CPUs, 2 domains, 1 node: D0 N0 0; D1 N0 2-3");
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

static void cpumask_of_offline_cpus_waits(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL, *fresh = NULL;

	machine_make(*state, (struct machine_shape){ 1, 1, 4, 1 });
	machine_write(*state, "0-1", CPU_DIR "/online");
	assert_described(*state, 3, "0;2-3", "2 CPUs, 2 domains, 1 node: D0 N0 0; D1 N0 1");
	t = read_with(*state, 3, "0,2;3");
	machine_write(*state, "0-2", CPU_DIR "/online");
	fresh = read_with(*state, 3, "0,2;3");
	assert_int_equal(topology_update(t, fresh), 1);
	assert_int_equal(t->cpus[2].domain, t->cpus[0].domain);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offline_cpus_have_no_domain_yet),
		TEST(update_without_news_says_so),
		TEST(update_keeps_the_domain_of_cpus_that_go),
		TEST(update_keeps_a_domain_without_cpus_online),
		TEST(update_gives_new_cpus_their_domain),
		TEST(update_refuses_what_does_not_fit),
		TEST(update_refuses_a_new_node),
		TEST(cpumask_of_offline_cpus_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
