/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wd40ctl and a daemon that answers what it likes. Whatever that is, each verb ends with one of the exit
 * codes, and prints lines of text without a control character: nothing that a terminal would obey.
 *
 * The answers wait in the socket before the verb asks: the client numbers its calls from 1.
 */
#include <getopt.h>
#include <sys/socket.h>

#include "ctl/event.h"
#include "ctl/exit-codes.h"
#include "ctl/request.h"
#include "ctl/verbs.h"
#include "tests/fuzz/arguments.h"
#include "tests/fuzz/claim.h"

#define ANSWERS_MAX 4u
#define OUTPUT_MAX  (1u << 20)
#define TURNS_MAX   100u

/* Command lines, and what they are answered with when all is well. Those that go on for ever are left out. */
static const struct {
	const char *words[6];
	const char *answers[ANSWERS_MAX];
} cases[] = {
	{ { "status" }, { "a{sv}" } },
	{ { "status", "--json" }, { "a{sv}" } },
	{ { "get" }, { "a{sa{sv}}" } },
	{ { "get", "--json" }, { "a{sa{sv}}" } },
	{ { "get", "perf", "interval" }, { "a{sa{sv}}" } },
	{ { "describe" }, { "a{sa{sv}}" } },
	{ { "describe", "perf", "interval" }, { "a{sa{sv}}" } },
	{ { "describe", "--json" }, { "a{sa{sv}}" } },
	{ { "set", "perf=5", "interval=3" }, { "tas" } },
	{ { "set", "perf=5", "--json" }, { "tas" } },
	{ { "set", "perf=5", "--for=5s" }, { "tas" } },
	{ { "confirm" }, { "v", "" } },
	{ { "revert" }, { "v", "" } },
	{ { "reset" }, { "t" } },
	{ { "reset", "perf" }, { "t", "a{sa{sv}}" } },
	{ { "save" }, { "s" } },
	{ { "reload" }, { "" } },
	{ { "attach" }, { "" } },
	{ { "detach" }, { "" } },
	{ { "reattach" }, { "" } },
	{ { "domains" }, { "a{oa{sa{sv}}}" } },
	{ { "domains", "--json" }, { "a{oa{sa{sv}}}" } },
	{ { "stats" }, { "a{sa{sv}}", "a{sv}" } },
	{ { "stats", "--json" }, { "a{sa{sv}}", "a{sv}" } },
	{ { "stats", "--openmetrics" }, { "a{sa{sv}}", "a{sv}" } },
	{ { "reset-statistics" }, { "" } },
	{ { "check" }, { "a(ssus)" } },
	{ { "check", "--json" }, { "a(ssus)" } },
	{ { "dump" }, { "h" } },
	{ { "permissions" }, { "a{ss}" } },
	{ { "permissions", "--json" }, { "a{ss}" } },
};

static const char *const signals[] = { "TunablesChanged", "TunablesReverted",
				       "SchedulerExited", "PropertiesChanged",
				       "InterfacesAdded", "InterfacesRemoved",
				       "Unheard" };
static const char *const signal_types[] = { "tassu",      "ts",  "sxssb", "sa{sv}as",
					    "oa{sa{sv}}", "oas", "v" };

static const char *const words[] = {
	"",
	"State",
	"attached",
	"failed",
	"none",
	"LastExit",
	"Version",
	"Topology",
	"ConfigFiles",
	"PendingReattach",
	"UnsavedTunables",
	"Generation",
	"key",
	"type",
	"current",
	"default",
	"min",
	"max",
	"unit",
	"origin",
	"path",
	"line",
	"uid",
	"caller",
	"reason",
	"reverted",
	"applied",
	"description",
	"scope",
	"machine",
	"node",
	"domain",
	"nodes",
	"domains",
	"bounds",
	"histogram",
	"counter",
	"gauge",
	"label",
	"id",
	"at_us",
	"machine.wait",
	"wait",
	"node.id",
	"domain.load",
	"load",
	"us",
	"percent",
	"perf",
	"PerfLevel",
	"interval",
	"BalanceIntervalUSec",
	"cpumasks",
	"Cpumasks",
	"Id",
	"Node",
	"Cpus",
	"OnlineCpus",
	"BusyPercent",
	"org.scx.Wd40.Domain",
	"yes",
	"challenge",
	"b",
	"u",
	"as",
	"runtime",
};

static const char *any_text(struct fuzz_bytes *in)
{
	return fuzz_below(in, 4) ? FUZZ_ONE_OF(in, words) : arguments_any_raw_text(in);
}

/* --- The daemon. -------------------------------------------------------------------------------- */

static sd_bus *make_end(int fd, bool server)
{
	sd_id128_t id = { 0 };
	sd_bus *bus;

	claim(sd_bus_new(&bus) >= 0);
	claim(sd_bus_set_fd(bus, fd, fd) >= 0);
	claim(sd_bus_negotiate_fds(bus, true) >= 0);
	if (server)
		claim(sd_bus_set_server(bus, 1, id) >= 0);
	claim(sd_bus_start(bus) >= 0);
	return bus;
}

