/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/arena.h"
#include "daemon/manager.h"
#include "dbus/child-objects.h"
#include "dbus/errors.h"
#include "dbus/wd40-balance.h"
#include "util/cleanup.h"

static const char *const answer_names[WD40_NR_MOVE_ANSWERS] = {
	[WD40_MOVE_APPLIED] = "applied",
	[WD40_MOVE_STALE] = "stale",
	[WD40_MOVE_REFUSED_AFFINITY] = "refused-affinity",
	[WD40_MOVE_REFUSED_DOMAIN] = "refused-domain",
	[WD40_MOVE_REFUSED_SAME] = "refused-same",
};

static int append_domain(sd_bus_message *reply, const struct topology *t, const struct balancer *b,
			 uint32_t id)
{
	const struct load_domain *d = &b->load->domains[id];

	return sd_bus_message_append(reply, "(uuddd)", id, t->nodes[d->node].id, d->load,
				     d->capacity,
				     child_imbalance_pct(d->load, d->capacity, b->load->mean));
}

/* As of the last round; empty while nothing is attached. */
static int get_domain_loads(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct balancer *b = manager_balancer(userdata);
	int r = sd_bus_message_open_container(reply, 'a', "(uuddd)");

	for (uint32_t i = 0; r >= 0 && b && i < b->load->nr_domains; i++)
		r = append_domain(reply, manager_topology(userdata), b, i);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Since the last attach: requested is the sum of the others. */
static int append_moves(sd_bus_message *reply, const struct moves_counts *c)
{
	int r = sd_bus_message_append(reply, "{st}{st}{st}", "requested", c->requested, "pending",
				      (uint64_t)c->pending, "withdrawn", c->withdrawn);

	for (int i = 0; r >= 0 && i < WD40_NR_MOVE_ANSWERS; i++)
		if (answer_names[i])
			r = sd_bus_message_append(reply, "{st}", answer_names[i], c->answers[i]);
	return r;
}

static int get_moves(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	static const struct moves_counts none;
	const struct balancer *b = manager_balancer(userdata);
	int r = sd_bus_message_open_container(reply, 'a', "{st}");

	if (r >= 0)
		r = append_moves(reply, b ? moves_counts(b->moves) : &none);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_rounds(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "t", manager_balance_cost(userdata).rounds);
}

static int get_round_usec(sd_bus *bus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	return sd_bus_message_append(reply, "t", manager_balance_cost(userdata).last_usec);
}

static int append_plan(sd_bus_message *reply, const struct wd40_shared *shared,
		       const struct balance *plan)
{
	int r = sd_bus_message_open_container(reply, 'a', "(uuudds)");

	for (uint32_t i = 0; r >= 0 && i < plan->nr_moves; i++) {
		const struct balance_move *m = &plan->moves[i];

		r = sd_bus_message_append(reply, "(uuudds)", arena_task(shared, m->task)->pid,
					  m->from, m->to, m->load, m->gain,
					  m->far ? "node" : "domain");
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* It reads every task; the gate has asked whether the caller may. */
static int dry_run(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct refusal refusal;
	int r = manager_try_balance(userdata, &refusal);

	if (r < 0)
		return wd40_error_set(error, r, &refusal);
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = append_plan(reply, manager_shared(userdata),
				manager_balancer(userdata)->balance);
	return r < 0 ? r : sd_bus_message_send(reply);
}

const sd_bus_vtable wd40_balance_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("DomainLoads", "a(uuddd)", get_domain_loads, 0, 0),
	SD_BUS_PROPERTY("Moves", "a{st}", get_moves, 0, 0),
	SD_BUS_PROPERTY("BalanceRounds", "t", get_rounds, 0, 0),
	SD_BUS_PROPERTY("BalanceRoundUSec", "t", get_round_usec, 0, 0),
	SD_BUS_METHOD_WITH_NAMES("DryRunBalance", "", , "a(uuudds)", SD_BUS_PARAM(moves), dry_run,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
