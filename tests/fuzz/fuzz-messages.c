/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of every method and property, with any arguments, from several clients at once. Each is answered,
 * once, in a bounded number of turns, unless its caller has gone; what an error says is text; and the
 * tunables stay valid whatever was asked. Meanwhile the arena may hold anything in what BPF writes.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "dbus/child-objects.h"
#include "dbus/domain-object.h"
#include "dbus/log-control.h"
#include "dbus/node-object.h"
#include "tests/fuzz/arguments.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/pair.h"
#include "tests/fuzz/scribble.h"
#include "tests/unit/daemon/machine.h"
#include "util/log.h"

#define TASKS_MAX  64u
#define CALLS_MAX  64u
#define TURNS_MAX  5000u
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* What can be called: methods and properties of the objects' own tables, and what sd-bus has itself. */
struct member {
	const char *interface, *name, *signature;
	bool property;
};
static struct member members[512];
static size_t nr_members;
static unsigned long nr_answered; /* of all runs */

struct call {
	uint32_t client;
	bool answered;
};

struct run {
	struct pair pair;
	struct fuzz_bytes in;
	struct call calls[CALLS_MAX];
	uint32_t nr_calls;
};

/* --- What there is. ----------------------------------------------------------------------------- */

static void add_member(const char *interface, const char *name, const char *signature,
		       bool property)
{
	claim(nr_members < ARRAY_SIZE(members));
	members[nr_members++] = (struct member){ interface, name, signature, property };
}

static void add_table(const char *interface, const sd_bus_vtable *row)
{
	for (; row->type != _SD_BUS_VTABLE_END; row++) {
		if (row->type == _SD_BUS_VTABLE_METHOD)
			add_member(interface, row->x.method.member, row->x.method.signature ?: "",
				   false);
		else if (row->type == _SD_BUS_VTABLE_PROPERTY ||
			 row->type == _SD_BUS_VTABLE_WRITABLE_PROPERTY)
			add_member(interface, row->x.property.member, row->x.property.signature,
				   true);
	}
}

static void add_members(void)
{
	struct wd40_part parts[WD40_PARTS_MAX];
	size_t n = wd40_object_parts(parts);

	for (size_t i = 0; i < n; i++)
		add_table(parts[i].interface, parts[i].vtable);
	add_table(node_objects.interface, node_objects.vtable);
	add_table(domain_objects.interface, domain_objects.vtable);
	add_member(LOG_CONTROL_INTERFACE, "LogLevel", "s", true);
	add_member(LOG_CONTROL_INTERFACE, "LogTarget", "s", true);
	add_member(LOG_CONTROL_INTERFACE, "SyslogIdentifier", "s", true);
	add_member(PROPERTIES, "GetAll", "s", false);
	add_member(PROPERTIES, "Get", "ss", false);
	add_member(PROPERTIES, "Set", "ssv", false);
	add_member("org.freedesktop.DBus.Introspectable", "Introspect", "", false);
	add_member("org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", false);
	add_member("org.freedesktop.DBus.Peer", "Ping", "", false);
	add_member("org.freedesktop.DBus.Peer", "GetMachineId", "", false);
	add_member("org.scx.Wd40", "NoSuchMethod", "s", false);
}

/* --- Arguments. --------------------------------------------------------------------------------- */

static const char *const words[] = {
	"",
	"runtime",
	"disk",
	"persist",
	"expected-generation",
	"dry-run",
	"reason",
	"machine",
	"confirm-timeout-usec",
	"node",
	"domain",
	"names",
	"scopes",
	"0-3;4-7",
	"queue_wait",
	"queued",
	"info",
	"org.scx.Wd40",
	"strict",
	"debug",
	"org.scx.Wd40.Statistics",
	"journal",
};

/* A word that may mean something, or any text; valid until the next. */
static const char *any_text(struct fuzz_bytes *in)
{
	uint32_t what = fuzz_below(in, 8);

	if (what < 3)
		return FUZZ_ONE_OF(in, words);
	if (what < 6)
		return tunables[fuzz_below(in, NR_TUNABLES)].bus_name;
	if (what == 6)
		return members[fuzz_number(in, 2) % nr_members].name;
	return arguments_any_text(in);
}

/* --- Calls. ------------------------------------------------------------------------------------- */

/* Mostly what the method wants. */
static const char *any_signature(struct fuzz_bytes *in, const char *right)
{
	static const char *const others[] = { "",           "s",       "t",   "a{sv}", "as",
					      "a{sv}a{sv}", "asa{sv}", "ssv", "v" };

	return fuzz_below(in, 8) ? right : FUZZ_ONE_OF(in, others);
}

static const char *any_path(struct fuzz_bytes *in)
{
	static const char *const paths[] = {
		WD40_OBJECT_PATH,
		WD40_OBJECT_PATH "/Domain/D0",
		WD40_OBJECT_PATH "/Node/N0",
		WD40_OBJECT_PATH "/Domain/D4294967296",
		WD40_OBJECT_PATH "/Node",
		LOG_CONTROL_PATH,
		"/",
	};

	return fuzz_below(in, 2) ? FUZZ_ONE_OF(in, paths) : WD40_OBJECT_PATH;
}