static void connect_both(sd_bus **server, sd_bus **client)
{
	int fds[2];

	claim(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	*server = make_end(fds[0], true);
	*client = make_end(fds[1], false);
	for (uint32_t i = 0; sd_bus_is_ready(*server) <= 0 || sd_bus_is_ready(*client) <= 0; i++) {
		claim(i < TURNS_MAX);
		claim(sd_bus_process(*server, NULL) >= 0 && sd_bus_process(*client, NULL) >= 0);
	}
}

static int append(sd_bus_message *m, const char *types, struct fuzz_bytes *in)
{
	static const char *const others[] = { "",      "s",  "v",     "a{sv}", "as",
					      "a{dv}", "ad", "a(dv)", "tt",    "av" };
	const struct arguments a = { in, any_text };

	return arguments_append(m, fuzz_below(in, 8) ? types : FUZZ_ONE_OF(in, others), &a);
}

static int make_error(sd_bus_message *call, struct fuzz_bytes *in, sd_bus_message **ret)
{
	static const char *const names[] = { "org.scx.Wd40.Error.UnknownTunable",
					     "org.scx.Wd40.Error.Busy",
					     "org.freedesktop.DBus.Error.NoReply",
					     "org.freedesktop.DBus.Error.AccessDenied",
					     "org.scx.Wd40.Error.Unheard" };

	return sd_bus_message_new_method_errorf(call, ret, FUZZ_ONE_OF(in, names), "%s",
						arguments_any_raw_text(in));
}

/* The answer to the call of that number, before it was made. */
static void answer(sd_bus *server, uint64_t number, const char *types, struct fuzz_bytes *in)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
	int r = sd_bus_message_new_method_call(server, &call, NULL, "/", NULL, "Call");

	if (r >= 0)
		r = sd_bus_message_seal(call, number, 0);
	claim(r >= 0);
	if (fuzz_below(in, 16) == 1) {
		r = make_error(call, in, &reply);
	} else {
		r = sd_bus_message_new_method_return(call, &reply);
		if (r >= 0)
			r = append(reply, types, in);
	}
	if (r < 0) {
		reply = sd_bus_message_unref(reply);
		claim(sd_bus_message_new_method_return(call, &reply) >= 0);
	}
	claim(sd_bus_send(server, reply, NULL) >= 0);
}

/* --- What is printed. --------------------------------------------------------------------------- */

static char output[OUTPUT_MAX];

/* Printed are lines, of text. */
static void check_output(size_t size)
{
	claim(size < OUTPUT_MAX && strlen(output) == size);
	for (char *line = output, *end; *line; line = end + 1) {
		end = strchrnul(line, '\n');
		claim(*end);
		*end = '\0';
		claim_text(line, OUTPUT_MAX);
	}
}

static int run_verb(struct client *c, const struct request *q)
{
	FILE *out = stdout, *err = stderr, *f = fmemopen(output, sizeof(output), "w");
	int code;
	long size;

	stdout = stderr = f;
	code = q->verb->run(c, q);
	stdout = out;
	stderr = err;
	fflush(f);
	size = ftell(f);
	fclose(f);
	check_output((size_t)size);
	return code;
}

/* --- Runs. -------------------------------------------------------------------------------------- */

static struct request parse(const char *const *from)
{
	static char *argv[8];
	struct request q;
	int argc = 1;

	argv[0] = (char *)"wd40ctl";
	for (; *from; from++)
		argv[argc++] = (char *)*from;
	argv[argc] = NULL;
	optind = 0; /* glibc: begin anew */
	claim(request_parse(argc, argv, &q) == CTL_OK && q.verb);
	return q;
}

static void check_verb(struct fuzz_bytes *in)
{
	const size_t which = fuzz_below(in, ARRAY_SIZE(cases));
	struct request q = parse(cases[which].words);
	struct client c = { 0 };
	sd_bus *server;
	int code;

	connect_both(&server, &c.bus);
	for (uint32_t i = 0; i < ANSWERS_MAX; i++)
		answer(server, i + 1, cases[which].answers[i] ?: "v", in);
	claim(sd_bus_flush(server) >= 0);
	sd_bus_close_unref(server);
	code = run_verb(&c, &q);
	claim(code >= 0 && code < 128);
	sd_bus_close_unref(c.bus);
}

static void print_event(sd_bus_message *m, const char *name)
{
	_cleanup_(json_putp) json_object *values = NULL, *event = NULL;
	FILE *f = fmemopen(output, sizeof(output), "w");

	if (bus_json_read_all(m, &values) >= 0) {
		event = event_new(name, 1, values);
		event_print(f, event);
	}
	fflush(f);
	check_output((size_t)ftell(f));
	fclose(f);
}

static void check_event(struct fuzz_bytes *in)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	const size_t which = fuzz_below(in, ARRAY_SIZE(signals));
	static sd_bus *server, *client; /* nothing is sent: for all runs */

	if (!server)
		connect_both(&server, &client);
	claim(sd_bus_message_new_signal(server, &m, "/", "a.b", signals[which]) >= 0);
	if (append(m, signal_types[which], in) >= 0 && sd_bus_message_seal(m, 1, 0) >= 0)
		print_event(m, signals[which]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bytes in = { data, data + size };

	if (fuzz_below(&in, 4))
		check_verb(&in);
	else
		check_event(&in);
	return 0;
}
