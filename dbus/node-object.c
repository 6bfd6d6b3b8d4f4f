/* SPDX-License-Identifier: GPL-2.0-only */
#include "dbus/node-object.h"

#define READ(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)

/* Sums over the domains of a node. */
struct node_sums {
	uint32_t tasks, capacity;
	double load, load_capacity;
	double busy_pct, nr_known; /* of CPUs whose busy share is known */
};

static struct node_sums sum_up(const struct manager *m, uint32_t index)
{
	const struct tuner_decision *tuner = manager_tuner(m);
	const struct wd40_shared *shared = manager_shared(m);
	const struct topology *t = manager_topology(m);
	const struct load *load = manager_balancer(m)->load;
	struct node_sums s = { 0 };

	for (uint32_t i = 0; i < t->nr_domains; i++) {
		const struct wd40_domain *d = &shared->domains[i];
		uint32_t nr_online = READ(d->nr_online);

		if (t->domains[i].node != index)
			continue;
		s.tasks += READ(d->nr_tasks);
		s.capacity += READ(d->capacity);
		s.load += load->domains[i].load;
		s.load_capacity += load->domains[i].capacity;
		if (tuner->domain_busy_pct[i] < 0)
			continue;
		s.busy_pct += tuner->domain_busy_pct[i] * nr_online;
		s.nr_known += nr_online;
	}
	return s;
}

/* Getter of a property that one expression gives: of the manager m, the node's index i and sums s. */
#define GETTER(name, signature, expression)                                          \
	static int name(sd_bus *bus, const char *path, const char *interface,        \
			const char *property, sd_bus_message *reply, void *userdata, \
			sd_bus_error *error)                                         \
	{                                                                            \
		const struct child *child = userdata;                                \
		const struct manager *m = child->manager;                            \
		uint32_t i = child->index;                                           \
		struct node_sums s __attribute__((unused)) = sum_up(m, i);           \
                                                                                     \
		return sd_bus_message_append(reply, signature, expression);          \
	}

GETTER(get_id, "u", manager_topology(m)->nodes[i].id)
GETTER(get_capacity, "u", s.capacity)
GETTER(get_tasks, "u", s.tasks)
GETTER(get_load, "d", s.load)
GETTER(get_imbalance, "d",
       child_imbalance_pct(s.load, s.load_capacity, manager_balancer(m)->load->mean))
GETTER(get_busy, "d", s.nr_known > 0 ? s.busy_pct / s.nr_known : -1.0)

static int get_domains(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct child *child = userdata;
	const struct topology *t = manager_topology(child->manager);
	int r = sd_bus_message_open_container(reply, 'a', "u");

	for (uint32_t i = 0; r >= 0 && i < t->nr_domains; i++)
		if (t->domains[i].node == child->index)
			r = sd_bus_message_append(reply, "u", i);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_cpus(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct child *child = userdata;

	return child_append_cpus(reply, manager_topology(child->manager)->nodes[child->index].cpus,
				 NULL);
}

static int get_online(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct child *child = userdata;
	const struct topology *t = manager_topology(child->manager);

	return child_append_cpus(reply, t->nodes[child->index].cpus, t->online);
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable node_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Id", "u", get_id, 0, CONST),
	SD_BUS_PROPERTY("Domains", "au", get_domains, 0, CONST),
	SD_BUS_PROPERTY("Cpus", "au", get_cpus, 0, EMITS),
	SD_BUS_PROPERTY("OnlineCpus", "au", get_online, 0, EMITS),
	SD_BUS_PROPERTY("Capacity", "u", get_capacity, 0, 0),
	SD_BUS_PROPERTY("Tasks", "u", get_tasks, 0, 0),
	SD_BUS_PROPERTY("Load", "d", get_load, 0, 0),
	SD_BUS_PROPERTY("Imbalance", "d", get_imbalance, 0, 0),
	SD_BUS_PROPERTY("BusyPercent", "d", get_busy, 0, 0),
	SD_BUS_VTABLE_END,
};

static uint32_t count(const struct topology *t)
{
	return t->nr_nodes;
}

static uint32_t number(const struct topology *t, uint32_t index)
{
	return t->nodes[index].id;
}

static bool owns(const struct topology_cpu *cpu, uint32_t index)
{
	return cpu->node == index;
}

const struct child_kind node_objects = {
	.folder = "/org/scx/Wd40/Node",
	.letter = 'N',
	.interface = WD40_NODE_INTERFACE,
	.vtable = node_vtable,
	.count = count,
	.number = number,
	.owns = owns,
};