/* Get or Set of a property. */
static int append_property(sd_bus_message *m, const struct member *member, bool set,
			   struct fuzz_bytes *in)
{
	const char *signature = any_signature(in, member->signature);
	int r = sd_bus_message_append(m, "ss", member->interface, member->name);

	if (!set || r < 0)
		return r;
	if (!arguments_is_one(signature))
		signature = member->signature;
	return arguments_append_variant(m, signature, &(struct arguments){ in, any_text });
}

static int make_call(struct run *run, sd_bus_message **ret)
{
	const struct member *member = &members[fuzz_number(&run->in, 2) % nr_members];
	bool set = member->property && fuzz_below(&run->in, 2);
	int r = sd_bus_message_new_method_call(run->pair.others, ret, NULL, any_path(&run->in),
					       member->property ? PROPERTIES : member->interface,
					       !member->property ? member->name
					       : set             ? "Set"
								 : "Get");

	if (r < 0)
		return r;
	if (member->property)
		return append_property(*ret, member, set, &run->in);
	return arguments_append(*ret, any_signature(&run->in, member->signature),
				&(struct arguments){ &run->in, any_text });
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *e = sd_bus_message_get_error(m);
	struct call *c = userdata;

	claim(!c->answered);
	c->answered = true;
	nr_answered++;
	if (e) {
		claim(e->message && *e->message);
		claim_text(e->message, 2 * ARGUMENTS_TEXT_MAX);
	}
	return 1;
}

static void call(struct run *run)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	struct call *c = &run->calls[run->nr_calls];

	c->client = fuzz_below(&run->in, PAIR_CLIENTS);
	if (run->nr_calls == CALLS_MAX || make_call(run, &m) < 0)
		return;
	claim(sd_bus_message_set_sender(m, pair_client(c->client)) >= 0);
	claim(sd_bus_message_set_allow_interactive_authorization(m, fuzz_below(&run->in, 2)) >= 0);
	claim(sd_bus_call_async(run->pair.others, NULL, m, on_reply, c, UINT64_MAX) >= 0);
	run->nr_calls++;
}

/* Nobody waits for its answers any more. */
static void vanish(struct run *run)
{
	uint32_t client = fuzz_below(&run->in, PAIR_CLIENTS);

	pair_vanish(&run->pair, client);
	for (uint32_t i = 0; i < run->nr_calls; i++)
		if (run->calls[i].client == client)
			run->calls[i].client = PAIR_CLIENTS;
}

/* BPF goes mad. */
static void damage(struct run *run)
{
	struct wd40_shared *shared = (struct wd40_shared *)manager_shared(run->pair.manager);

	if (shared && fuzz_below(&run->in, 4) == 1)
		scribble_anywhere(shared, &run->in);
	else if (shared)
		scribble(shared, TASKS_MAX, &run->in);
}

/* --- Runs. -------------------------------------------------------------------------------------- */

static uint32_t nr_waiting(const struct run *run)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < run->nr_calls; i++)
		n += run->calls[i].client < PAIR_CLIENTS && !run->calls[i].answered;
	return n;
}

static void check_tunables(const struct manager *m)
{
	struct tunable_conflict conflicts[NR_TUNABLE_RULES];
	const struct tunable_set *values = config_values(manager_config(m));
	char why[TUNABLE_WHY_MAX];

	claim(tunable_set_conflicts(values, conflicts) == 0);
	for (int id = 0; id < NR_TUNABLES; id++) {
		struct tunable_value normal = { 0 };

		claim(tunable_normalize(id, &values->values[id], &normal, why) == 0);
		tunable_value_done(id, &normal);
	}
}

static void finish(struct run *run)
{
	uint32_t turns = 0;

	while (nr_waiting(run) && turns++ < TURNS_MAX)
		pair_turn(&run->pair);
	claim(nr_waiting(run) == 0);
	for (turns = 0; turns < TURNS_MAX && pair_turn(&run->pair); turns++)
		;
	claim(turns < TURNS_MAX);
	claim(run->pair.unasked == 0);
	check_tunables(run->pair.manager);
}

static void at_end(void);

/* A machine of two nodes with a CPU each, which is read soon, and on which values can be saved. */
static const struct machine *machine(void)
{
	static struct machine m;

	if (*m.root)
		return &m;
	m = machine_new();
	machine_make(&m, (struct machine_shape){ 2, 1, 1, 1, .only_l3 = true });
	atexit(at_end);
	return &m;
}

static void at_end(void)
{
	struct machine m = *machine();

	machine_done(&m);
	printf("%lu calls were answered\n", nr_answered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .in = { data, data + size } };

	if (!nr_members)
		add_members();
	log_set_level(LOG_EMERG);
	machine_remove(machine(), "etc");
	pair_init(&run.pair, machine()->root);
	for (uint32_t i = 0; i < PAIR_CLIENTS; i++)
		run.pair.uids[i] = i < 2 ? 0 : 1000 + fuzz_below(&run.in, 2);
	run.pair.polkit_answers = (uint32_t)fuzz_number(&run.in, 4);
	while (run.in.at < run.in.end && run.nr_calls < CALLS_MAX) {
		switch (fuzz_below(&run.in, 8)) {
		case 0: vanish(&run); break;
		case 1: pair_turn(&run.pair); break;
		case 2: damage(&run); break;
		default: call(&run); break;
		}
	}
	finish(&run);
	pair_done(&run.pair);
	return 0;
}
