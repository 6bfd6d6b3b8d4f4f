/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine's topology is what the daemon reads from the sysfs that such a machine would have; and
 * captures of sysfs come back as the machine they were taken from.
 */
#include "tests/unit/sim/machines.h"

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

/* --- The sysfs of a machine. -------------------------------------------------------------------- */

typedef u32 (*number_fn)(const struct sim_cpu *c);

static u32 core(const struct sim_cpu *c)
{
	return c->core;
}

static u32 l2(const struct sim_cpu *c)
{
	return c->l2;
}

static u32 llc(const struct sim_cpu *c)
{
	return c->llc;
}

static u32 node(const struct sim_cpu *c)
{
	return c->node;
}

static u32 all(const struct sim_cpu *c)
{
	return 0;
}

/* The CPUs of that number; offline ones only with possible. Freed by the caller. */
static char *list(const struct sim_machine *m, number_fn number, u32 wanted, bool possible)
{
	_cleanup_(cpuset_freep) struct cpuset *s = cpuset_new(WD40_MAX_CPUS);

	for (u32 i = 0; i < m->nr_cpus; i++)
		if ((possible || m->cpus[i].online) && number(&m->cpus[i]) == wanted)
			cpuset_set(s, m->cpus[i].id);
	return cpuset_format(s);
}

static void write_cpu(const struct machine *to, const struct sim_machine *m,
		      const struct sim_cpu *c)
{
	_cleanup_(freep) char *of_core = list(m, core, c->core, false);
	_cleanup_(freep) char *of_l2 = list(m, l2, c->l2, false);
	_cleanup_(freep) char *of_llc = list(m, llc, c->llc, false);
	char capacity[16];

	machine_cache(to, c->id, 0, 1, "Data", of_core);
	machine_cache(to, c->id, 1, 1, "Instruction", of_core);
	machine_cache(to, c->id, 2, 2, "Unified", of_l2);
	machine_cache(to, c->id, 3, 3, "Unified", of_llc);
	machine_write(to, of_core, CPU_DIR "/cpu%u/topology/thread_siblings_list", c->id);
	snprintf(capacity, sizeof(capacity), "%u", c->capacity);
	machine_write(to, capacity, CPU_DIR "/cpu%u/cpu_capacity", c->id);
}

static void write_node(const struct machine *to, const struct sim_machine *m, u32 i)
{
	_cleanup_(freep) char *cpus = list(m, node, m->node_ids[i], false);
	char distances[256] = "";

	for (u32 k = 0; k < m->nr_nodes; k++)
		sprintf(distances + strlen(distances), "%u ", m->distances[i * m->nr_nodes + k]);
	machine_node(to, m->node_ids[i], cpus, distances);
}

static void write_sysfs(const struct machine *to, const struct sim_machine *m)
{
	_cleanup_(freep) char *possible = list(m, all, 0, true), *online = list(m, all, 0, false);

	machine_remove(to, "sys");
	machine_cpus(to, possible, online);
	for (u32 i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].online)
			write_cpu(to, m, &m->cpus[i]);
	for (u32 i = 0; i < m->nr_nodes; i++)
		write_node(to, m, i);
}

/* --- Both ways agree. --------------------------------------------------------------------------- */

static void compare(const struct machine *sysfs, const struct sim_machine *m, u32 level,
		    const char *cpumasks)
{
	_cleanup_(topology_freep) struct topology *made = topology_of(m, level, cpumasks);
	_cleanup_(topology_freep) struct topology *read = NULL;
	char why[256];

	if (topology_read(sysfs->root, level, cpumasks, why, &read) < 0)
		fail_msg("%s: %s", m->name, why);
	assert_same_topology(made, read);
}

static void topology_is_that_of_sysfs(void **state)
{
	static const char *const names[] = { "uni",    "smp4",     "numa2x2", "big16",
					     "laptop", "desktop8", "sparse",  "server2s" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(sim_machine_freep) struct sim_machine *m = load(names[i]);

		write_sysfs(*state, m);
		for (u32 level = 1; level <= 4; level++)
			compare(*state, m, level, "");
	}
}

static void cpumasks_divide_it_the_same_way(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *big = load("big16"),
							*sparse = load("sparse");

	write_sysfs(*state, big);
	compare(*state, big, 3, "0-2;3-9;0x8000");
	write_sysfs(*state, sparse);
	compare(*state, sparse, 3, "0,3,64;200-203");
	compare(*state, sparse, 3, "3,66");
}

