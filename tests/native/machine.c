/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine from its power button to its end. */
#include <stdlib.h>
#include <string.h>

#include "tests/native/core.h"
#include "tests/unit/daemon/made-topology.h"

#define DEFAULT_TASKS 10000
#define START_NS      (1000ull * 1000 * 1000)

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n ?: 1, size);

	if (!memory)
		native_die("no memory for the machine");
	return memory;
}

static unsigned long *new_mask(void)
{
	return allocate(WD40_WORDS(native.nr_cpu_ids), sizeof(unsigned long));
}

static void boot_masks(void)
{
	native.idle = new_mask();
	native.idle_cores = new_mask();
	native.online = new_mask();
	native.everywhere = new_mask();
	native.resched.words = new_mask();
	native.resched.summary = new_mask();
	native.resched.nr_words = WD40_WORDS(native.nr_cpu_ids);
}

static void boot_nodes(const struct topology *t)
{
	native.nr_nodes = t->nr_nodes ?: 1;
	native.node_cpus = allocate(native.nr_nodes, sizeof(native.node_cpus[0]));
	native.global = allocate(native.nr_nodes, sizeof(native.global[0]));
	for (u32 node = 0; node < native.nr_nodes; node++) {
		native.node_cpus[node] = new_mask();
		native.global[node] = (struct native_dsq){ .id = DSQ_GLOBAL, .cpu = -1 };
	}
}

static void boot_cpu(u32 cpu, const struct native_cpu_shape *shape, u32 node)
{
	struct native_cpu *c = &native.cpus[cpu];

	c->local = (struct native_dsq){ .id = DSQ_LOCAL, .cpu = (s32)cpu };
	c->sibling = cpu;
	c->capacity = shape->capacity ?: 1;
	c->frequency = CPUPERF_ONE;
	c->accounted_at = c->busy_counted_at = native.now_ns;
	c->timer.tie = TIMER_TIE(TIMER_CPU, cpu);
	c->thief_timer.tie = TIMER_TIE(TIMER_THIEF, cpu);
	c->node = node < native.nr_nodes ? node : 0;
	c->present = shape->present;
	c->active = c->idle = shape->present && shape->online;
	cpubits_assign(native.everywhere, cpu, c->present);
	cpubits_assign(native.node_cpus[c->node], cpu, c->present);
	cpubits_assign(native.online, cpu, c->active);
	native.nr_cpus += c->present;
}

/* Links each CPU to the next one of its core, the last to the first. */
static void join_cores(const struct native_machine *m)
{
	u32 *last = allocate(m->nr_cpu_ids, sizeof(u32));

	for (u32 cpu = 0; cpu < m->nr_cpu_ids; cpu++) {
		u32 core = m->cpus[cpu].core;

		if (!m->cpus[cpu].present)
			continue;
		if (core >= m->nr_cpu_ids)
			native_die("CPU %u is in core %u", cpu, core);
		if (last[core]) {
			native.cpus[cpu].sibling = native.cpus[last[core] - 1].sibling;
			native.cpus[last[core] - 1].sibling = cpu;
		}
		last[core] = cpu + 1;
	}
	free(last);
}

void native_boot_machine(const struct native_machine *m, const struct topology *t)
{
	memset(&native, 0, sizeof(native));
	native.now_ns = START_NS;
	native.tick_ns = m->tick_ns;
	native.nr_cpu_ids = m->nr_cpu_ids;
	native.cpus = allocate(m->nr_cpu_ids, sizeof(native.cpus[0]));
	boot_masks();
	boot_nodes(t);
	for (u32 cpu = 0; cpu < m->nr_cpu_ids; cpu++)
		boot_cpu(cpu, &m->cpus[cpu], t->cpus[cpu].node);
	join_cores(m);
	for (u32 cpu = 0; cpu < m->nr_cpu_ids; cpu++)
		if (native.cpus[cpu].idle)
			native_set_idle((s32)cpu, true);
	native_arena_boot(t, m->tasks_max);
}

void native_boot_topology(struct topology *t, u32 threads, u32 tasks_max)
{
	struct native_cpu_shape *cpus = allocate(t->nr_cpu_ids, sizeof(cpus[0]));
	struct native_machine m = { t->nr_cpu_ids, cpus, tasks_max, 0 };

	for (u32 cpu = 0; cpu < t->nr_cpu_ids; cpu++)
		cpus[cpu] = (struct native_cpu_shape){
			.present = true,
			.online = cpuset_test(t->online, cpu),
			.core = cpu / threads,
			.capacity = CPUPERF_ONE,
		};
	native_boot_machine(&m, t);
	free(cpus);
	topology_free(t);
}

void native_boot(struct native_shape s)
{
	native_boot_topology(topology_make(s.nodes, s.domains, s.cpus), s.threads ?: 1,
			     s.tasks_max ?: DEFAULT_TASKS);
}

void native_halt(void)
{
	native_hotplug_done();
	native_time_done();
	native_drop_queues();
	for (u32 node = 0; node < native.nr_nodes; node++)
		free(native.node_cpus[node]);
	free(native.node_cpus);
	free(native.global);
	free(native.buffer);
	free(native.cpus);
	free(native.idle);
	free(native.idle_cores);
	free(native.online);
	free(native.everywhere);
	free(native.resched.words);
	free(native.resched.summary);
	native_arena_halt();
}
