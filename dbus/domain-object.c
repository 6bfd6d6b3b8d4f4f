/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/arena.h"
#include "daemon/wait-bound.h"
#include "dbus/domain-object.h"

#define READ(x)       __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define NSEC_PER_USEC 1000ull

/*
 * Getter of a property that one expression gives: of the manager m, the topology t, the balancer b and
 * the domain's index i, record d in the arena and load l.
 */
#define GETTER(name, signature, expression)                                                 \
	static int name(sd_bus *bus, const char *path, const char *interface,               \
			const char *property, sd_bus_message *reply, void *userdata,        \
			sd_bus_error *error)                                                \
	{                                                                                   \
		const struct child *child = userdata;                                       \
		const struct manager *m = child->manager;                                   \
		const struct topology *t __attribute__((unused)) = manager_topology(m);     \
		const struct balancer *b = manager_balancer(m);                             \
		uint32_t i = child->index;                                                  \
		const struct wd40_domain *d __attribute__((unused)) =                       \
			&manager_shared(m)->domains[i];                                     \
		const struct load_domain *l __attribute__((unused)) = &b->load->domains[i]; \
                                                                                            \
		return sd_bus_message_append(reply, signature, expression);                 \
	}

GETTER(get_id, "u", i)
GETTER(get_node, "u", t->nodes[t->domains[i].node].id)
GETTER(get_capacity, "u", READ(d->capacity))
GETTER(get_tasks, "u", READ(d->nr_tasks))
GETTER(get_load, "d", l->load)
GETTER(get_imbalance, "d", child_imbalance_pct(l->load, l->capacity, b->load->mean))
GETTER(get_busy, "d", manager_tuner(m)->domain_busy_pct[i])
GETTER(get_moves, "t", moves_applied_to(b->moves, i))
GETTER(get_longest_wait, "t", READ(d->max_wait_ns) / NSEC_PER_USEC)
GETTER(get_wait_bound, "t",
       wait_bound_usec(arena_config(manager_shared(m)), READ(d->nr_tasks), READ(d->nr_online)))

static int get_cpus(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct child *child = userdata;

	return child_append_cpus(
		reply, manager_topology(child->manager)->domains[child->index].cpus, NULL);
}

static int get_online(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct child *child = userdata;
	const struct topology *t = manager_topology(child->manager);

	return child_append_cpus(reply, t->domains[child->index].cpus, t->online);
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable domain_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Id", "u", get_id, 0, CONST),
	SD_BUS_PROPERTY("Node", "u", get_node, 0, CONST),
	SD_BUS_PROPERTY("Cpus", "au", get_cpus, 0, EMITS),
	SD_BUS_PROPERTY("OnlineCpus", "au", get_online, 0, EMITS),
	SD_BUS_PROPERTY("Capacity", "u", get_capacity, 0, 0),
	SD_BUS_PROPERTY("Tasks", "u", get_tasks, 0, 0),
	SD_BUS_PROPERTY("Load", "d", get_load, 0, 0),
	SD_BUS_PROPERTY("Imbalance", "d", get_imbalance, 0, 0),
	SD_BUS_PROPERTY("BusyPercent", "d", get_busy, 0, 0),
	SD_BUS_PROPERTY("Moves", "t", get_moves, 0, 0),
	SD_BUS_PROPERTY("LongestWaitUSec", "t", get_longest_wait, 0, 0),
	SD_BUS_PROPERTY("WaitBoundUSec", "t", get_wait_bound, 0, 0),
	SD_BUS_VTABLE_END,
};

static uint32_t count(const struct topology *t)
{
	return t->nr_domains;
}

static uint32_t number(const struct topology *t, uint32_t index)
{
	return index;
}

static bool owns(const struct topology_cpu *cpu, uint32_t index)
{
	return cpu->domain == index;
}

const struct child_kind domain_objects = {
	.folder = "/org/scx/Wd40/Domain",
	.letter = 'D',
	.interface = WD40_DOMAIN_INTERFACE,
	.vtable = domain_vtable,
	.count = count,
	.number = number,
	.owns = owns,
};