static void refusals_are_the_same(void **state)
{
	static const char *const masks[] = { "0-3;3", "4-7;", "99", "nonsense" };
	_cleanup_(sim_machine_freep) struct sim_machine *m = load("big16");
	struct topology *t = NULL;

	write_sysfs(*state, m);
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		const struct machine *sysfs = *state;
		char made[256], read[256];

		assert_int_equal(sim_machine_topology(m, 3, masks[i], made, &t), -EINVAL);
		assert_int_equal(topology_read(sysfs->root, 3, masks[i], read, &t), -EINVAL);
		assert_string_equal(made, read);
	}
	assert_null(t);
}

/* --- Captures. ---------------------------------------------------------------------------------- */

static struct sim_machine *capture(const struct machine *sysfs)
{
	_cleanup_(drop_filep) char *path = make_file("");
	FILE *f = fopen(path, "w");

	assert_int_equal(sim_machine_capture(sysfs->root, f), 0);
	fclose(f);
	return load(path);
}

static void captures_come_back_as_the_machine(void **state)
{
	static const char *const names[] = { "numa2x2", "laptop", "server2s" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(sim_machine_freep) struct sim_machine *m = load(names[i]);
		_cleanup_(sim_machine_freep) struct sim_machine *back = NULL;
		_cleanup_(freep) char *text = print(m), *text_back = NULL;

		write_sysfs(*state, m);
		back = capture(*state);
		text_back = print(back);
		assert_string_equal(text_back, text);
	}
}

/* Of CPUs that are offline sysfs tells nothing but that they are there. */
static void captures_keep_what_is_offline(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = load("sparse"), *back = NULL;

	write_sysfs(*state, m);
	back = capture(*state);
	assert_int_equal(back->nr_cpus, m->nr_cpus);
	for (u32 i = 0; i < m->nr_cpus; i++) {
		assert_int_equal(back->cpus[i].online, m->cpus[i].online);
		assert_int_equal(back->cpus[i].llc, m->cpus[i].llc);
	}
	for (u32 level = 1; level <= 4; level++)
		compare(*state, back, level, "");
}

/*
 * The lab's guests, captured there, have the domains of the built-in machines of their names. (QEMU
 * gives each thread of a core caches of its own, and so divides them further at lower levels.)
 */
static void the_labs_machines_are_built_in(void **state)
{
	static const char *const names[] = { "uni", "numa2x2", "big16" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(sim_machine_freep) struct sim_machine *builtin = load(names[i]);
		_cleanup_(sim_machine_freep) struct sim_machine *captured = NULL;
		_cleanup_(topology_freep) struct topology *a = topology_of(builtin, 3, ""),
							  *b = NULL;
		char path[256];

		snprintf(path, sizeof(path), "%s/%s.tree", TEST_DATA, names[i]);
		captured = load(path);
		b = topology_of(captured, 3, "");
		assert_same_topology(a, b);
	}
}

static void broken_captures_are_refused(void **state)
{
	_cleanup_(drop_filep) char *outside = make_file("sys/devices/../../etc/passwd:x\n");
	_cleanup_(drop_filep) char *empty = make_file("sys/devices/system/cpu/online:0\n");
	struct sim_machine *m = NULL;
	char why[256];

	assert_int_equal(sim_machine_load(outside, why, &m), -EINVAL);
	assert_non_null(strstr(why, ":1: is not path:content of sysfs"));
	assert_int_equal(sim_machine_load(empty, why, &m), -ENOENT);
	assert_non_null(strstr(why, "cannot read"));
	assert_null(m);
}

/* Whatever runs this test is a machine, too. */
static void this_machine_can_be_captured(void **state)
{
	_cleanup_(sim_machine_freep) struct sim_machine *m = capture(&(struct machine){ "" });
	_cleanup_(topology_freep) struct topology *read = NULL;
	_cleanup_(topology_freep) struct topology *made = topology_of(m, 3, "");
	char why[256];

	assert_int_equal(topology_read("", 3, "", why, &read), 0);
	assert_same_topology(made, read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topology_is_that_of_sysfs),
		cmocka_unit_test(cpumasks_divide_it_the_same_way),
		cmocka_unit_test(refusals_are_the_same),
		cmocka_unit_test(captures_come_back_as_the_machine),
		cmocka_unit_test(captures_keep_what_is_offline),
		cmocka_unit_test(the_labs_machines_are_built_in),
		cmocka_unit_test(broken_captures_are_refused),
		cmocka_unit_test(this_machine_can_be_captured),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
